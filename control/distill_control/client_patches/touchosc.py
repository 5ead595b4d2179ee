"""TouchOSC of 2021 and later: a `.tosc`, which is XML compressed by zlib. Sizes are in pixels."""

import uuid
import zlib
from typing import Any
from xml.etree import ElementTree

from distill_control.client_patches.panel import Button, Fader, Gauge, Panel

_SPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
_WIDTH, _HEIGHT = 1280, 800  # of the page
_TOP, _CELL = 120, 76  # top of the faders, width of a fader
_PER_ROW = 16  # faders in a row


def touchosc_xml(panel: Panel) -> bytes:
    """Return the layout as XML: one page, buttons above, faders in rows of sixteen below."""
    root = ElementTree.Element("lexml", version="3")
    page = _node(root, "GROUP", "distill", (0, 0, _WIDTH, _HEIGHT))
    children = ElementTree.SubElement(page, "children")
    sources = [Button(choice, menu.address, (choice,)) for menu in panel.menus for choice in menu.choices]
    buttons = (*panel.commands, *sources, panel.subscribe, *panel.recalls)
    for index, button in enumerate(buttons):
        x, y = 8 + 98 * (index % 13), 8 + 52 * (index // 13)
        _button(children, button, (x, y, 92, 46), index)
    height = (_HEIGHT - _TOP - 10) // -(-len(panel.faders) // _PER_ROW)
    for index, fader in enumerate(panel.faders):
        x, y = 8 + 79 * (index % _PER_ROW), _TOP + height * (index // _PER_ROW)
        _fader(children, fader, (x, y, _CELL, height - 28))
        _label(children, fader.label, f"label {fader.address}", (x, y + height - 26, _CELL, 22))
    for index, gauge in enumerate(panel.gauges):
        x = _WIDTH - 8 - 79 * (index + 1)
        _gauge(children, gauge, (x, 60, _CELL, 26))
        _label(children, gauge.label, f"label {gauge.address}", (x, 88, _CELL, 22))
    text = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    return ("<?xml version='1.0' encoding='UTF-8'?>" + text).encode()


def touchosc_file(panel: Panel) -> bytes:
    """Return the `.tosc`."""
    return zlib.compress(touchosc_xml(panel), 9)


def _node(parent: Any, kind: str, name: str, frame: tuple[int, int, int, int], **properties: Any) -> Any:
    """Add a node at `frame` (x, y, width, height) with these properties; return its element."""
    node = ElementTree.SubElement(parent, "node", ID=str(uuid.uuid5(_SPACE, f"{kind} {name}")), type=kind)
    block = ElementTree.SubElement(node, "properties")
    _property(block, "s", "name", name)
    value = _property(block, "r", "frame", None)
    for key, number in zip("xywh", frame, strict=True):
        ElementTree.SubElement(value, key).text = str(number)
    for key, given in properties.items():
        kind_of = "b" if isinstance(given, bool) else "i" if isinstance(given, int) else "s"
        _property(block, kind_of, key, str(int(given)) if kind_of == "b" else str(given))
    return node


def _property(block: Any, kind: str, key: str, text: str | None) -> Any:
    entry = ElementTree.SubElement(block, "property", type=kind)
    ElementTree.SubElement(entry, "key").text = key
    value = ElementTree.SubElement(entry, "value")
    value.text = text
    return value


def _values(node: Any, **defaults: str) -> None:
    """Add the values of a node with their defaults."""
    block = ElementTree.SubElement(node, "values")
    for key, default in defaults.items():
        value = ElementTree.SubElement(block, "value")
        ElementTree.SubElement(value, "key").text = key
        ElementTree.SubElement(value, "locked").text = "0"
        ElementTree.SubElement(value, "lockedDefaultCurrent").text = "0"
        ElementTree.SubElement(value, "default").text = default
        ElementTree.SubElement(value, "defaultPull").text = "0"


def _fader(children: Any, fader: Fader, frame: tuple[int, int, int, int]) -> None:
    span = fader.maximum - fader.minimum
    properties: dict[str, Any] = {"buttonType": 2} if fader.toggle else {"orientation": 0, "response": 1}
    node = _node(children, "BUTTON" if fader.toggle else "FADER", fader.address, frame, **properties)
    _values(node, x=f"{(fader.default - fader.minimum) / span:.6g}", touch="false")
    _message(node, fader.address, [("VALUE", "FLOAT", "x", fader.minimum, fader.maximum)], receive=True)


def _gauge(children: Any, gauge: Gauge, frame: tuple[int, int, int, int]) -> None:
    node = _node(children, "FADER", gauge.address, frame, orientation=1, interactive=False)
    _values(node, x="0", touch="false")
    bounds = (gauge.minimum, gauge.maximum)
    _message(node, gauge.address, [("VALUE", "FLOAT", "x", *bounds)], receive=True, send=False)


def _button(children: Any, button: Button, frame: tuple[int, int, int, int], index: int) -> None:
    node = _node(children, "BUTTON", f"button {index} {button.label}", frame, buttonType=0)
    _values(node, x="0", touch="false")
    arguments: list[tuple[str, str, str, float, float]] = [
        ("CONSTANT", "STRING" if isinstance(word, str) else "FLOAT", str(word), 0, 1) for word in button.arguments
    ]
    _message(node, button.address, arguments, receive=False)
    x, y, width, height = frame
    _label(children, button.label, f"label {index} {button.label}", (x, y + height // 2 - 11, width, 22))


def _label(children: Any, text: str, name: str, frame: tuple[int, int, int, int]) -> None:
    node = _node(children, "LABEL", name, frame, interactive=False, background=False, textSize=12)
    _values(node, text=text, touch="false")


def _message(
    node: Any, address: str, arguments: list[tuple[str, str, str, float, float]], *, receive: bool, send: bool = True
) -> None:
    """Add one OSC message to a node, sent whenever x changes (of a button: whenever it rises)."""
    osc = ElementTree.SubElement(ElementTree.SubElement(node, "messages"), "osc")
    for key, text in (("enabled", "1"), ("send", str(int(send))), ("receive", str(int(receive))), ("feedback", "0")):
        ElementTree.SubElement(osc, key).text = text
    ElementTree.SubElement(osc, "connections").text = "00001"
    trigger = ElementTree.SubElement(ElementTree.SubElement(osc, "triggers"), "trigger")
    ElementTree.SubElement(trigger, "var").text = "x"
    ElementTree.SubElement(trigger, "condition").text = "ANY" if receive else "RISE"
    _partial(ElementTree.SubElement(osc, "path"), "CONSTANT", "STRING", address, 0, 1)
    block = ElementTree.SubElement(osc, "arguments")
    for kind, conversion, value, low, high in arguments:
        _partial(block, kind, conversion, value, low, high)


def _partial(block: Any, kind: str, conversion: str, value: str, low: float, high: float) -> None:
    """Add one part of an OSC message: of its path, or an argument scaled to `low` to `high`."""
    partial = ElementTree.SubElement(block, "partial")
    pairs = (("type", kind), ("conversion", conversion), ("value", value))
    for key, text in (*pairs, ("scaleMin", f"{low:g}"), ("scaleMax", f"{high:g}")):
        ElementTree.SubElement(partial, key).text = text
