"""Callbacks of the OSC In DAT `distill_in`: keeps `distill_table` up to date, and says in the textport what was refused.

Table: address, then its values (`/distill/controls` names the model's controls in the order of their numbers; `/distill/error` is
the last refusal). `send(address, ...)` sends anything else, for instance from a button:
    op("distill_callbacks").module.send("/distill/preset/recall", 0, 1.0)
"""


def onReceiveOSC(dat, rowIndex, message, bytes, timeStamp, address, args, peer):
    """Called by TouchDesigner for every message."""
    if not address.startswith("/distill/"):
        return
    if address == "/distill/error":
        print("Distill:", *args)
    table = dat.parent().op("distill_table")
    row = [address] + list(args)
    if table.row(address):
        table.replaceRow(address, row)
    else:
        table.appendRow(row)


def send(address, *arguments):
    """Sends one message to the instrument: commands, settings, presets."""
    op("distill_send").sendOSC(address, list(arguments))
