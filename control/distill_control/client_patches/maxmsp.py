"""Max/MSP: one `.maxpat`, that opens in presentation mode."""

import json
from dataclasses import dataclass, field
from typing import Any

from distill_control.client_patches.panel import Button, Fader, Gauge, Menu, Panel

_COLUMN, _ROW = 320, 26


@dataclass
class _Patcher:
    """Boxes and cords in the making."""

    boxes: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def box(self, maxclass: str, rect: tuple[float, float, float, float], **attributes: Any) -> str:
        """Adds an object at x, y, width, height; returns its id."""
        name = f"obj-{len(self.boxes) + 1}"
        ports = {"numinlets": 1, "numoutlets": 1, "outlettype": [""]}
        box = {"id": name, "maxclass": maxclass, "patching_rect": list(rect), **ports, **attributes}
        self.boxes.append({"box": box})
        return name

    def object(self, text: str, x: float, y: float, outlets: int = 1) -> str:
        return self.box("newobj", (x, y, 180, 22), text=text, numoutlets=outlets, outlettype=[""] * outlets)

    def shown(self, maxclass: str, rect: tuple[float, float, float, float], **attributes: Any) -> str:
        """Adds an object that the performer sees."""
        return self.box(maxclass, rect, presentation=1, presentation_rect=list(rect), **attributes)

    def label(self, text: str, x: float, y: float, width: float = 130) -> str:
        return self.shown("comment", (x, y, width, 20), text=text, numoutlets=0, outlettype=[])

    def join(self, source: str, outlet: int, target: str, inlet: int = 0) -> None:
        self.lines.append({"patchline": {"source": [source, outlet], "destination": [target, inlet]}})


def max_patch(panel: Panel) -> str:
    """The patcher as JSON. Values that arrive are `set` on their objects, so that nothing is sent back."""
    patcher = _Patcher()
    patcher.label("DISTILL", 20, 10)
    bus = patcher.object(f"udpsend {panel.host} {panel.port}", 20, 2200, 0)
    receiver = patcher.object(f"udpreceive {panel.listen}", 700, 2100)
    addresses = [item.address for item in panel.valued]
    others = ["/distill/level", "/distill/error", "/distill/controls"]
    router = patcher.object("route " + " ".join([*addresses, *others]), 700, 2140, len(addresses) + 4)
    patcher.join(receiver, 0, router)
    _buttons(patcher, panel, bus)
    for index, menu in enumerate(panel.menus):
        _menu(patcher, menu, 20 + index * 160, 130, bus, router, addresses.index(menu.address))
    columns = (panel.statics, panel.control_faders, panel.latent_faders)
    labels: dict[str, str] = {}
    for column, faders in enumerate(columns):
        for row, fader in enumerate(faders):
            place = (20 + column * _COLUMN, 200 + row * _ROW)
            labels[fader.address] = _fader(patcher, fader, place, bus, router, addresses.index(fader.address))
    _level(patcher, router, len(addresses))
    for index, gauge in enumerate(panel.gauges):
        _gauge(patcher, gauge, 510 + index * 90, router, addresses.index(gauge.address))
    _errors(patcher, router, len(addresses) + 1)
    if panel.numbered:
        _names(patcher, [labels[fader.address] for fader in panel.control_faders], router, len(addresses) + 2)
    console = patcher.object("print distill", 700, 2180, 0)
    patcher.join(router, len(addresses) + 3, console)
    return json.dumps({"patcher": _header() | {"boxes": patcher.boxes, "lines": patcher.lines}}, indent=1) + "\n"


def _header() -> dict[str, Any]:
    return {
        "fileversion": 1,
        "appversion": {"major": 8, "minor": 5, "revision": 0, "architecture": "x64", "modernui": 1},
        "classnamespace": "box",
        "rect": [60, 80, 1000, 760],
        "openinpresentation": 1,
        "default_fontsize": 12.0,
        "default_fontname": "Arial",
        "gridsize": [15.0, 15.0],
    }


