"""What the workshop keeps of corpora: damaged or foreign files there are named, or made anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_control.workshop.corpora import Corpora, outline_of
from distill_engine.errors import LibraryError
from distill_engine.library.folders import cache_dir


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.mark.parametrize("text", [None, "[1]", '{"far": 3}', "[" * 9999], ids=["pipe", "list", "number", "deep"])
def test_a_table_of_folders_that_cannot_be_read_is_named(home: Path, text: str | None) -> None:
    if text is None:
        os.mkfifo(home / "corpora.json")
    else:
        (home / "corpora.json").write_text(text)
    with pytest.raises(LibraryError, match=r"corpora\.json: cannot be read"):
        Corpora().folders()


def test_a_damaged_outline_is_drawn_again(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.sin(np.arange(22050) * 0.1), 44100)
    drawn = outline_of(tmp_path / "a.wav")
    (kept,) = (cache_dir() / "heard").iterdir()
    assert json.loads(kept.read_text()) == drawn
    kept.write_text("[" * 9999)
    assert outline_of(tmp_path / "a.wav") == drawn
    assert json.loads(kept.read_text()) == drawn
    kept.unlink()
    os.mkfifo(kept)
    assert outline_of(tmp_path / "a.wav") == drawn
