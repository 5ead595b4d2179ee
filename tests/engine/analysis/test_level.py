"""The level surface, fitted to models whose level is known."""

import numpy as np
import pytest

from distill_engine.analysis.level import LevelSurface, block_peaks, gated_db, level_surface, mel_level_db, trim_for
from distill_engine.analysis.region import Region, fit_region
from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.errors import AnalysisError

DIMENSIONS, BANDS = 6, 128


@pytest.fixture
def region() -> Region:
    rng = np.random.default_rng(3)
    return fit_region(rng.standard_normal((DIMENSIONS, DIMENSIONS)) @ rng.standard_normal((DIMENSIONS, 500)))


def _flat(level: np.ndarray) -> np.ndarray:
    """Return a log-mel [bands, F] with the level [F] in dB in every band."""
    return np.repeat((level / 20 * np.log(10))[None], BANDS, axis=0).astype(np.float32)


def _bent(white: np.ndarray) -> np.ndarray:
    """Return a level in dB with a slope and a bend, of whitened latents."""
    return -30 + 8 * white[0] - 6 * white[2] + 3 * white[1] * white[3] + 2 * white[4] ** 2


def test_places_are_brought_to_one_level(region: Region) -> None:
    def decode(latents: np.ndarray) -> np.ndarray:
        return _flat(_bent(region.whitening @ (latents - region.centre[:, None])))

    corpus = region.centre[:, None] + 0.3 * region.colouring @ np.random.default_rng(5).standard_normal(
        (DIMENSIONS, 300)
    )
    surface = level_surface(decode, region, corpus)
    assert surface is not None
    places = np.random.default_rng(9).standard_normal((DIMENSIONS, 400))
    moved = np.stack([surface.onto(place) for place in places.T], axis=1)
    assert np.std(_bent(moved)) < 0.25 * np.std(_bent(places))
    assert np.median(np.linalg.norm(moved - places, axis=0)) < np.median(np.linalg.norm(places, axis=0))
    aim = _bent(region.whitening @ (corpus - region.centre[:, None]))
    assert gated_db(10 ** (_bent(moved) / 10)) == pytest.approx(gated_db(10 ** (aim / 10)), abs=1.0)
    again = level_surface(decode, region, corpus)
    assert again is not None
    assert np.array_equal(surface.bend, again.bend)


def test_the_level_counts_every_band_by_its_power(region: Region) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, 44100))
    dull = np.convolve(noise[1], 0.97 ** np.arange(300), "same")
    sounds = [x.astype(np.float32) for x in (noise[0], dull)]
    levels = [mel_level_db(mel_spectrogram(x), DEFAULT_MEL).mean() for x in sounds]
    powers = [10 * np.log10(np.mean(np.square(x))) for x in sounds]
    assert levels[0] - levels[1] == pytest.approx(powers[0] - powers[1], abs=2.0)


def test_a_level_that_follows_no_place_has_no_surface(region: Region) -> None:
    corpus = np.zeros((DIMENSIONS, 10))
    assert level_surface(lambda latents: _flat(np.full(latents.shape[1], -20.0)), region, corpus) is None
    assert level_surface(lambda latents: _flat(-20 + 10 * np.cos(40 * latents[0])), region, corpus) is None


def test_a_surface_survives_its_file_and_damage_is_an_error() -> None:
    surface = LevelSurface(2.0, np.arange(3.0), np.eye(3))
    part = {name: array.astype(np.float32) for name, array in surface.to_part().items()}
    read = LevelSurface.from_part(part, 3)
    assert read is not None
    assert np.array_equal(read.onto(np.ones(3)), surface.onto(np.ones(3)))
    assert LevelSurface.from_part({}, 3) is None
    for name, damage in (("slope", np.ones(4)), ("bend", np.full((3, 3), np.nan)), ("excess", np.zeros(0))):
        with pytest.raises(AnalysisError, match="level surface is damaged: run `distill analyse` again"):
            LevelSurface.from_part({**part, f"level_{name}": damage.astype(np.float32)}, 3)


def test_a_trim_keeps_most_attacks_below_full_scale() -> None:
    held = np.full((1, 8 * 44_100), 0.1, np.float32)
    assert trim_for(-20.0, block_peaks(held)) == pytest.approx(4.0)  # to -16 dB, the peak to 0.16
    struck = held.copy()
    struck[0, ::44_100] = 0.8
    assert trim_for(-20.0, block_peaks(struck)) == pytest.approx(-20 * np.log10(0.8))
    struck[0, : 3 * 44_100] = 0.1  # one of four stretches has attacks: they go to the limiter
    struck[0, 4 * 44_100 :] = 0.1
    assert trim_for(-20.0, block_peaks(struck)) == pytest.approx(4.0)
    assert trim_for(-np.inf, block_peaks(np.zeros((2, 1000), np.float32))) == 30.0
