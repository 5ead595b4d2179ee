"""The pictures of the patches: each shows all that its patch shows, inside its frame."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "docs" / "tools"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def tool() -> Any:
    """`docs/tools/patch_pictures.py` as a module."""
    sys.path.insert(0, str(TOOLS))
    try:
        return _load("patch_pictures")
    finally:
        sys.path.remove(str(TOOLS))


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, TOOLS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def drawn(tool: Any) -> dict[str, ElementTree.Element]:
    return {name: ElementTree.fromstring(text) for name, text in tool.pictures().items()}


def words(picture: ElementTree.Element) -> set[str]:
    return {element.text or "" for element in picture.iter(f"{SVG}text")}


def test_each_patch_has_a_picture_but_those_that_are_text_only(tool: Any) -> None:
    drawn_files = {path for path, _ in tool.PICTURES.values()}
    shown = {
        str(path.relative_to(ROOT / "patches"))
        for path in (ROOT / "patches").rglob("*")
        if path.suffix in (".pd", ".maxpat", ".tosc", ".json", ".toml")
    }
    assert drawn_files == shown


def test_every_picture_lies_within_its_frame(drawn: dict[str, ElementTree.Element]) -> None:
    for name, picture in drawn.items():
        _, _, width, height = (float(number) for number in picture.get("viewBox", "").split())
        for box in picture.iter(f"{SVG}rect"):
            right = float(box.get("x", 0)) + float(box.get("width", 0))
            bottom = float(box.get("y", 0)) + float(box.get("height", 0))
            assert right <= width + 0.5, name
            assert bottom <= height + 0.5, name


def test_each_picture_names_its_faders(drawn: dict[str, ElementTree.Element]) -> None:
    for name in ("puredata.svg", "max.svg", "touchosc.svg"):
        assert {"gain", "source speed", "control 0", "control 7", "latent 15"} <= words(drawn[name]), name
    assert {"gain", "refused", "preset 7", "play"} <= words(drawn["open-stage-control.svg"])
    assert {"control 0", "latent 15", "gain", "preset 7", "panic"} <= words(drawn["akai-midimix.svg"])


def test_the_max_picture_has_every_box_of_the_presentation(drawn: dict[str, ElementTree.Element]) -> None:
    boxes = json.loads((ROOT / "patches/max/distill.maxpat").read_text())["patcher"]["boxes"]
    kinds = [entry["box"]["maxclass"] for entry in boxes if entry["box"].get("presentation")]
    frames = len(list(drawn["max.svg"].iter(f"{SVG}rect"))) - 1  # one is the window
    assert frames == sum(kind != "comment" for kind in kinds)


def test_the_pages_show_every_picture(tool: Any) -> None:
    pages = "".join(path.read_text() for path in (ROOT / "docs" / "play").glob("*.md"))
    assert set(tool.PICTURES) == set(re.findall(r"\]\(([\w-]+\.svg)\)\]", pages)) - {"touchdesigner.svg"}
