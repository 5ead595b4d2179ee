"""Samples that cannot be meant are silenced; loud sound stays."""

from __future__ import annotations

import numpy as np
import pytest

from distill_engine.audio.repair import Repair

QUIET = (0.01 * np.sin(np.arange(20_000) * 0.05)).astype(np.float32)[None]


@pytest.mark.parametrize("value", [3e38, 1e6, -1e6, 2.0])
def test_one_sample_out_of_range_does_not_set_the_level(value: float) -> None:
    broken, repair = QUIET.copy(), Repair()
    broken[0, 7000] = value
    expected = QUIET.copy()
    expected[0, 7000] = 0.0
    np.testing.assert_array_equal(repair.process(broken), expected)
    assert repair.notes == ("1 sample is far out of range: read as silence",)


def test_what_is_no_number_is_counted_apart() -> None:
    broken, repair = QUIET.copy(), Repair()
    broken[0, :4] = np.nan, np.inf, -np.inf, 1e30
    assert np.abs(repair.process(broken)).max() <= 0.011
    assert len(repair.notes) == 2


def test_loud_files_keep_their_attacks() -> None:
    rng = np.random.default_rng(0)
    for scale in (4.0, 32767.0):  # over full scale, and integers in floating point
        drum = np.zeros((1, 20_000))
        drum[0, 9000:] = scale * rng.standard_normal(11_000) * np.exp(-np.arange(11_000) / 500)
        repair = Repair()
        np.testing.assert_array_equal(repair.process(drum.astype(np.float32)), drum.astype(np.float32))
        assert repair.notes == ()
