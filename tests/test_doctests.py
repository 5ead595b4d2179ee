"""The examples in the docstrings run. Only modules that hold one are imported."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = (ROOT / "engine", ROOT / "control", ROOT / "vendor")


def modules_with_examples() -> list[str]:
    """Return the dotted names of the modules whose source holds a line that begins with the prompt."""
    found = []
    for source in SOURCES:
        for path in sorted(source.rglob("*.py")):
            if any(line.lstrip().startswith(">>> ") for line in path.read_text(encoding="utf-8").splitlines()):
                found.append(".".join(path.relative_to(source).with_suffix("").parts).removesuffix(".__init__"))
    return found


MODULES = modules_with_examples()


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted
    assert not result.failed, capsys.readouterr().out


def test_examples_are_found() -> None:
    assert {"distill_engine.audio.levels", "distill_control.osc.packet"} <= set(MODULES)
