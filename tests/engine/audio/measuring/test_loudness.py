"""Loudness as ITU-R BS.1770 measures it, and the remarks on a sound's quality."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import sosfilt

from distill_engine.audio.measuring.distances import distances, snr_db
from distill_engine.audio.measuring.loudness import SILENT_LUFS, LoudnessMeter, k_biquads, loudness_lufs
from distill_engine.audio.measuring.quality import Quality, QualityMeter

RATE = 44100


def sine(level_db: float, seconds: float = 4.0, hertz: float = 997.0, rate: int = RATE) -> np.ndarray:
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)
    return np.stack([wave, wave]).astype(np.float32)


def measured(samples: np.ndarray, rate: int = RATE, block: int = 5000) -> Quality:
    meter = QualityMeter(rate, len(samples))
    for start in range(0, samples.shape[1], block):
        meter.process(samples[:, start : start + block])
    return meter.result()


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize("level", [-23.0, -33.0, -3.01])
def test_a_stereo_sine_of_997_hz_reads_its_peak_level(level: float, rate: int) -> None:
    assert loudness_lufs(sine(level, rate=rate), rate) == pytest.approx(level, abs=0.05)


def test_a_mono_sine_at_full_scale_reads_minus_3_01() -> None:
    assert loudness_lufs(sine(0.0)[:1], RATE) == pytest.approx(-3.01, abs=0.02)


@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_the_weighting_is_that_of_the_recursive_filters(rate: int) -> None:
    sound = np.random.default_rng(0).standard_normal((2, rate)).astype(np.float32)
    meter = LoudnessMeter(rate, 2)
    weighted = sosfilt(np.array([[*b, *a] for b, a in k_biquads(rate)]), sound.astype(np.float64), axis=1)
    steps = weighted.reshape(2, 10, -1)
    meter.process(sound)
    assert np.concatenate(meter._powers) == pytest.approx(np.square(steps).mean(axis=2).sum(axis=0), rel=1e-9)


def test_quiet_places_pass_no_gate() -> None:
    """Tech 3341, cases 3 and 4: -36, -23, -36 dB and with -72 dB around give -23 LUFS."""
    parts = [sine(-72, 5), sine(-36, 5), sine(-23, 20), sine(-36, 5), sine(-72, 5)]
    assert loudness_lufs(np.concatenate(parts, axis=1), RATE) == pytest.approx(-23.0, abs=0.1)


def test_silence_and_sounds_of_a_moment_have_a_loudness() -> None:
    assert loudness_lufs(np.zeros((2, RATE), np.float32), RATE) == SILENT_LUFS
    assert loudness_lufs(np.zeros((2, 0), np.float32), RATE) == SILENT_LUFS
    assert loudness_lufs(sine(-23, 0.35), RATE) == pytest.approx(-23.0, abs=0.5)


def test_blocks_of_any_size_give_the_same_loudness() -> None:
    sound = np.random.default_rng(0).standard_normal((2, RATE * 2)).astype(np.float32) * 0.1
    meter = LoudnessMeter(RATE, 2)
    for start in range(0, sound.shape[1], 777):
        meter.process(sound[:, start : start + 777])
    assert meter.lufs == pytest.approx(loudness_lufs(sound, RATE), abs=1e-9)


def test_a_clean_sound_is_good() -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, RATE * 2)).astype(np.float32)
    found = measured(noise)
    assert found.verdict == "good"
    assert found.bandwidth_hz > 21000
    assert found.noise_floor_db == pytest.approx(-20, abs=1)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda x: x * 0, "silent"),
        (lambda x: np.clip(x * 8, -1, 1), "clips at"),
        (lambda x: x + 0.05, "not centred"),
        (lambda x: x * 0.005, "quiet"),
        (lambda x: np.concatenate([x, x * 0, x * 0], axis=1), "66% of it is silent"),
        (lambda x: sine(-12), "nothing above"),
        (lambda x: x * np.where(np.arange(x.shape[1]) % 20000 < 10000, 1, 0.1), "quiet places are noisy"),
    ],
)
def test_what_is_wrong_is_said(spoil, words: str) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, RATE * 2)).astype(np.float32)
    found = measured(spoil(noise).astype(np.float32))
    assert any(words in remark for remark in found.remarks), found


def test_a_run_at_full_scale_counts_once_however_it_is_cut() -> None:
    sound = np.zeros((1, 100), np.float32)
    sound[0, 8:13] = 1.0
    sound[0, 30] = -1.0
    sound[0, 50:90] = -1.0
    assert [measured(sound, block=block).clipped for block in (1, 3, 10, 100)] == [2, 2, 2, 2]


def test_a_sound_of_no_samples_is_silent() -> None:
    assert QualityMeter(RATE, 2).result().remarks == ("it is silent",)


def test_distances_are_zero_for_the_same_and_grow() -> None:
    generator = np.random.default_rng(0)
    sound = (0.1 * generator.standard_normal(RATE)).astype(np.float32)
    near = sound + (0.001 * generator.standard_normal(RATE)).astype(np.float32)
    other = (0.1 * generator.standard_normal(RATE)).astype(np.float32)
    same, close, far = distances(sound, sound), distances(sound, near), distances(sound, other)
    assert same["snr_db"] == 150.0
    assert same["mr_stft"] == same["log_mel"] == 0.0
    assert close["snr_db"] == pytest.approx(40, abs=0.5)
    assert far["snr_db"] is None
    for name in ("spectral_convergence", "log_mel", "mr_stft"):
        assert (same[name] or 0) < (close[name] or 0) < (far[name] or 0)
    assert snr_db(np.zeros(10, np.float32), sound[:10]) is None
    assert distances(sound[:500], sound)["log_mel"] == 0.0
