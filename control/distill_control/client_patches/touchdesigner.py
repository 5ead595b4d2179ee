"""TouchDesigner: a script that builds the network, and callbacks for incoming messages."""

import json

from distill_control.client_patches.panel import Panel

_SETUP = '''"""Build the Distill network in TouchDesigner.

Put this text into a Text DAT inside a Base COMP, right-click it, Run Script. It creates, beside itself:

* `distill_values`: a Constant CHOP with one channel per parameter, named as its OSC address. Move these, or export to them.
* `distill_out`: an OSC Out CHOP that sends them to the instrument.
* `distill_send`: an OSC Out DAT for everything else (commands, settings, presets).
* `distill_in` with `distill_callbacks`: an OSC In DAT that receives changes and errors.
* `distill_table`: a Table DAT with the present values, one row per address.
"""

HOST, PORT, LISTEN = {host}, {port}, {listen}

PARAMETERS = [
    # channel (the OSC address without its first slash), default
{parameters}
]


def build(parent):
    """Create the operators in `parent`; use those that exist already."""
    values = parent.op("distill_values") or parent.create(constantCHOP, "distill_values")
    for index, (channel, default) in enumerate(PARAMETERS):
        name, value = ("const%dname", "const%dvalue") if hasattr(values.par, "const0name") else ("name%d", "value%d")
        setattr(values.par, name % index, channel)
        setattr(values.par, value % index, default)
    out = parent.op("distill_out") or parent.create(oscoutCHOP, "distill_out")
    out.par.netaddress, out.par.port = HOST, PORT
    out.inputConnectors[0].connect(values)
    sender = parent.op("distill_send") or parent.create(oscoutDAT, "distill_send")
    sender.par.address, sender.par.port = HOST, PORT
    table = parent.op("distill_table") or parent.create(tableDAT, "distill_table")
    table.clear()
    incoming = parent.op("distill_in") or parent.create(oscinDAT, "distill_in")
    incoming.par.port = LISTEN
    callbacks = parent.op("distill_callbacks")
    if callbacks:
        incoming.par.callbacks = callbacks
    return sender


if "me" in globals():
    build(me.parent()).sendOSC("/distill/subscribe", {subscribe})
'''

_CALLBACKS = '''"""Callbacks of the OSC In DAT `distill_in`: keep `distill_table` up to date, print errors in the textport.

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
'''


def literal(text: str | int | float) -> str:
    """Return a text or number as a Python literal, whatever it holds."""
    return json.dumps(text)


def setup_script(panel: Panel) -> str:
    """Return `distill_setup.py`."""
    parameters = "\n".join(f"    ({literal(fader.address[1:])}, {fader.default})," for fader in panel.faders)
    subscribe = "[" + ", ".join(["LISTEN", *(literal(word) for word in panel.subscribe.arguments[1:])]) + "]"
    return _SETUP.format(
        host=literal(panel.host), port=panel.port, listen=panel.listen, parameters=parameters, subscribe=subscribe
    )


def callbacks_script() -> str:
    """Return `distill_callbacks.py`."""
    return _CALLBACKS
