"""Sounds made by formula: the same for one seed, of a stated level, never silent."""

from __future__ import annotations

import numpy as np
import pytest

from measures.synthetic import KINDS, synthetic_sound


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
def test_a_seed_gives_one_sound_with_a_peak_of_minus_20_to_minus_1_dbfs(make) -> None:
    sound, again = (make(np.random.default_rng(5), 22050) for _ in range(2))
    assert sound.shape == (22050,)
    assert sound.dtype == np.float32
    np.testing.assert_array_equal(sound, again)
    assert -20 <= 20 * np.log10(np.abs(sound).max()) <= -1


def test_sums_of_two_sounds_are_clipped() -> None:
    rng = np.random.default_rng(1)
    assert max(np.abs(synthetic_sound(rng, 4096)).max() for _ in range(100)) == 1.0
