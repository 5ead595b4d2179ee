"""SuperCollider: a client in one `.scd`, without classes to install."""

from distill_control.client_patches.panel import Panel

_CODE = """// Distill from SuperCollider. Evaluate this whole file, or load it: "distill.scd".load
//
//   ~distill.("gain", -6);                    one message: address without /distill/, then its arguments
//   ~distill.("control/0", 0.5, 2.0);         glides there in 2 seconds
//   ~distill.("source", "corpus");  ~distill.("play");
//   ~distill.("preset/recall", 0, 1.0);
//   ~distillValues["/distill/gain"];          what it is now, whoever moved it
//   ~distillValues["/distill/controls"];      names of the model's controls; control/0 is the first of them
//   ~distillChanged = {{ |address, values| [address, values].postln }};
//   ~distillStop.value;                       no more feedback
(
~distillAddress = NetAddr({host}, {port});
~distillValues = Dictionary.new;
~distillChanged = nil;
~distillKnown = [
{addresses}
];

~distill = {{ |path ... arguments|
    var address = path.asString;
    address = if(address.beginsWith("/"), {{ address }}, {{ "/distill/" ++ address }});
    if(~distillKnown.any {{ |known| (known == address) or: {{ known.endsWith("/") and: {{ address.beginsWith(known) }} }} }}, {{
        ~distillAddress.sendMsg(address, *arguments);
    }}, {{
        "Distill has no address %".format(address).warn;
    }});
}};

~distillListen !? {{ thisProcess.removeOSCRecvFunc(~distillListen) }};
~distillListen = {{ |message, time, sender|
    var address = message[0].asString;
    if(address.beginsWith("/distill/"), {{
        ~distillValues[address] = if(message.size == 2, {{ message[1] }}, {{ message[1..] }});
        if(address == "/distill/error", {{ "Distill: % %".format(message[1], message[2]).warn }});
        ~distillChanged.value(address, message[1..]);
    }});
}};
thisProcess.addOSCRecvFunc(~distillListen);

~distillStop = {{
    ~distill.("unsubscribe");
    thisProcess.removeOSCRecvFunc(~distillListen);
}};

~distill.("subscribe");
)
"""


def literal(text: str) -> str:
    """Return a text as a literal of sclang."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def supercollider_client(panel: Panel) -> str:
    """Return the client's code, with every address of the vocabulary; families end in a slash."""
    from distill_engine.vocabulary import table as vocabulary

    known = ",\n".join(f"    {literal(row.prefix)}" for row in vocabulary.ROWS)
    return _CODE.format(host=literal(panel.host), port=panel.port, addresses=known)
