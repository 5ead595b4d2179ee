"""The measure of clicks finds what was put in and nothing that belongs to the sound."""

from __future__ import annotations

import numpy as np
import pytest

from measures.clicks import clicks, found_of_inserted, insert

RATE = 48000


def sounds() -> dict[str, np.ndarray]:
    rng, t = np.random.default_rng(1), np.arange(2 * RATE) / RATE
    noise = 0.1 * rng.standard_normal(len(t))
    phase = 2 * np.pi * np.cumsum(220 * 2 ** np.abs((30 * t / 60) % 2 - 1)) / RATE
    strokes = noise * np.exp(-((t % 0.4) / 0.08)) * np.minimum(1.0, (t % 0.4) / 0.004)
    return {
        "noise": noise,
        "gliding tone": 0.3 * np.sin(phase) + 0.1 * np.sin(3 * phase) + 1e-4 * rng.standard_normal(len(t)),
        "strokes": strokes + 1e-4 * rng.standard_normal(len(t)),
        "noise whose level moves 30 times a second": noise * (1 + np.sin(2 * np.pi * 30 * t)),
    }


@pytest.mark.parametrize("name", sounds())
def test_sounds_without_clicks_have_none(name: str) -> None:
    assert not len(clicks(sounds()[name]))


@pytest.mark.parametrize("kind", ["step", "sample"])
@pytest.mark.parametrize(("name", "share"), [("gliding tone", 0.2), ("noise", 20.0), ("strokes", 20.0)])
def test_inserted_clicks_are_found(name: str, share: float, kind: str) -> None:
    assert found_of_inserted(sounds()[name], kind, share, count=12) >= 0.9


def test_a_gap_and_a_step_are_found_where_they_are() -> None:
    tone = sounds()["gliding tone"]
    for kind, size in (("gap", 0.0), ("step", 0.2)):
        found = clicks(insert(tone, 40_000, kind, size))
        assert len(found)
        assert np.abs(found - 40_000).min() <= 2
