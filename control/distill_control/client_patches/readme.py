"""Write README.md of the folder of patches and of each patch."""

from distill_control.client_patches.panel import Panel

_ALL = """# Patches

Clients that steer a running `distill-engine`. Distill generates them from its table of addresses. This command writes them
with the control names of your own model:

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

Every client sends to {host}, port {port}, and receives changes at port {listen}. The options `--port`, `--listen` and
`--host` of `distill patches` change these.

**From another computer or a tablet.** Start the engine with `--bind 0.0.0.0 --allow ADDRESS`. ADDRESS is the address of the
client. In the client, enter the address of the engine's computer.

**Controls by number.** These patches fit every model: `/distill/control/0` is the first control of the model that plays.
After `/distill/subscribe {listen} numbers` the engine sends changes by number. `/distill/controls` asks for the names.

**Rejected messages.** The engine answers a wrong message with `/distill/error`, the address and the reason. The patches
show the answer.
"""

_EACH = {
    "max": """# Max

Start `distill-engine`, then open `distill.maxpat`. It connects by itself. Press **connect** to connect again, for example
after a restart of the engine.

- Faders act at once. When another client moves a parameter, its fader follows.
- The preset buttons glide to a preset in one second. **save as** stores the present state as a preset.
- The numbered faders take the names of the model's controls.
- **refused** shows the last message that the engine rejected, with the reason. The console lists all.

To send anything else, put a `prepend ADDRESS` in front of `udpsend {host} {port}`.
""",
    "puredata": """# Pure Data

Start `distill-engine`, then open `distill.pd` (vanilla, no externals). It connects by itself.

- Faders act at once. When another client moves a parameter, its fader follows.
- The numbered faders take the names of the model's controls.
- The line at the bottom shows the last message that the engine rejected, with the reason.
- The console shows errors, status and lists.

From other patches:

| object | what it does |
|---|---|
| `[s distill-gain]` | moves a fader |
| `[r distill-gain-shown]` | outputs every change of its value, from any client |
| `[s distill-out]` | sends a list made by `[oscformat]` and `[list prepend send]` |

Without a window: `pd -nogui -noaudio -stderr distill.pd`.
""",
    "supercollider": """# SuperCollider

Start `distill-engine`, then evaluate `distill.scd`, or load it with `"distill.scd".load`.

| expression | what it does |
|---|---|
| `~distill.("gain", -6)` | sends one message |
| `~distill.("control/0", 0.5, 2.0)` | glides there in two seconds |
| `~distill.("preset/recall", 0)` | recalls the first preset |
| `~distillValues["/distill/gain"]` | returns the present value |
| `~distillChanged = {{ arg address, values; ... }}` | sets a function that every change calls |

Wrong addresses and rejected messages post a warning.
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
`distill_out`. Send settings and commands with `op("distill_callbacks").module.send("/distill/source", "corpus")`. The textport
shows messages that the engine rejects.

**By OSCQuery.** `http://{host}:{query_port}` describes every parameter with its range, its unit and the control names of the
loaded model. Enter this address in a component that reads OSCQuery, or read it in a script:
`requests.get("http://{host}:{query_port}").json()`.
""",
    "touchosc": """# TouchOSC

1. Start the engine with `distill-engine --bind 0.0.0.0 --allow ADDRESS`. ADDRESS is the address of the tablet.
2. Open `distill.tosc` in the TouchOSC editor, or send it to the tablet.
3. In **Connections > OSC** set connection 1 to UDP, host = the computer with the engine, send port {port}, receive port
   {listen}.
4. Press **connect** once. From then on the faders follow the changes of other clients.
""",
    "open-stage-control": """# Open Stage Control

1. Start `distill-engine`.
2. Start Open Stage Control with `--send {host}:{port} --osc-port {listen} --load distill.json`.
3. Run `distill send {subscribe}` once. From then on the widgets follow the changes of other clients.

**refused** shows the last message that the engine rejected, with the reason.
""",
    "midi": """# MIDI maps

Distill has maps for three controllers at their factory settings. Plug one of these in, and it plays.

To change a map, copy it into the folder `maps` of the library. The engine uses it for every port of that name. Or give it
with `distill-engine --map FILE`. Save the file, and the engine reads it again.

To learn a control, run `distill send /distill/midi/learn ADDRESS` and move the control. The engine adds it to the map of
that controller, or starts a map for it.

| key of a binding | values |
|---|---|
| `control` | `cc 16`, `cc14 1` (14 bit), `nrpn 257`, `bend`, `pressure`, `note 60`, `note *` |
| `target` | any parameter, setting or command |
| `action` | `absolute`, `relative` (for endless encoders; `encoding`: twos, offset or sign), `gate`, `toggle`, `trigger` |
| `range`, `curve`, `invert` | `[low, high]`; linear, exponential, logarithmic, s; true |
| `takeover` | `none`, `pickup` (acts once it has passed the present value), `scaling` (approaches it) |
| `glide` | seconds |
| `channel` | 1 to 16 |
| `feedback` | false: the controller's lights and motors do not follow |
| `velocity` | true: the harder the key, the higher the value |
| `arguments` | the arguments of a command |
| `release` | the value that a gate sends when it closes |

These keys hold for the whole map and stand above the bindings: `name`, `port`, `output`, `channel`, `takeover`, `glide`,
`clock`, `transport`, `programs`, `preset_glide`, `notes`, `feedback`.

Keys that no binding names play notes; the pitch wheel bends them by up to 2 semitones, and the sustain pedal holds
them. `notes = false` turns that off.

A program change recalls the preset of that number; bank select reaches presets beyond 128. A MIDI clock sets the tempo of
the sources. MIDI start and stop play and stop. CC 120 and 123 are panic. CC 121 resets pitch bend, pressure and pick-up.
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
