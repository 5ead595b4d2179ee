"""The mel cache: keyed by the sound and the definition, checked, rebuilt, bounded, optional."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.mel_config import DEFAULT_MEL, MelConfig
from distill_engine.dataset import cache as cache_module
from distill_engine.dataset.cache import MelCache, mel_key

SAMPLES = (0.1 * np.random.default_rng(0).standard_normal(9000)).astype(np.float32)
EXPECTED = mel_spectrogram(SAMPLES)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one for each mel that is computed rather than read."""
    calls: list[int] = []

    def counting(samples: np.ndarray, config: MelConfig) -> np.ndarray:
        calls.append(len(samples))
        return mel_spectrogram(samples, config)

    monkeypatch.setattr(cache_module, "mel_spectrogram", counting)
    return calls


def entries(folder: Path) -> list[Path]:
    return sorted((folder / "mel").iterdir())


def test_a_mel_is_computed_once(tmp_path: Path, computed: list[int]) -> None:
    for _ in range(3):
        np.testing.assert_array_equal(MelCache(tmp_path).mel(SAMPLES, DEFAULT_MEL), EXPECTED)
    assert len(computed) == 1
    assert [path.suffix for path in entries(tmp_path)] == [".npy"]
    np.testing.assert_array_equal(np.load(entries(tmp_path)[0]), EXPECTED)


def test_other_sound_or_definition_is_another_entry(tmp_path: Path, computed: list[int]) -> None:
    other = SAMPLES.copy()
    other[4000] += 1e-4
    definition = MelConfig(bands=64)
    keys = {mel_key(SAMPLES, DEFAULT_MEL), mel_key(other, DEFAULT_MEL), mel_key(SAMPLES, definition)}
    assert len(keys) == 3
    cache = MelCache(tmp_path)
    assert cache.mel(SAMPLES, definition).shape[0] == 64
    cache.mel(SAMPLES, DEFAULT_MEL)
    cache.mel(other, DEFAULT_MEL)
    assert len(computed) == len(entries(tmp_path)) == 3


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "text", "pickled", "other shape", "folder"])
def test_a_broken_entry_rebuilds_itself(tmp_path: Path, computed: list[int], damage: str) -> None:
    cache = MelCache(tmp_path)
    cache.mel(SAMPLES, DEFAULT_MEL)
    entry = entries(tmp_path)[0]
    data = entry.read_bytes()
    if damage == "truncated":
        entry.write_bytes(data[:-500])
    elif damage == "flipped":
        entry.write_bytes(data[:900] + bytes([data[900] ^ 1]) + data[901:])
    elif damage == "empty":
        entry.write_bytes(b"")
    elif damage == "text":
        entry.write_text("words " * 100)
    elif damage == "pickled":
        np.save(entry, np.array([{"code": 1}], dtype=object), allow_pickle=True)
    elif damage == "other shape":
        entry.unlink()
        cache_module._write(entry, EXPECTED[:, :-1])
    else:
        entry.unlink()
        entry.mkdir()
    np.testing.assert_array_equal(cache.mel(SAMPLES, DEFAULT_MEL), EXPECTED)
    assert len(computed) == 2
    cache.mel(SAMPLES, DEFAULT_MEL)
    assert len(computed) == (3 if damage == "folder" else 2)
    assert not [path for path in entries(tmp_path) if path.suffix != ".npy"]


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path, computed: list[int]) -> None:
    (tmp_path / "file").touch()
    for folder in (None, tmp_path / "file"):
        cache = MelCache(folder)
        np.testing.assert_array_equal(cache.mel(SAMPLES, DEFAULT_MEL), EXPECTED)
        cache.prune()
    assert len(computed) == 2


def test_the_entries_used_longest_ago_go_first(tmp_path: Path) -> None:
    cache = MelCache(tmp_path, capacity=2 * 9000)
    sounds = [np.full(9000, 0.1 * index, np.float32) for index in range(6)]
    for index, samples in enumerate(sounds):
        cache.mel(samples, DEFAULT_MEL)
        os.utime(tmp_path / "mel" / f"{mel_key(samples, DEFAULT_MEL)}.npy", (index, index))
    cache.mel(sounds[0], DEFAULT_MEL)  # used again: the newest now
    cache.prune()
    left = {path.stem for path in entries(tmp_path)}
    assert left == {mel_key(sounds[index], DEFAULT_MEL) for index in (0, 5)}
