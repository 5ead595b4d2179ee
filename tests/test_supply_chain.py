"""What `make audit` makes of the answers of the database of weaknesses."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement

CI = Path(__file__).parents[1] / ".ci"
SOUND: dict[str, Any] = {"name": "numpy", "version": "2.0", "vulns": []}
WEAK: dict[str, Any] = {"name": "onnx", "version": "1.17", "vulns": [{"id": "CVE-1"}]}
UNKNOWN: dict[str, Any] = {"name": "soxr", "skip_reason": "not found"}


@pytest.fixture
def supply_chain(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(CI))
    spec = importlib.util.spec_from_file_location("supply_chain", CI / "supply_chain.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("found", "text", "code"),
    [
        ([SOUND, SOUND], "no known weakness in 2 packages", 0),
        ([SOUND, WEAK], "onnx 1.17: CVE-1", 1),
        ([SOUND, UNKNOWN], "soxr: not in the database of weaknesses", 1),
        ([UNKNOWN, UNKNOWN], "not audited: the database of weaknesses, as it is reached from here, knows none of 2", 0),
    ],
)
def test_a_weakness_fails_and_a_database_that_knows_nothing_is_named(
    supply_chain: ModuleType, found: list[dict[str, Any]], text: str, code: int
) -> None:
    said, given = supply_chain.judged(found)
    assert said.startswith(text)
    assert given == code
    assert "\n" not in said


def test_a_database_that_cannot_be_reached_is_one_line_and_no_failure(
    supply_chain: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = subprocess.CompletedProcess([sys.executable], 1, "", "Traceback\n  ...\nConnectionError: no route\n")
    monkeypatch.setattr(supply_chain, "run_tool", lambda *words: failed)
    assert supply_chain.audit() == (
        "not audited: the database of weaknesses cannot be reached from here (ConnectionError: no route)",
        0,
    )


EXTRAS = ("train", "cluster", "link", "formats")


def packages(name: str, extras: tuple[str, ...], found: set[str]) -> set[str]:
    """Every installed package that a package needs, and those that these need."""
    for needed in map(Requirement, metadata.requires(name) or []):
        wanted = needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        own = re.sub(r"[-_.]+", "-", needed.name).lower()
        if wanted and own not in found and own != "distill-audio":
            try:
                metadata.distribution(own)
            except metadata.PackageNotFoundError:  # an extra that is not installed here
                continue
            found.add(own)
            packages(own, tuple(needed.extras), found)
    return found


def test_every_package_of_an_installation_is_named() -> None:
    text = (CI.parent / "SECURITY.md").read_text()
    table = text[text.index("| package | what it may contact |") : text.index("names every package that")]
    found = packages("distill-audio", EXTRAS, set())
    named = {name for name in found if re.search(rf"\b{name}\b", table)}
    unnamed = {name for name in found - named if not re.match(r"cuda-|nvidia-|triton$", name)}  # of a CUDA torch
    assert not unnamed, sorted(unnamed)
