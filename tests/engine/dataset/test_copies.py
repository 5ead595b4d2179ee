"""Copies of one sound are found however short it is."""

from __future__ import annotations

import numpy as np
import pytest

from distill_engine.audio.arrays import Float32Array
from distill_engine.dataset.copies import ALIKE_DB, BAND_EDGES_HZ, Copies, _band_power, fingerprint

RATE = 44_100


def drum(seconds: float, seed: int = 0) -> Float32Array:
    """Return a tone with a little noise that has died away at the end."""
    rng = np.random.default_rng(seed)
    share = np.linspace(0.0, 1.0, round(seconds * RATE))
    tone = np.sin(2 * np.pi * rng.uniform(60, 400) * share * seconds) + 0.1 * rng.standard_normal(len(share))
    return (0.5 * tone * np.exp(-6.0 * share)).astype(np.float32)


@pytest.mark.parametrize("hop", [32, 48, 96, 1024])
def test_a_band_without_a_bin_holds_nothing(hop: int) -> None:
    frequencies = np.fft.rfftfreq(2 * hop, 1.0 / RATE)
    band = np.searchsorted(BAND_EDGES_HZ, frequencies)
    sound = drum(0.3)
    window = np.hanning(2 * hop + 1)[:-1]
    power = _band_power(sound, RATE, hop)
    for frame in (0, 1, len(power) // 2):
        bins = np.abs(np.fft.rfft(window * sound[frame * hop : (frame + 2) * hop])) ** 2
        expected = [bins[band == index].sum() for index in range(len(BAND_EDGES_HZ) + 1)]
        np.testing.assert_allclose(power[frame], expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("seconds", [0.06, 0.1])
def test_a_short_sound_that_begins_a_little_later_is_a_copy(seconds: float) -> None:
    for seed in range(8):
        first = fingerprint(drum(seconds, seed), RATE)
        later = fingerprint(np.concatenate((np.zeros(37, np.float32), drum(seconds, seed))), RATE)
        assert np.sqrt(np.mean((first.bands - later.bands) ** 2)) < ALIKE_DB


@pytest.mark.parametrize("length", [1, 2, 20, 100, 170])
def test_sounds_of_a_few_samples_are_copies_only_where_they_are_equal(length: int) -> None:
    copies = Copies()
    click = drum(length / RATE)
    for index, sound in enumerate((click, 0.5 * click, click[::-1].copy())):
        assert copies.original_of(str(index), str(index), fingerprint(sound, RATE)) == ""
    assert copies.original_of("again", "0", fingerprint(click, RATE)) == "duplicate of 0"
