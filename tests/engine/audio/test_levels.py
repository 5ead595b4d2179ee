"""Levels, flat tops and mixing down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_engine.audio.levels import (
    SILENCE_DB,
    clipped_samples,
    db_to_gain,
    gain_to_db,
    peak_db,
    rms_db,
)

T = np.arange(44100) / 44100


@given(st.floats(-140, 60))
def test_gain_and_decibels_invert(level: float) -> None:
    assert gain_to_db(db_to_gain(level)) == pytest.approx(level, abs=1e-6)


def test_known_levels() -> None:
    sine = np.sin(2 * np.pi * 100 * T).astype(np.float32)
    assert rms_db(sine) == pytest.approx(-3.0103, abs=1e-3)
    assert peak_db(sine) == pytest.approx(0.0, abs=1e-3)
    assert db_to_gain(-6.0206) == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize("nothing", [np.zeros(0, np.float32), np.zeros((2, 100), np.float32)])
def test_silence_has_a_finite_level(nothing: np.ndarray) -> None:
    assert rms_db(nothing) == peak_db(nothing) == SILENCE_DB
    assert db_to_gain(SILENCE_DB) == 0.0


def test_what_counts_as_silence_can_be_chosen() -> None:
    assert (gain_to_db(0.0, -90.0), gain_to_db(1e-6, -90.0)) == (-90.0, -90.0)
    assert (db_to_gain(-90.0, -90.0), db_to_gain(-20.0, -90.0)) == (0.0, 0.1)


@pytest.mark.parametrize("frequency", [60.0, 440.0, 3000.0])
def test_clipped_waves_are_found(frequency: float) -> None:
    clipped = np.clip(1.5 * np.sin(2 * np.pi * frequency * T), -1, 1).astype(np.float32)
    assert clipped_samples(clipped[None]) > 0.4 * len(T)
    assert clipped_samples(0.9 * clipped[None]) > 0.4 * len(T), "clipped, then turned down"


@pytest.mark.parametrize("frequency", [20.0, 60.0, 441.0, 5000.0])
def test_full_scale_tones_are_not_called_clipped(frequency: float) -> None:
    tone = np.round(32767 * np.sin(2 * np.pi * frequency * T)) / 32768
    assert clipped_samples(tone.astype(np.float32)[None]) == 0
