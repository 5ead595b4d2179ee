"""The direction in which a model grows louder, found on models whose level is known."""

import numpy as np
import pytest

from distill_engine.analysis.level import level_axis
from distill_engine.analysis.region import Region, fit_region

DIMENSIONS, BANDS = 6, 128


@pytest.fixture
def region() -> Region:
    rng = np.random.default_rng(3)
    return fit_region(rng.standard_normal((DIMENSIONS, DIMENSIONS)) @ rng.standard_normal((DIMENSIONS, 500)))


def _flat(level: np.ndarray) -> np.ndarray:
    """A log-mel [bands, F] of one level [F] in dB."""
    return np.repeat((level / 20 * np.log(10))[None], BANDS, axis=0).astype(np.float32)


def test_the_direction_of_a_known_level_is_found(region: Region) -> None:
    true = np.array([3.0, 0.0, -4.0, 0.0, 0.0, 0.0]) / 5

    def decode(latents: np.ndarray) -> np.ndarray:
        white = region.whitening @ (latents - region.centre[:, None])
        return _flat(-30 + 8 * true @ white + 4 * np.tanh(white[1]))

    axis = level_axis(decode, region)
    assert axis is not None
    assert np.linalg.norm(axis) == pytest.approx(1.0)
    assert true @ axis > 0.85
    assert np.array_equal(axis, level_axis(decode, region))


def test_a_level_that_follows_no_direction_has_none(region: Region) -> None:
    assert level_axis(lambda latents: _flat(np.full(latents.shape[1], -20.0)), region) is None
    assert level_axis(lambda latents: _flat(-20 + 10 * np.cos(40 * latents[0])), region) is None
