"""Build the Distill network in TouchDesigner.

Put this text into a Text DAT inside a Base COMP, right-click it, Run Script. It creates, beside itself:

* `distill_values`: a Constant CHOP with one channel per parameter, named as its OSC address. Move these, or export to them.
* `distill_out`: an OSC Out CHOP that sends them to the instrument.
* `distill_send`: an OSC Out DAT for everything else (commands, settings, presets).
* `distill_in` with `distill_callbacks`: an OSC In DAT that receives changes and errors.
* `distill_table`: a Table DAT with the present values, one row per address.
"""

HOST, PORT, LISTEN = "127.0.0.1", 9000, 9002

PARAMETERS = [
    # channel (the OSC address without its first slash), default
    ("distill/gain", 0.0),
    ("distill/width", 0.3),
    ("distill/map/x", 0.0),
    ("distill/map/y", 0.0),
    ("distill/map/amount", 0.0),
    ("distill/source/rate", 0.2),
    ("distill/source/range", 1.0),
    ("distill/source/position", 0.0),
    ("distill/source/speed", 1.0),
    ("distill/source/jitter", 0.0),
    ("distill/source/length", 0.0),
    ("distill/source/loop", 1.0),
    ("distill/source/freeze", 0.0),
    ("distill/source/input_gain", 0.0),
    ("distill/source/tempo", 0.0),
    ("distill/source/gate", 1.0),
    ("distill/source/fade", 0.5),
    ("distill/source/leaps", 0.2),
    ("distill/source/reach", 0.25),
    ("distill/source/grip", 0.5),
    ("distill/source/grain", 0.45),
    ("distill/pitch", 0.0),
    ("distill/note/bend", 0.0),
    ("distill/note/release", 0.3),
    ("distill/note/hold", 0.0),
    ("distill/source/own", 0.0),
    ("distill/codes/rate", 1.0),
    ("distill/codes/position", 0.0),
    ("distill/codes/repeat", 1.0),
    ("distill/prior/temperature", 1.0),
    ("distill/prior/top_p", 0.95),
    ("distill/prior/novelty", 1.0),
    ("distill/prior/rate", 1.0),
    ("distill/prior/radius", 1.0),
    ("distill/prior/hold", 0.0),
    ("distill/space/spread", 0.0),
    ("distill/space/depth", 0.0),
    ("distill/morph", 0.0),
    ("distill/marks/x", 0.0),
    ("distill/marks/y", 0.0),
    ("distill/marks/amount", 0.0),
    ("distill/source/phase", -1.0),
    ("distill/space/azimuth/0", 0.0),
    ("distill/space/elevation/0", 0.0),
    ("distill/space/distance/0", 1.0),
    ("distill/control/0", 0.0),
    ("distill/control/1", 0.0),
    ("distill/control/2", 0.0),
    ("distill/control/3", 0.0),
    ("distill/control/4", 0.0),
    ("distill/control/5", 0.0),
    ("distill/control/6", 0.0),
    ("distill/control/7", 0.0),
    ("distill/latent/0", 0.0),
    ("distill/latent/1", 0.0),
    ("distill/latent/2", 0.0),
    ("distill/latent/3", 0.0),
    ("distill/latent/4", 0.0),
    ("distill/latent/5", 0.0),
    ("distill/latent/6", 0.0),
    ("distill/latent/7", 0.0),
    ("distill/latent/8", 0.0),
    ("distill/latent/9", 0.0),
    ("distill/latent/10", 0.0),
    ("distill/latent/11", 0.0),
    ("distill/latent/12", 0.0),
    ("distill/latent/13", 0.0),
    ("distill/latent/14", 0.0),
    ("distill/latent/15", 0.0),
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
    build(me.parent()).sendOSC("/distill/subscribe", [LISTEN, "numbers"])
