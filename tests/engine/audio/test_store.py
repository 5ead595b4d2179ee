"""Blocks become one array, whatever was expected."""

from __future__ import annotations

import numpy as np
import pytest

from distill_engine.audio import store
from distill_engine.audio.store import SampleStore


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
