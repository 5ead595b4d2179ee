"""Which files are decoded at a time: the memory follows their length, not their size on the disk."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from distill_engine.dataset import scan
from distill_engine.dataset.discovery import find_files
from distill_engine.dataset.scan import scan_corpus

Sound = Callable[..., Path]
SECONDS, RATE = 160, 8000  # Vorbis makes less than a megabyte of them


@pytest.fixture
def four_long_ones(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in "abcd":
        path = tmp_path / f"{name}.ogg"
        soundfile.write(path, 0.1 * rng.standard_normal(SECONDS * RATE), RATE)
        assert path.stat().st_size < scan.SIDE_BY_SIDE_BYTES
    return tmp_path


def together(folder: Path) -> list[list[str]]:
    return [[one.name for one in group] for group in scan._groups(find_files(folder))]


def test_long_files_that_are_small_on_the_disk_are_decoded_one_by_one(
    four_long_ones: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "SIDE_BY_SIDE", 4)
    assert together(four_long_ones) == [["a.ogg"], ["b.ogg"], ["c.ogg"], ["d.ogg"]]
    tracemalloc.start()
    try:
        assert len(scan_corpus(four_long_ones).usable_files) == 4
        assert tracemalloc.get_traced_memory()[1] < 1.2 * 4 * SECONDS * 44100
    finally:
        tracemalloc.stop()


def test_short_files_are_decoded_together_up_to_a_length(
    tmp_path: Path, sound: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "SIDE_BY_SIDE", 4)
    for name, seconds in zip("abcdefg", (1.0, 1.0, 50.0, 60.0, 60.0, 2.0, 1.0), strict=True):
        sound(f"{name}.wav", seconds, RATE)
    (tmp_path / "sounds" / "h.wav").write_bytes(b"RIFF of no sound")
    assert together(tmp_path / "sounds") == [["a.wav", "b.wav", "c.wav", "d.wav"], ["e.wav", "f.wav", "g.wav", "h.wav"]]
    sound("d.wav", 70.0, RATE)
    assert together(tmp_path / "sounds")[0] == ["a.wav", "b.wav", "c.wav"]


def test_a_file_whose_header_tells_no_length_may_be_as_long_as_its_bytes_allow(
    tmp_path: Path, sound: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "SIDE_BY_SIDE", 4)
    monkeypatch.setattr(scan, "audio_info", lambda path: SimpleNamespace(duration=0.0))
    for name, seconds in (("a", 0.5), ("b", 0.5), ("c", 10.0)):
        sound(f"{name}.wav", seconds, RATE)
    assert together(tmp_path / "sounds") == [["a.wav", "b.wav"], ["c.wav"]]
