"""Max/MSP: one `.maxpat` that opens in presentation mode. Positions and sizes are in pixels."""

import json
from dataclasses import dataclass, field
from typing import Any

from distill_control.client_patches.panel import POLL_MS, Button, Fader, Gauge, Menu, Panel

_COLUMN_PIXELS, _ROW_PIXELS = 320, 26  # distances of faders, across and down


@dataclass
class _Patcher:
    """The boxes and cords of a patcher that is being built.

    `sender` is the id of the object that sends to the engine, `router` that of the object whose
    outlets give what the engine sends.
    """

    boxes: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    sender: str = ""
    router: str = ""

    def box(self, maxclass: str, rect: tuple[float, float, float, float], **attributes: Any) -> str:
        """Add a box at `rect` (x, y, width, height); return its id."""
        name = f"obj-{len(self.boxes) + 1}"
        ports = {"numinlets": 1, "numoutlets": 1, "outlettype": [""]}
        box = {"id": name, "maxclass": maxclass, "patching_rect": list(rect), **ports, **attributes}
        self.boxes.append({"box": box})
        return name

    def object(self, text: str, x: float, y: float, outlets: int = 1) -> str:
        """Add an object box with this text; return its id."""
        return self.box("newobj", (x, y, 180, 22), text=text, numoutlets=outlets, outlettype=[""] * outlets)

    def shown(self, maxclass: str, rect: tuple[float, float, float, float], **attributes: Any) -> str:
        """Add a box that presentation mode shows; return its id."""
        return self.box(maxclass, rect, presentation=1, presentation_rect=list(rect), **attributes)

    def label(self, text: str, x: float, y: float, width: float = 130) -> str:
        """Add a line of text that presentation mode shows; return its id."""
        return self.shown("comment", (x, y, width, 20), text=text, numoutlets=0, outlettype=[])

    def join(self, source: str, outlet: int, target: str, inlet: int = 0) -> None:
        """Connect an outlet of `source` with an inlet of `target`."""
        self.lines.append({"patchline": {"source": [source, outlet], "destination": [target, inlet]}})


def max_patch(panel: Panel) -> str:
    """Return the patcher as JSON.

    Values that arrive are `set` on their objects and not sent back.
    """
    patcher = _Patcher()
    patcher.label("DISTILL", 20, 10)
    patcher.sender = patcher.object(f"udpsend {panel.host} {panel.port}", 20, 2200, 0)
    receiver = patcher.object(f"udpreceive {panel.listen}", 700, 2100)
    addresses = [item.address for item in panel.items]
    others = ["/distill/level", "/distill/error", "/distill/controls"]
    router = patcher.router = patcher.object("route " + " ".join([*addresses, *others]), 700, 2140, len(addresses) + 4)
    patcher.join(receiver, 0, router)
    _buttons(patcher, panel)
    for index, menu in enumerate(panel.menus):
        _menu(patcher, menu, 20 + index * 160, 130, addresses.index(menu.address))
    columns = (panel.common_faders, panel.control_faders, panel.latent_faders)
    labels: dict[str, str] = {}
    for column, faders in enumerate(columns):
        for row, fader in enumerate(faders):
            position = (20 + column * _COLUMN_PIXELS, 200 + row * _ROW_PIXELS)
            labels[fader.address] = _fader(patcher, fader, position, addresses.index(fader.address))
    _level(patcher, len(addresses))
    for index, gauge in enumerate(panel.gauges):
        _gauge(patcher, gauge, 670 + index * 90, addresses.index(gauge.address))
    for index, gauge in enumerate(panel.polled):
        _poll(patcher, gauge, 700 + index * 200)
    _errors(patcher, len(addresses) + 1)
    if panel.numbered:
        _names(patcher, [labels[fader.address] for fader in panel.control_faders], len(addresses) + 2)
    console = patcher.object("print distill", 700, 2180, 0)
    patcher.join(router, len(addresses) + 3, console)
    return json.dumps({"patcher": _header() | {"boxes": patcher.boxes, "lines": patcher.lines}}, indent=1) + "\n"


def _header() -> dict[str, Any]:
    return {
        "fileversion": 1,
        "appversion": {"major": 8, "minor": 5, "revision": 0, "architecture": "x64", "modernui": 1},
        "classnamespace": "box",
        "rect": [60, 80, 1160, 760],
        "openinpresentation": 1,
        "default_fontsize": 12.0,
        "default_fontname": "Arial",
        "gridsize": [15.0, 15.0],
    }


def _buttons(patcher: _Patcher, panel: Panel) -> None:
    """Add the buttons, the field that saves a preset, and the subscription at the start."""
    start = patcher.object("loadbang", 20, 1900)
    delay = patcher.object("delay 300", 20, 1930)
    patcher.join(start, 0, delay)
    for index, button in enumerate((panel.subscribe, panel.status, *panel.commands)):
        box = _message(patcher, button, 20 + index * 130, 40, 120)
        if button == panel.subscribe:
            patcher.join(delay, 0, box)
    for index, button in enumerate(panel.recalls):
        _message(patcher, button, 20 + index * 118, 70, 112)
    patcher.label("save as (type, return):", 20, 100, 150)
    text = patcher.shown("textedit", (170, 100, 160, 22), keymode=1, numoutlets=4, outlettype=["", "int", "", ""])
    strip = patcher.object("route text", 400, 1960, 2)
    save = patcher.object("prepend /distill/preset/save", 400, 1990)
    patcher.join(text, 0, strip)
    patcher.join(strip, 0, save)
    patcher.join(save, 0, patcher.sender)


