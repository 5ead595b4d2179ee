"""Draw the files in `patches/` as their programs show them, from the coordinates that stand in them.

`python docs/tools/patch_pictures.py FOLDER` writes the pictures into a folder; the site does so while it is built.
"""

from __future__ import annotations

import json
import sys
import tomllib
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from drawing import Box, Colours, Drawing

PATCHES = Path(__file__).resolve().parents[2] / "patches"

_PAPER = Colours("#ffffff", "#fcfcfc", "#555555", "#111111", "#111111")
_MAX = Colours("#e6e6e6", "#fafafa", "#8a8a8a", "#222222", "#4a6fa5")
_NIGHT = Colours("#16181c", "#2b3038", "#4c545f", "#e8eaed", "#4fc3f7")
_PD_WINDOW = (1020.0, 820.0)
_TOUCHOSC_PAGE = (1280.0, 800.0)
_MIDI_COLUMNS = 8


def pure_data(patch: str) -> Drawing:
    """Draw the part of a `.pd` file that its window shows."""
    width, height = _PD_WINDOW
    drawing = Drawing(width, height, "The Distill patch in Pure Data", _PAPER)
    for line in patch.split(";\n"):
        words = line.replace("\\", "").split()
        if words[:1] != ["#X"] or words[1] == "connect":
            continue
        x, y = float(words[2]), float(words[3])
        if x < width and y < height:
            _pure_data_object(drawing, words[1], x, y, words[4:])
    return drawing


def _pure_data_object(drawing: Drawing, kind: str, x: float, y: float, words: list[str]) -> None:
    if kind == "text":
        drawing.text(x, y + 12, " ".join(words), 12)
    elif kind == "msg":
        drawing.rectangle((x, y, 12 + 6 * len(" ".join(words)), 18), radius=0)
        drawing.text(x + 4, y + 13, " ".join(words), 11)
    elif kind in ("floatatom", "symbolatom"):
        size = 6 + 6 * int(words[0])
        drawing.rectangle((x, y, size, 18), radius=0)
        if words[4] != "-":
            left = words[3] == "0"
            label = words[4].replace("_", " ")
            drawing.text(x - 4 if left else x + size + 4, y + 13, label, 11, anchor="end" if left else "start")
    elif words[0] == "hsl":
        low, high = float(words[3]), float(words[4])
        drawing.fader((x, y, float(words[1]), float(words[2])), -low / (high - low) if low < 0 < high else 0.0)
        drawing.text(x + float(words[10]), y + 12, words[9].replace("_", " "), 11)
    elif words[0] == "tgl":
        drawing.rectangle((x, y, float(words[1]), float(words[1])), radius=0)
        drawing.text(x + float(words[6]), y + 12, words[5].replace("_", " "), 11)
    elif words[0] == "bng":
        radius = float(words[1]) / 2
        drawing.rectangle((x, y, 2 * radius, 2 * radius), radius=0)
        drawing.circle(x + radius, y + radius, radius - 1)
        drawing.text(x + float(words[8]), y + 13, words[7].replace("_", " "), 11)


def max_patch(patch: str) -> Drawing:
    """Draw the presentation view of a `.maxpat` file."""
    boxes = [entry["box"] for entry in json.loads(patch)["patcher"]["boxes"] if entry["box"].get("presentation")]
    right = max(box["presentation_rect"][0] + box["presentation_rect"][2] for box in boxes)
    bottom = max(box["presentation_rect"][1] + box["presentation_rect"][3] for box in boxes)
    drawing = Drawing(right + 20, bottom + 20, "The Distill patch in Max", _MAX)
    for box in boxes:
        x, y, width, height = box["presentation_rect"]
        _max_box(drawing, box, (x, y, width, height))
    return drawing


def _max_box(drawing: Drawing, box: dict[str, Any], place: Box) -> None:
    x, y, width, height = place
    kind, text = box["maxclass"], str(box.get("text", ""))
    if kind == "comment":
        drawing.text(x, y + 14, text, 12, room=width)
    elif kind == "slider":
        low = float(box["min"])
        drawing.fader(place, -low / float(box["size"]) if low < 0 < low + float(box["size"]) else 0.0)
    elif kind == "textbutton":
        drawing.button(place, text, 12)
    elif kind == "umenu":
        drawing.rectangle(place)
        drawing.text(x + 6, y + height / 2 + 4, str(box["items"][0]), 12)
        drawing.text(x + width - 8, y + height / 2 + 4, "▾", 12, anchor="end")
    else:
        drawing.rectangle(place)
        if kind == "flonum":
            drawing.text(x + 5, y + height / 2 + 4, "▸ 0.", 12)


def touchosc(data: bytes) -> Drawing:
    """Draw the page of a `.tosc` file (XML under zlib)."""
    drawing = Drawing(*_TOUCHOSC_PAGE, "The Distill page in TouchOSC", _NIGHT)
    for node in ElementTree.fromstring(zlib.decompress(data)).iter("node"):
        kind = node.get("type")
        place, upright = _touchosc_frame(node)
        if kind == "FADER":
            drawing.fader(place, float(_touchosc_value(node, "x") or 0.0), upright=upright)
        elif kind == "BUTTON":
            drawing.rectangle(place, radius=5)
        elif kind == "LABEL":
            x, y, width, height = place
            text = _touchosc_value(node, "text") or ""
            drawing.text(x + width / 2, y + height / 2 + 4, text, 12, anchor="middle", room=width - 4)
    return drawing


