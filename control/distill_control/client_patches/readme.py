"""The few lines that go with each patch."""

from distill_control.client_patches.panel import Panel

_ALL = """# Patches

Clients that play a running `distill-engine`, all generated from the vocabulary. With your own model's control names on
the faders: `distill patches FOLDER --model MODEL` (other ports: `--port`, `--listen`).

| folder | for |
|---|---|
| `max` | Max 8 and later |
| `puredata` | Pure Data vanilla 0.51 and later |
| `supercollider` | SuperCollider, without classes to install |
| `touchdesigner` | TouchDesigner, by script or by OSCQuery |
| `touchosc` | TouchOSC (2021 and later) |
| `open-stage-control` | Open Stage Control |
| `midi` | MIDI maps of three controllers |

Each sends to {host} port {port} and is told about changes at port {listen}. From another computer or a phone, start the
engine with `--bind 0.0.0.0 --allow ADDRESS` and put its address into the patch. Controls are there by number
(`/distill/control/0` is the model's first): `/distill/subscribe {listen} numbers` has changes told that way, and
`/distill/controls` tells the model's names. What the instrument refuses is told at the port subscribed, too.
"""

_EACH = {
    "max": """# Max/MSP

Open `distill.maxpat` while `distill-engine` plays. It connects by itself (the button **connect** does so again) and then
shows what others move, too. Faders are sent at once; **save as** keeps the present state as a preset, the preset buttons
glide to it in one second. Messages that have no object here go into any `prepend` in front of `udpsend {host} {port}`.
What is refused stands under **refused** and in the console; the numbered faders are labelled with the model's names.
""",
    "puredata": """# Pure Data

Open `distill.pd` (vanilla, no externals) while `distill-engine` plays. It connects by itself. From other patches,
`[s distill-gain]` moves a fader and `[r distill-gain-shown]` tells what it is; `[s distill-out]` sends any list made by
`[oscformat]` and `[list prepend send]`. Errors, status and lists are printed to the console, the last refusal stands below the
faders; the numbered faders are labelled with the model's names. It runs without a window: `pd -nogui -noaudio -stderr distill.pd`.
""",
    "supercollider": """# SuperCollider

`"distill.scd".load`, or evaluate the file. Then `~distill.("gain", -6)`, `~distill.("control/0", 0.5, 2.0)` (glides for
two seconds), `~distill.("preset/recall", 0)`. `~distillValues["/distill/gain"]` is the present value;
`~distillChanged = {{ |address, values| ... }}` is called for every change. Wrong addresses and refusals post a warning.
""",
    "touchdesigner": """# TouchDesigner

1. Make a Base COMP, and inside it two Text DATs: `distill_callbacks` with the text of `distill_callbacks.py`, and
   `distill_setup` with that of `distill_setup.py`.
2. Right-click `distill_setup`, **Run Script**. It makes `distill_values` (a Constant CHOP, one channel per parameter),
   `distill_out` (OSC Out CHOP to {host} port {port}), `distill_send` (OSC Out DAT), `distill_in` (OSC In DAT, port {listen}) and
   `distill_table`.
3. Move the channels of `distill_values`, or put any CHOP whose channels are named like `distill/control/0` into `distill_out`.
4. `distill_table` holds the present values, the names of the controls and the last error (also in the textport); settings and
   commands go by `op("distill_callbacks").module.send("/distill/source", "corpus")`.

By OSCQuery instead: an **OSCQuery**-aware component (Palette, TDAbleton or Chataigne's bridge) pointed at
`http://{host}:{query_port}` lists every parameter with its range, unit and the loaded model's control names; in a Text DAT,
`requests.get("http://{host}:{query_port}").json()` gives the same tree.
""",
    "touchosc": """# TouchOSC

Open `distill.tosc` in the TouchOSC editor or send it to the tablet. **Connections > OSC**: connection 1, UDP, host = the
computer with the engine (started with `--bind 0.0.0.0 --allow` and the tablet's address), send port {port}, receive port
{listen}. Press **connect** once: from then on the faders follow what others move.
""",
    "open-stage-control": """# Open Stage Control

Start it with `--send {host}:{port} --osc-port {listen} --load distill.json`. Feedback: `distill send {subscribe}`
once. What is refused stands under **refused**.
""",
    "midi": """# MIDI maps

These three controllers, at their factory settings, play as soon as they are plugged in: the maps are built in. To change
one, copy it into the `maps` folder of the library (taken whenever a port of its name is plugged in), or give it with
`distill-engine --map FILE`. A map is reloaded when it is saved; learning (`/distill/midi/learn ADDRESS`, then move a control)
adds to it, or starts one for a controller that has none.

| key | |
|---|---|
| `control` | `cc 16`, `cc14 1`, `nrpn 257`, `bend`, `pressure`, `note 60`, `note *` |
| `target` | any parameter, setting or command of the vocabulary |
| `action` | `absolute`, `relative` (endless encoders; `encoding` twos, offset, sign), `gate`, `toggle`, `trigger` |
| `range`, `curve`, `invert` | `[low, high]`; linear, exponential, logarithmic, s; true |
| `takeover` | `none`, `pickup` (crossing takes hold), `scaling` |
| `glide`, `channel`, `feedback` | seconds; 1 to 16; false shows nothing on the controller |
| `velocity`, `arguments`, `release` | true: how hard is how high; what goes with a command; what a gate sends when let go |

Above the bindings: `name`, `port`, `output`, `channel`, `takeover`, `glide`, `clock`, `transport`, `programs`,
`preset_glide`, `feedback`. Program changes recall presets by number (with bank select beyond 128), clock sets the sources' tempo,
start and stop play and stop; CC 120 and 123 are panic, CC 121 resets.
""",
}


def readmes(panel: Panel) -> dict[str, str]:
    """README.md of the whole folder and of each patch."""
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