def _buttons(patcher: _Patcher, panel: Panel, bus: str) -> None:
    start = patcher.object("loadbang", 20, 1900)
    delay = patcher.object("delay 300", 20, 1930)
    patcher.join(start, 0, delay)
    for index, button in enumerate((panel.subscribe, panel.status, *panel.commands)):
        box = _message(patcher, button, 20 + index * 130, 40, 120, bus)
        if button is panel.subscribe or button == panel.subscribe:
            patcher.join(delay, 0, box)
    for index, button in enumerate(panel.recalls):
        _message(patcher, button, 20 + index * 118, 70, 112, bus)
    patcher.label("save as (type, return):", 20, 100, 150)
    text = patcher.shown("textedit", (170, 100, 160, 22), keymode=1, numoutlets=4, outlettype=["", "int", "", ""])
    strip = patcher.object("route text", 400, 1960, 2)
    save = patcher.object("prepend /distill/preset/save", 400, 1990)
    patcher.join(text, 0, strip)
    patcher.join(strip, 0, save)
    patcher.join(save, 0, bus)


def _message(patcher: _Patcher, button: Button, x: float, y: float, width: float, bus: str) -> str:
    text = " ".join([button.address, *(str(argument) for argument in button.arguments)])
    shown = patcher.shown("textbutton", (x, y, width, 24), text=button.label, numoutlets=3, outlettype=["", "", "int"])
    box = patcher.box("message", (x, y + 1700, 220, 22), text=text, numinlets=2)
    patcher.join(shown, 0, box)
    patcher.join(box, 0, bus)
    return box


def _menu(patcher: _Patcher, menu: Menu, x: float, y: float, bus: str, router: str, outlet: int) -> None:
    patcher.label(menu.label, x, y)
    items: list[str] = [item for choice in menu.choices for item in (choice, ",")][:-1]
    box = patcher.shown(
        "umenu", (x, y + 22, 140, 22), items=items, numoutlets=3, outlettype=["int", "", ""], parameter_enable=0
    )
    send = patcher.object(f"prepend {menu.address}", x, y + 1950)
    shown = patcher.object("prepend setsymbol", x, y + 2000)
    patcher.join(box, 1, send)
    patcher.join(send, 0, bus)
    patcher.join(router, outlet, shown)
    patcher.join(shown, 0, box)


def _fader(patcher: _Patcher, fader: Fader, place: tuple[float, float], bus: str, router: str, outlet: int) -> str:
    """Returns the label."""
    x, y = place
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
    patcher.join(send, 0, bus)
    patcher.join(router, outlet, shown)
    patcher.join(shown, 0, box)
    return label


def _gauge(patcher: _Patcher, gauge: Gauge, x: float, router: str, outlet: int) -> None:
    patcher.label(gauge.label, x, 130, 80)
    box = patcher.shown("flonum", (x, 152, 64, 22), numoutlets=2, outlettype=["", "bang"])
    patcher.join(router, outlet, box)


def _level(patcher: _Patcher, router: str, outlet: int) -> None:
    patcher.label("peak, rms (dB)", 360, 130)
    unpack = patcher.object("unpack 0. 0.", 700, 2240, 2)
    patcher.join(router, outlet, unpack)
    for index in range(2):
        box = patcher.shown("flonum", (360 + index * 70, 152, 64, 22), numoutlets=2, outlettype=["", "bang"])
        patcher.join(unpack, index, box)


def _errors(patcher: _Patcher, router: str, outlet: int) -> None:
    """What was refused, and why: in the console and, the last one, in the patch."""
    patcher.label("refused:", 610, 130, 60)
    shown = patcher.shown("message", (610, 152, 380, 22), text="", numinlets=2)
    last = patcher.object("prepend set", 700, 2280)
    console = patcher.object("print distill-error", 900, 2280, 0)
    patcher.join(router, outlet, last)
    patcher.join(last, 0, shown)
    patcher.join(router, outlet, console)


def _names(patcher: _Patcher, labels: list[str], router: str, outlet: int) -> None:
    """The model's names for its controls become the labels of the numbered faders."""
    names = patcher.object("unpack" + " s" * len(labels), 700, 2320, len(labels))
    patcher.join(router, outlet, names)
    for index, label in enumerate(labels):
        setter = patcher.object("prepend set", 700 + 190 * index, 2360)
        patcher.join(names, index, setter)
        patcher.join(setter, 0, label)