def _message(patcher: _Patcher, button: Button, x: float, y: float, width: float) -> str:
    """Add a button and the message that it sends; return the message's id."""
    text = " ".join([button.address, *(str(argument) for argument in button.arguments)])
    shown = patcher.shown("textbutton", (x, y, width, 24), text=button.label, numoutlets=3, outlettype=["", "", "int"])
    box = patcher.box("message", (x, y + 1700, 220, 22), text=text, numinlets=2)
    patcher.join(shown, 0, box)
    patcher.join(box, 0, patcher.sender)
    return box


def _menu(patcher: _Patcher, menu: Menu, x: float, y: float, outlet: int) -> None:
    """Add a menu; `outlet` of the router gives its value."""
    patcher.label(menu.label, x, y)
    items: list[str] = [item for choice in menu.choices for item in (choice, ",")][:-1]
    box = patcher.shown(
        "umenu", (x, y + 22, 140, 22), items=items, numoutlets=3, outlettype=["int", "", ""], parameter_enable=0
    )
    send = patcher.object(f"prepend {menu.address}", x, y + 1950)
    shown = patcher.object("prepend setsymbol", x, y + 2000)
    patcher.join(box, 1, send)
    patcher.join(send, 0, patcher.sender)
    patcher.join(patcher.router, outlet, shown)
    patcher.join(shown, 0, box)


def _fader(patcher: _Patcher, fader: Fader, position: tuple[float, float], outlet: int) -> str:
    """Add a fader with its number, or a toggle; `outlet` of the router gives its value.

    Return the label's id.
    """
    x, y = position
    label = patcher.label(fader.label, x, y, 110)
    hidden = (x + 1000, y)
    send = patcher.object(f"prepend {fader.address}", *hidden)
    shown = patcher.object("prepend set", hidden[0] + 190, y)
    if fader.toggle:
        box = patcher.shown("toggle", (x + 112, y, 22, 22), outlettype=["int"])
    else:
        box = patcher.shown(
            "slider",
            (x + 112, y, 120, 20),
            floatoutput=1,
            min=fader.minimum,
            size=fader.maximum - fader.minimum,
            orientation=1,
        )
        number = patcher.shown(
            "flonum",
            (x + 236, y, 64, 22),
            minimum=fader.minimum,
            maximum=fader.maximum,
            numoutlets=2,
            outlettype=["", "bang"],
        )
        patcher.join(box, 0, number)
        patcher.join(shown, 0, number)
    patcher.join(box, 0, send)
    patcher.join(send, 0, patcher.sender)
    patcher.join(patcher.router, outlet, shown)
    patcher.join(shown, 0, box)
    return label


def _gauge(patcher: _Patcher, gauge: Gauge, x: float, outlet: int) -> None:
    """Add a number that only shows a reading."""
    patcher.label(gauge.label, x, 130, 80)
    box = patcher.shown("flonum", (x, 152, 64, 22), numoutlets=2, outlettype=["", "bang"])
    patcher.join(patcher.router, outlet, box)


def _poll(patcher: _Patcher, gauge: Gauge, x: float) -> None:
    """Ask for a gauge's value at regular intervals."""
    start = patcher.object("loadbang", x, 1900)
    on = patcher.box("message", (x, 1930, 40, 22), text="1", numinlets=2)
    metro = patcher.object(f"metro {POLL_MS}", x, 1960)
    question = patcher.box("message", (x, 1990, 180, 22), text=gauge.address, numinlets=2)
    patcher.join(start, 0, on)
    patcher.join(on, 0, metro)
    patcher.join(metro, 0, question)
    patcher.join(question, 0, patcher.sender)


def _level(patcher: _Patcher, outlet: int) -> None:
    """Add the numbers of the level meter."""
    patcher.label("peak, rms (dB)", 520, 130)
    unpack = patcher.object("unpack 0. 0.", 700, 2240, 2)
    patcher.join(patcher.router, outlet, unpack)
    for index in range(2):
        box = patcher.shown("flonum", (520 + index * 70, 152, 64, 22), numoutlets=2, outlettype=["", "bang"])
        patcher.join(unpack, index, box)


def _errors(patcher: _Patcher, outlet: int) -> None:
    """Show rejected messages: the last one in the patch, all of them on the console."""
    patcher.label("refused:", 950, 130, 60)
    shown = patcher.shown("message", (950, 152, 380, 22), text="", numinlets=2)
    last = patcher.object("prepend set", 700, 2280)
    console = patcher.object("print distill-error", 900, 2280, 0)
    patcher.join(patcher.router, outlet, last)
    patcher.join(last, 0, shown)
    patcher.join(patcher.router, outlet, console)


def _names(patcher: _Patcher, labels: list[str], outlet: int) -> None:
    """Label the numbered faders with the model's names of its controls."""
    names = patcher.object("unpack" + " s" * len(labels), 700, 2320, len(labels))
    patcher.join(patcher.router, outlet, names)
    for index, label in enumerate(labels):
        setter = patcher.object("prepend set", 700 + 190 * index, 2360)
        patcher.join(names, index, setter)
        patcher.join(setter, 0, label)
