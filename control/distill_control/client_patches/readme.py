"""Write README.md of the folder of patches and of each patch."""

from distill_control.client_patches.panel import Panel

_ALL = """# Patches

Clients that play a running `distill-engine`, all generated from the table of addresses. To get them with the control names
of your own model:

    distill patches FOLDER --model MODEL

| folder | for |
|---|---|
| `max` | Max 8 and later |
| `puredata` | Pure Data vanilla 0.51 and later |
| `supercollider` | SuperCollider, without classes to install |
| `touchdesigner` | TouchDesigner, by script or by OSCQuery |
| `touchosc` | TouchOSC (2021 and later) |
| `open-stage-control` | Open Stage Control |
| `midi` | MIDI maps of three controllers |

Every client sends to {host}, port {port}, and receives changes at port {listen}. `--port` and `--listen` write other
ports, `--host` another computer.

**From another computer or a tablet.** Start the engine with `--bind 0.0.0.0 --allow ADDRESS`, where ADDRESS is that of
the client, and put the address of the engine's computer into the client.

**Controls by number.** These patches fit every model: `/distill/control/0` is the first control of the model that plays.
`/distill/subscribe {listen} numbers` asks for changes by number; `/distill/controls` brings the names.

**Rejected messages.** The engine answers with `/distill/error`, the address and the reason. The patches show it.
"""

_EACH = {
    "max": """# Max

Start `distill-engine`, then open `distill.maxpat`. It connects by itself; the button **connect** does so again.

- Faders act at once, and follow what other clients move.
- The preset buttons glide to a preset in one second. **save as** keeps the present state as a preset.
- The numbered faders take the names of the model's controls.
- **refused** shows the last message that the engine rejected, with the reason. The console lists all.

To send anything else, put a `prepend ADDRESS` in front of `udpsend {host} {port}`.
""",
    "puredata": """# Pure Data

Start `distill-engine`, then open `distill.pd` (vanilla, no externals). It connects by itself.

- Faders act at once, and follow what other clients move.
- The numbered faders take the names of the model's controls.
- The line at the bottom shows the last message that the engine rejected, with the reason.
- Errors, status and lists are printed to the console.

From other patches:

| object | what it does |
|---|---|
| `[s distill-gain]` | moves a fader |
| `[r distill-gain-shown]` | outputs its value, whoever moved it |
| `[s distill-out]` | sends a list made by `[oscformat]` and `[list prepend send]` |

Without a window: `pd -nogui -noaudio -stderr distill.pd`.
""",
    "supercollider": """# SuperCollider

Start `distill-engine`, then evaluate `distill.scd`, or load it: `"distill.scd".load`.

| expression | what it does |
|---|---|
| `~distill.("gain", -6)` | sends one message |
| `~distill.("control/0", 0.5, 2.0)` | glides there in two seconds |
| `~distill.("preset/recall", 0)` | recalls the first preset |
| `~distillValues["/distill/gain"]` | is the present value |
| `~distillChanged = {{ arg address, values; ... }}` | is called at every change |

A wrong address posts a warning, and so does a message that the engine rejects.
""",
    "touchdesigner": """# TouchDesigner

1. Start `distill-engine`.
2. Make a Base COMP. Inside it make two Text DATs: `distill_callbacks` with the text of `distill_callbacks.py`, and
   `distill_setup` with the text of `distill_setup.py`.
3. Right-click `distill_setup` and choose **Run Script**. It makes these operators:

| operator | what it does |
|---|---|
| `distill_values` | Constant CHOP with one channel for each parameter |
| `distill_out` | OSC Out CHOP: sends the channels to {host}, port {port} |
| `distill_send` | OSC Out DAT: sends settings and commands |
| `distill_in` | OSC In DAT: receives changes at port {listen} |
| `distill_table` | Table DAT: present values, names of the controls, the last error |

Move the channels of `distill_values`, or put any CHOP whose channels are named like `distill/control/0` into
`distill_out`. Settings and commands go by `op("distill_callbacks").module.send("/distill/source", "corpus")`. Messages that
the engine rejects are printed to the textport.

**By OSCQuery.** `http://{host}:{query_port}` describes every parameter with its range, its unit and the control names of the
loaded model. Point a component that reads OSCQuery to it, or read it in a script:
`requests.get("http://{host}:{query_port}").json()`.
""",
    "touchosc": """# TouchOSC

1. Start the engine for your tablet: `distill-engine --bind 0.0.0.0 --allow ADDRESS` with the address of the tablet.
2. Open `distill.tosc` in the TouchOSC editor, or send it to the tablet.
3. In **Connections > OSC** set connection 1 to UDP, host = the computer with the engine, send port {port}, receive port
   {listen}.
4. Press **connect** once. From then on the faders follow what others move.
""",
    "open-stage-control": """# Open Stage Control

1. Start `distill-engine`.
2. Start Open Stage Control with `--send {host}:{port} --osc-port {listen} --load distill.json`.
3. Run `distill send {subscribe}` once, so that the widgets follow what others move.

**refused** shows the last message that the engine rejected, with the reason.
""",
    "midi": """# MIDI maps

These three controllers play at their factory settings as soon as they are plugged in. Their maps are built in.

To change a map, copy it into the folder `maps` of the library. There it is used whenever a port of its name is plugged
in. Or give it with `distill-engine --map FILE`. The engine reads a map again whenever it is saved.

To learn a control: `distill send /distill/midi/learn ADDRESS`, then move the control. The engine adds it to the map of
that controller, or begins a map for it.

| key of a binding | values |
|---|---|
| `control` | `cc 16`, `cc14 1` (14 bit), `nrpn 257`, `bend`, `pressure`, `note 60`, `note *` |
| `target` | any parameter, setting or command |
| `action` | `absolute`, `relative` (endless encoders; `encoding` twos, offset, sign), `gate`, `toggle`, `trigger` |
| `range`, `curve`, `invert` | `[low, high]`; linear, exponential, logarithmic, s; true |
| `takeover` | `none`, `pickup` (acts once it has passed the present value), `scaling` (approaches it) |
| `glide`, `channel`, `feedback` | seconds; 1 to 16; false shows nothing on the controller |
| `velocity` | true: a harder key is a higher value |
| `arguments`, `release` | what goes with a command; what a gate sends when it closes |

Above the bindings: `name`, `port`, `output`, `channel`, `takeover`, `glide`, `clock`, `transport`, `programs`,
`preset_glide`, `feedback`.

Program changes recall presets by number, with bank select beyond 128. A clock sets the tempo of the sources. Start and
stop play and stop. CC 120 and 123 are panic, CC 121 resets pitch bend, pressure and pick-up.
""",
}


def readmes(panel: Panel) -> dict[str, str]:
    """Return README.md of the whole folder and of each patch, by path."""
    subscribe = " ".join([panel.subscribe.address, *(str(argument) for argument in panel.subscribe.arguments)])
    places = {
        "subscribe": subscribe,
        "host": panel.host,
        "port": panel.port,
        "listen": panel.listen,
        "query_port": panel.query_port,
    }
    each = {f"{folder}/README.md": text.format(**places) for folder, text in _EACH.items()}
    return {"README.md": _ALL.format(**places), **each}
