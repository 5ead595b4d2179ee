"""Inputs that know their format: readers take or refuse them, and do nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz_support import file_kinds, network_kinds, sound_kinds
from fuzz_support.kinds import Kind, fuzz

INPUTS = {"OSC messages": 300, "ONNX graphs": 30}
"""Inputs of each kind that are checked here; others 60. `make fuzz` checks many more."""


@pytest.mark.parametrize(
    "kind", [*network_kinds.KINDS, *file_kinds.KINDS, *sound_kinds.KINDS], ids=lambda kind: kind.name
)
def test_any_input_is_taken_or_refused(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    inputs = INPUTS.get(kind.name, 60)
    assert fuzz(kind, inputs) >= inputs