def _touchosc_frame(node: ElementTree.Element) -> tuple[Box, bool]:
    place, upright = (0.0, 0.0, 0.0, 0.0), True
    for entry in node.findall("properties/property"):
        value = entry.find("value")
        if value is not None and entry.findtext("key") == "frame":
            x, y, width, height = (float(value.findtext(key) or 0) for key in "xywh")
            place = (x, y, width, height)
        elif value is not None and entry.findtext("key") == "orientation":
            upright = value.text == "0"
    return place, upright


def _touchosc_value(node: ElementTree.Element, name: str) -> str | None:
    for value in node.findall("values/value"):
        if value.findtext("key") == name:
            return value.findtext("default")
    return None


def open_stage_control(session: str) -> Drawing:
    """Draw the first tab of an Open Stage Control session: a grid of equal cells, `gridTemplate` in a row."""
    tabs = json.loads(session)["content"]["tabs"]
    widgets, columns = tabs[0]["widgets"], int(tabs[0]["gridTemplate"])
    width, height, head = 110.0, 96.0, 40.0
    rows = -(-len(widgets) // columns)
    drawing = Drawing(columns * width, head + rows * height, "The Distill session in Open Stage Control", _NIGHT)
    for number, tab in enumerate(tabs):
        drawing.button((6 + 110 * number, 8, 104, 26), tab["label"], 13)
    for number, widget in enumerate(widgets):
        place = (number % columns * width + 4, head + number // columns * height + 4, width - 8, height - 8)
        _open_stage_widget(drawing, widget, place)
    return drawing


def _open_stage_widget(drawing: Drawing, widget: dict[str, Any], place: Box) -> None:
    x, y, width, height = place
    if widget["type"] == "button":
        drawing.button(place, widget["label"], 12)
        return
    drawing.rectangle(place, radius=4)
    drawing.text(x + width / 2, y + 15, widget["label"], 12, anchor="middle", room=width - 8)
    if widget["type"] == "fader":
        low, high = float(widget["range"]["min"]), float(widget["range"]["max"])
        value = float(widget.get("default", low))
        drawing.fader((x + width / 2 - 12, y + 22, 24, height - 28), (value - low) / (high - low), upright=True)
    elif widget["type"] == "switch":
        step = (height - 24) / len(widget["values"])
        for number, choice in enumerate(widget["values"]):
            drawing.button((x + 5, y + 20 + number * step, width - 10, step - 2), str(choice), 10)


def midi_map(text: str) -> Drawing:
    """Draw a MIDI map: a row for each of its headings, a knob, fader or button for each binding."""
    rows: list[tuple[str, list[dict[str, Any]]]] = []
    for block in text.split("\n\n")[1:]:
        heading = next((line[2:] for line in block.splitlines() if line.startswith("# ")), "")
        if heading:
            rows.append((heading, []))
        for binding in tomllib.loads(block).get("bind", []):
            if len(rows[-1][1]) == _MIDI_COLUMNS:
                rows.append(("more buttons", []))
            rows[-1][1].append(binding)
    width, height = 100.0, 92.0
    columns = max(len(bindings) for _, bindings in rows)
    name = tomllib.loads(text)["name"]
    drawing = Drawing(110 + columns * width, 50 + len(rows) * height, f"What each control of {name} does", _NIGHT)
    drawing.text(16, 32, name, 18)
    for row, (heading, bindings) in enumerate(rows):
        top = 50 + row * height
        drawing.text(16, top + 34, heading.replace("presets", "buttons"), 13, room=90)
        for column, binding in enumerate(bindings):
            _midi_control(drawing, heading, binding, 110 + (column + 0.5) * width, top)
    return drawing


def _midi_control(drawing: Drawing, heading: str, binding: dict[str, Any], x: float, y: float) -> None:
    label = binding["target"].removeprefix("/distill/").replace("/", " ")
    if binding["target"] == "/distill/preset/recall":
        label = f"preset {binding['arguments'][0]}"
    if "knob" in heading:
        drawing.circle(x, y + 28, 17)
        drawing.line(x, y + 28, x, y + 13, 3)
    elif "fader" in heading:
        drawing.fader((x - 9, y + 6, 18, 44), 0.7, upright=True)
    else:
        drawing.rectangle((x - 20, y + 18, 40, 22), radius=4)
    drawing.text(x, y + 64, binding["control"], 10, anchor="middle")
    drawing.words(x, y + 78, label, 11, 96)


PICTURES: dict[str, tuple[str, Callable[[bytes], Drawing]]] = {
    "puredata.svg": ("puredata/distill.pd", lambda data: pure_data(data.decode())),
    "max.svg": ("max/distill.maxpat", lambda data: max_patch(data.decode())),
    "touchosc.svg": ("touchosc/distill.tosc", touchosc),
    "open-stage-control.svg": ("open-stage-control/distill.json", lambda data: open_stage_control(data.decode())),
    "akai-midimix.svg": ("midi/akai-midimix.toml", lambda data: midi_map(data.decode())),
    "korg-nanokontrol2.svg": ("midi/korg-nanokontrol2.toml", lambda data: midi_map(data.decode())),
    "novation-launch-control-xl.svg": ("midi/novation-launch-control-xl.toml", lambda data: midi_map(data.decode())),
}
"""Name of the picture: the file in `patches/` that it shows, and what draws it."""


def pictures() -> dict[str, str]:
    """Return every picture by its file name."""
    return {name: draw((PATCHES / path).read_bytes()).svg() for name, (path, draw) in PICTURES.items()}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pictures().items():
        (folder / name).write_text(text, "utf-8")
