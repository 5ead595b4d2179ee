"""Callbacks of the OSC In DAT `distill_in`: keep `distill_table` up to date, print errors in the textport.

A row of the table is an address and its values. `/distill/controls` lists the model's controls in the order of
their numbers; `/distill/error` holds the last error. `send(address, ...)` sends any message, such as from a button:
    op("distill_callbacks").module.send("/distill/preset/recall", 0, 1.0)
"""


def onReceiveOSC(dat, rowIndex, message, bytes, timeStamp, address, args, peer):
    """Take one message; TouchDesigner calls this for each."""
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
    """Send one message to the instrument: a command, a setting, a preset."""
    op("distill_send").sendOSC(address, list(arguments))
