"""MIDI maps of three common controllers at their factory settings."""

from dataclasses import dataclass

from distill_control.client_patches.panel import Panel
from distill_control.client_patches.toml_values import toml_value
from distill_engine.system.names import printable_line


@dataclass(frozen=True)
class Layout:
    """The controls of a MIDI controller at its factory settings.

    Attributes:
        name: maker and product.
        port: part of the name of its MIDI port.
        about: one line for the head of the map: which controls do what.
        knobs, more_knobs, last_knobs: CC numbers of up to three rows of knobs.
        faders: CC numbers of the faders.
        master: CC number of the master fader, if there is one.
        presets, play, stop, panic: buttons, such as "note 1" or "cc 32".
    """

    name: str
    port: str
    about: str
    knobs: tuple[int, ...]
    more_knobs: tuple[int, ...]
    last_knobs: tuple[int, ...]
    faders: tuple[int, ...]
    master: int | None
    presets: tuple[str, ...]
    play: str
    stop: str
    panic: str


MIDIMIX = Layout(
    "Akai MIDImix",
    "MIDI Mix",
    "Knobs 1 to 3 per column, faders, master; MUTE 1 to 8 recall presets, REC ARM 1, 2 and 3 play, stop and panic",
    knobs=(16, 20, 24, 28, 46, 50, 54, 58),
    more_knobs=(17, 21, 25, 29, 47, 51, 55, 59),
    last_knobs=(18, 22, 26, 30, 48, 52, 56, 60),
    faders=(19, 23, 27, 31, 49, 53, 57, 61),
    master=62,
    presets=tuple(f"note {n}" for n in (1, 4, 7, 10, 13, 16, 19, 22)),
    play="note 3",
    stop="note 6",
    panic="note 9",
)
NANOKONTROL2 = Layout(
    "Korg nanoKONTROL2",
    "nanoKONTROL2",
    "In CC mode (hold SET and CYCLE while plugging in). S buttons recall presets, PLAY and STOP do so, REC is panic",
    knobs=(16, 17, 18, 19, 20, 21, 22, 23),
    more_knobs=(),
    last_knobs=(),
    faders=(0, 1, 2, 3, 4, 5, 6, 7),
    master=None,
    presets=tuple(f"cc {n}" for n in range(32, 40)),
    play="cc 41",
    stop="cc 42",
    panic="cc 45",
)
LAUNCH_CONTROL_XL = Layout(
    "Novation Launch Control XL",
    "Launch Control XL",
    "Any template with factory numbers (Factory 1 sends on channel 9, User 1 on 1). TRACK FOCUS recalls presets,"
    " TRACK CONTROL 1, 2 and 3 play, stop and panic",
    knobs=(13, 14, 15, 16, 17, 18, 19, 20),
    more_knobs=(29, 30, 31, 32, 33, 34, 35, 36),
    last_knobs=(49, 50, 51, 52, 53, 54, 55, 56),
    faders=(77, 78, 79, 80, 81, 82, 83, 84),
    master=None,
    presets=tuple(f"note {n}" for n in (41, 42, 43, 44, 57, 58, 59, 60)),
    play="note 73",
    stop="note 74",
    panic="note 75",
)
LAYOUTS: dict[str, Layout] = {
    "akai-midimix": MIDIMIX,
    "korg-nanokontrol2": NANOKONTROL2,
    "novation-launch-control-xl": LAUNCH_CONTROL_XL,
}

_SOURCE_PARAMETERS = ("rate", "range", "position", "speed", "jitter")


def midi_map(layout: Layout, panel: Panel) -> str:
    """Return a map as TOML.

    The first knobs move controls, the faders latent dimensions, the second knobs the source and the
    point on the corpus map.
    """
    head = [
        f"# {printable_line(f'{layout.name}: {layout.about}')}.",
        "# Built in. To change it, copy it into the library's `maps` folder, or give it with `distill-engine --map FILE`.",
        f"name = {toml_value(layout.name)}",
        f"port = {toml_value(layout.port)}",
        'takeover = "pickup"             # none, pickup, scaling',
        "glide = 0.02                    # seconds",
        "notes = false                   # its buttons are no keys",
    ]
    controls = [fader.address for fader in panel.control_faders][:8]
    latents = [fader.address for fader in panel.latent_faders]
    middle = [
        "/distill/width",
        *(f"/distill/source/{name}" for name in _SOURCE_PARAMETERS),
        "/distill/map/x",
        "/distill/map/y",
    ]
    rows = [("knobs", layout.knobs, controls)]
    if layout.more_knobs:
        rows += [("second knobs", layout.more_knobs, middle), ("third knobs", layout.last_knobs, latents[8:16])]
        rows.append(("faders", layout.faders, latents[:8]))
    else:
        rows.append(("faders", layout.faders, ["/distill/gain", *middle[:1], *middle[3:5], *latents[:4]]))
    blocks = ["\n".join(head)]
    for title, numbers, targets in rows:
        pairs = list(zip(numbers, targets, strict=False))
        blocks += [
            _bind(f"cc {number}", target, title if not index else "") for index, (number, target) in enumerate(pairs)
        ]
    if layout.master is not None:
        blocks.append(
            _bind(f"cc {layout.master}", "/distill/gain", "master fader", f"range = {toml_value([-60.0, 6.0])}")
        )
    for number, control in enumerate(layout.presets):
        recall = ('action = "trigger"', f"arguments = {toml_value([number, 1.0])}")
        blocks.append(_bind(control, "/distill/preset/recall", "presets" if not number else "", *recall))
    for control, command in ((layout.play, "play"), (layout.stop, "stop"), (layout.panic, "panic")):
        blocks.append(_bind(control, f"/distill/{command}", "", 'action = "trigger"'))
    return "\n\n".join(blocks) + "\n"


def _bind(control: str, target: str, title: str, *lines: str) -> str:
    """Return one binding as TOML, under a comment where `title` is not empty."""
    head = [f"# {title}"] if title else []
    return "\n".join([*head, "[[bind]]", f"control = {toml_value(control)}", f"target = {toml_value(target)}", *lines])
