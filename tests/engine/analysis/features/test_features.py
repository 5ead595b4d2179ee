"""Every feature on signals with a known result."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from distill_engine.analysis.features.spectral import erb_rate
from distill_engine.analysis.features.table import FEATURES, NAMES, extract, summarise
from distill_engine.errors import AnalysisError

RATE = 44100
TIME = np.arange(2 * RATE) / RATE
NOISE = np.random.default_rng(0).standard_normal(2 * RATE)


def sine(frequency: float, amplitude: float = 0.5) -> npt.NDArray[np.float32]:
    return (amplitude * np.sin(2 * np.pi * frequency * TIME)).astype(np.float32)


def measured(samples: npt.NDArray[np.floating], name: str) -> float:
    track = extract(samples.astype(np.float32))
    return float(summarise(track, 20, -20)[NAMES.index(name)])


def test_a_full_scale_997_hz_sine_has_minus_three_lufs() -> None:
    assert measured(sine(997, 1.0), "loudness") == pytest.approx(-3.01, abs=0.1)  # BS.1770-4, annex 1


def test_loudness_follows_gain_and_nothing_else_does() -> None:
    sound = sine(440) + 0.05 * NOISE
    soft, loud = (summarise(extract((gain * sound).astype(np.float32)), 20, -20) for gain in (0.1, 1.0))
    assert loud[0] - soft[0] == pytest.approx(20.0, abs=0.05)
    np.testing.assert_allclose(soft[1:8], loud[1:8], atol=0.1)


@pytest.mark.parametrize("frequency", [200.0, 1000.0, 5000.0])
def test_the_brightness_of_a_sine_is_its_place_on_the_erb_scale(frequency: float) -> None:
    assert measured(sine(frequency), "brightness") == pytest.approx(float(erb_rate(frequency)), abs=0.6)


def test_spread_is_small_for_a_sine_and_large_for_noise() -> None:
    assert measured(sine(1000), "spread") < 1.0
    assert measured(0.1 * NOISE, "spread") > 8.0


def test_warmth_is_the_ratio_of_low_to_high_energy() -> None:
    assert measured(sine(100) + sine(2000), "warmth") == pytest.approx(0.0, abs=0.2)
    assert measured(sine(100) + 0.1 * sine(2000), "warmth") == pytest.approx(20.0, abs=0.2)


def test_noisiness_grows_with_the_share_of_noise_and_ignores_its_colour() -> None:
    mixtures = [measured(sine(440) + share * NOISE, "noisiness") for share in (0.0, 0.01, 0.1, 1.0)]
    assert mixtures == sorted(mixtures)
    brown = np.cumsum(NOISE - NOISE.mean()) * 0.001
    assert measured(brown, "noisiness") == pytest.approx(measured(0.1 * NOISE, "noisiness"), abs=0.5)


def test_roughness_is_greatest_for_partials_a_quarter_of_a_critical_band_apart() -> None:
    pairs = {apart: measured(sine(1000) + sine(1000 + apart), "roughness") for apart in (60, 250, 700)}
    assert pairs[60] > 2 * pairs[250] > 4 * pairs[700]
    assert measured(sine(1000), "roughness") == pytest.approx(0.0, abs=1e-6)


def test_roughness_does_not_depend_on_level() -> None:
    pair = sine(1000) + sine(1070)
    assert measured(0.1 * pair, "roughness") == pytest.approx(measured(pair, "roughness"), rel=0.02)


@pytest.mark.parametrize("ratio_db", [0.0, 10.0, 20.0])
def test_harmonicity_is_the_ratio_of_tone_to_noise(ratio_db: float) -> None:
    tone = sine(220)
    noise = NOISE * np.sqrt(np.mean(tone.astype(np.float64) ** 2) / 10 ** (ratio_db / 10))
    assert measured(tone + noise, "harmonicity") == pytest.approx(ratio_db, abs=1.5)


@pytest.mark.parametrize("note", [33, 57, 69, 93, 97, 108])
def test_pitch_is_the_fundamental_of_a_harmonic_tone(note: int) -> None:
    frequency = 440 * 2 ** ((note - 69) / 12)
    tone = sum(np.sin(2 * np.pi * k * frequency * TIME) / k for k in range(1, 8) if k * frequency < 20_000)
    assert measured(0.2 * np.asarray(tone), "pitch") == pytest.approx(note, abs=0.1)


def test_the_pitch_of_noise_is_undefined() -> None:
    track = extract((0.1 * NOISE).astype(np.float32))
    assert np.isnan(summarise(track)[NAMES.index("pitch")])
    assert np.median(track.confidence) < 0.5


@pytest.mark.parametrize("rate", [2, 4, 8])
def test_density_counts_strokes(rate: int) -> None:
    strokes = np.zeros(2 * RATE)
    strokes[RATE // 10 :: RATE // rate] = 1.0
    sound = np.convolve(strokes, NOISE[:2000] * np.exp(-np.arange(2000) / 300))[: 2 * RATE]
    track = extract((0.3 * sound).astype(np.float32))
    assert np.count_nonzero(track.onsets) == 2 * rate
    assert measured(0.1 * NOISE, "density") == 0.0


def test_attack_tells_strokes_from_swells() -> None:
    swell = NOISE * 0.1 * (0.5 - 0.5 * np.cos(2 * np.pi * 2 * TIME))
    stroke = NOISE * 0.1 * np.exp(-((2 * TIME) % 1.0) * 6)
    assert measured(stroke, "attack") > 1.5 * measured(swell, "attack")


def test_movement_grows_with_the_depth_of_modulation() -> None:
    depths = [measured(NOISE * 0.1 * (1 + m * np.sin(2 * np.pi * 4 * TIME)), "movement") for m in (0.0, 0.3, 0.9)]
    assert depths[0] < depths[1] < depths[2]


def test_silence_has_a_level_and_no_timbre() -> None:
    values = summarise(extract(np.zeros(RATE, np.float32)))
    assert values[NAMES.index("loudness")] == -120.0
    assert all(np.isnan(values[i]) for i, f in enumerate(FEATURES) if f.kind == "steady" and f.name != "loudness")
    assert values[NAMES.index("density")] == 0.0


def test_there_is_one_frame_per_hop_and_at_least_one() -> None:
    assert extract(np.zeros(5 * 512, np.float32)).frames == 5
    assert extract(np.ones(3, np.float32)).frames == 1


@pytest.mark.parametrize("samples", [np.array([np.nan], np.float32), np.zeros((2, 512), np.float32), np.zeros(0)])
def test_what_is_not_mono_sound_is_refused(samples: npt.NDArray[np.float32]) -> None:
    with pytest.raises(AnalysisError):
        extract(samples)
