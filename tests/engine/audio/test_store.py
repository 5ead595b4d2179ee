"""Blocks become one array, whatever was expected; samples in a file read as if in memory."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from distill_engine.audio import store
from distill_engine.audio.store import SampleFile, SampleStore, part_of


@pytest.mark.parametrize("expected", [0, 1, 999, 1000, 5000])
@pytest.mark.parametrize("channels", [1, 3])
def test_all_samples_in_their_order(monkeypatch: pytest.MonkeyPatch, channels: int, expected: int) -> None:
    monkeypatch.setattr(store, "CHUNK_BYTES", 1200)
    samples = np.random.default_rng(0).standard_normal((channels, 1000)).astype(np.float32)
    held = SampleStore(channels, expected)
    for block in np.split(samples, [0, 7, 300, 301], axis=1):
        held.append(block)
    assert held.length == 1000
    np.testing.assert_array_equal(held.take(), samples)


def test_nothing_is_an_empty_array() -> None:
    assert SampleStore(2).take().shape == (2, 0)


def test_keys_and_latents_keep_their_type() -> None:
    held = SampleStore(2, dtype=np.int8)
    held.append(np.array([[1, 2], [3, 4]], np.int8))
    assert held.take().dtype == np.int8


def test_slices_of_a_file_are_those_of_the_array(tmp_path: Path) -> None:
    rng, file = np.random.default_rng(1), SampleFile(tmp_path / "made")
    arrays = [rng.standard_normal(count).astype(np.float32) for count in (700, 1, 300)]
    stored = [file.add(array) for array in arrays]
    for array, samples in zip(arrays, stored, strict=True):
        assert len(samples) == len(array)
        for begin, end in ((None, None), (0, 10), (5, 9999), (650, 640), (-3, None), (900, 1000)):
            piece = samples[begin:end]
            np.testing.assert_array_equal(piece, array[begin:end])
            assert piece.flags.writeable
    np.testing.assert_array_equal(part_of(stored[2], 50, 200)[10:20], arrays[2][60:70])
    np.testing.assert_array_equal(part_of(arrays[2], 50, 200)[10:20], arrays[2][60:70])


@pytest.mark.skipif(sys.platform == "win32", reason="there the file has a name until it is closed")
def test_the_file_has_no_name_that_a_crash_could_leave(tmp_path: Path) -> None:
    samples = SampleFile(tmp_path).add(np.ones(5000, np.float32))
    assert list(tmp_path.iterdir()) == []
    assert samples[:].sum() == 5000
