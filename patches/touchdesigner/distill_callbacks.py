"""Callbacks of the OSC In DAT `distill_in`: keeps `distill_table` up to date.

Table: address, then its values. `send(address, ...)` sends anything else, for instance from a button:
    op("distill_callbacks").module.send("/distill/preset/recall", 0, 1.0)
"""

HOST, PORT = "127.0.0.1", 9000


def onReceiveOSC(dat, rowIndex, message, bytes, timeStamp, address, args, peer):
    """Called by TouchDesigner for every message."""
    if not address.startswith("/distill/"):
        return
    table = dat.parent().op("distill_table")
    row = [address] + list(args)
    if table.row(address):
        table.replaceRow(address, row)
    else:
        table.appendRow(row)


def send(address, *arguments):
    """Sends one message to the instrument: commands, settings, presets."""
    op("distill_in").sendOSC(address, list(arguments))
