"""Noisiness and attack: partials come and go at a level that stays, and the first moments of a sound rise."""

from __future__ import annotations

import numpy as np
import pytest

from distill_engine.analysis.stretches.shaping import ATTACK, NOISINESS, RISE_NATS, Shaping
from distill_engine.analysis.stretches.skeleton import Skeleton, frame_levels

BANDS = 128
NAMES = ("loudness", NOISINESS, ATTACK)


@pytest.fixture
def skeleton() -> Skeleton:
    """All components of white frames around -5 nats."""
    basis, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((BANDS, BANDS)))
    arrays = (basis, np.full(BANDS, -5.0), np.full(BANDS, 0.7), np.full(BANDS, 3.0))
    return Skeleton(*(np.asarray(array, np.float32) for array in arrays))


def values(noisiness: float = 0.0, attack: float = 0.0) -> np.ndarray:
    return np.array([0.0, noisiness, attack])


def roughness(mel: np.ndarray) -> float:
    """Return the mean difference of neighbouring bands of a mel [bands, T], in nats."""
    return float(np.abs(np.diff(mel, axis=0)).mean())


def test_partials_give_way_to_noise_or_stand_out_and_the_level_stays(skeleton: Skeleton) -> None:
    mel = -4.0 + np.tile(np.where(np.arange(BANDS) % 6 == 0, 3.0, 0.0)[:, None], 5)
    latents = skeleton.encode(mel)
    shaped = [
        skeleton.decode(Shaping(skeleton, NAMES).noisier(latents, values(p))) for p in (-1.0, -0.5, 0.0, 0.5, 1.0)
    ]
    found = [roughness(one) for one in shaped]
    assert found == sorted(found, reverse=True)
    assert found[0] > 1.4 * roughness(mel)
    assert found[-1] < 0.6 * roughness(mel)
    for one in shaped:
        assert np.abs(frame_levels(one) - frame_levels(mel)).max() < 1e-4


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_at_rest_and_without_the_control_latents_stay_bit_for_bit(skeleton: Skeleton, value: float) -> None:
    latents = np.random.default_rng(1).standard_normal((BANDS, 3))
    assert np.array_equal(Shaping(skeleton, NAMES).noisier(latents, values(value)), latents)
    assert np.array_equal(Shaping(skeleton, ("loudness",)).noisier(latents, values(1.0)), latents)
    assert not Shaping(skeleton, ("loudness",)).attack(latents[:, 0], values(0.0, 1.0)).any()


def levels_added(shaping: Shaping, skeleton: Skeleton, levels: list[float], attack: float) -> np.ndarray:
    """Return what the control adds to flat frames of these levels, in nats."""
    added = [shaping.attack(skeleton.encode(np.full((BANDS, 1), level))[:, 0], values(0.0, attack)) for level in levels]
    return np.array([float(skeleton.change(one).mean()) for one in added])


@pytest.mark.parametrize("attack", [1.0, 0.5, -1.0])
def test_the_first_moments_of_a_sound_rise_or_fall_and_a_steady_sound_does_not(
    skeleton: Skeleton, attack: float
) -> None:
    silence = [-11.5] * 10
    added = levels_added(Shaping(skeleton, NAMES), skeleton, [*silence, *[-2.0] * 60, *[-6.0] * 10], attack)
    assert np.abs(added[:10]).max() < 0.05
    assert added[10] == pytest.approx(attack * RISE_NATS, rel=1e-3)
    assert (np.diff(added[10:70] * np.sign(attack)) < 0).all()
    assert abs(added[69]) < 0.01
    assert np.abs(added[70:]).max() < 1e-5


def test_what_is_not_finite_leaves_no_trace(skeleton: Skeleton) -> None:
    shaping = Shaping(skeleton, NAMES)
    levels_added(shaping, skeleton, [-5.0] * 20, 1.0)
    before = shaping.level
    assert not shaping.attack(np.full(BANDS, np.nan), values(0.0, 1.0)).any()
    assert shaping.level == before
