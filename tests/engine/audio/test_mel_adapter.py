"""Mels change their definition without changing the sound: frequency, level, duration and time."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import soxr

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.mel import hz_to_mel, mel_spectrogram, mel_to_hz
from distill_engine.audio.mel_adapter import MelAdapter
from distill_engine.audio.mel_config import DEFAULT_MEL, MelConfig
from distill_engine.errors import ConfigError

MELS = {
    "default": DEFAULT_MEL,
    "v1": MelConfig(48000, 2048, 2048, 512, 128, 0.0, 24000.0, "htk", False, 2, "log1p"),
    "hifigan-22k": MelConfig(22050, 1024, 1024, 256, 80, 0.0, 8000.0),
    "bigvgan-24k": MelConfig(24000, 1024, 1024, 256, 100, 0.0, 12000.0),
}
PAIRS = [(a, b) for a, b in permutations(MELS, 2) if "default" in (a, b)]


def centres(config: MelConfig) -> Float32Array:
    low, high = hz_to_mel([config.f_min, config.f_max], config.scale)
    return np.asarray(mel_to_hz(np.linspace(low, high, config.bands + 2), config.scale)[1:-1], np.float32)


def magnitudes(mel: Float32Array, config: MelConfig) -> Float32Array:
    linear = np.expm1(mel) if config.compression == "log1p" else np.exp(mel)
    return np.asarray(linear ** (1.0 / config.power))


def frequency_and_level(frame: Float32Array, config: MelConfig) -> tuple[float, float]:
    """Hz and dB of the strongest peak of one frame [bands]."""
    linear = magnitudes(frame, config)
    peak = int(np.argmax(linear))
    around = slice(max(0, peak - 2), peak + 3)
    frequency = float((linear[around] * centres(config)[around]).sum() / linear[around].sum())
    return frequency, float(10 * np.log10((linear[around] ** 2).sum()))


def sine(frequency: float, amplitude: float, config: MelConfig, seconds: float = 0.6) -> Float32Array:
    time = np.arange(int(seconds * config.sample_rate)) / config.sample_rate
    return (amplitude * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


@pytest.mark.parametrize(("a", "b"), PAIRS)
@pytest.mark.parametrize("amplitude", [0.5, 0.03])
def test_a_sine_keeps_frequency_level_and_duration(a: str, b: str, amplitude: float) -> None:
    source, target = MELS[a], MELS[b]
    adapter = MelAdapter(source, target)
    for wanted in np.geomspace(100.0, min(10000.0, 0.95 * min(source.f_max, target.f_max)), 20):
        converted = adapter.convert(mel_spectrogram(sine(wanted, amplitude, source), source))
        reference = mel_spectrogram(sine(wanted, amplitude, target), target)
        assert abs(converted.shape[1] - reference.shape[1]) <= 1
        frequency, level = frequency_and_level(converted[:, 20], target)
        true_frequency, true_level = frequency_and_level(reference[:, 20], target)
        assert frequency == pytest.approx(true_frequency, rel=0.02), wanted
        assert level == pytest.approx(true_level, abs=0.5), wanted


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_noise_keeps_its_level_in_every_band(a: str, b: str) -> None:
    source, target = MELS[a], MELS[b]
    noise = np.random.default_rng(0).normal(0, 0.1, 96000 * 2)
    of_source, of_target = (
        mel_spectrogram(soxr.resample(noise, 96000, c.sample_rate).astype(np.float32), c) for c in (source, target)
    )
    converted = MelAdapter(source, target).convert(of_source)
    count = min(converted.shape[1], of_target.shape[1])
    heard = centres(target) < 0.93 * min(source.f_max, target.f_max)
    difference = (converted[:, :count] - of_target[:, :count])[heard]
    assert np.abs(difference).mean() < 0.15
    assert abs(difference.mean()) < 0.03


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_a_click_stays_at_its_time(a: str, b: str) -> None:
    source, target = MELS[a], MELS[b]

    def click(config: MelConfig) -> Float32Array:
        samples = np.zeros(config.sample_rate, np.float32)
        samples[int(0.42 * config.sample_rate)] = 1.0
        return mel_spectrogram(samples, config)

    converted = magnitudes(MelAdapter(source, target).convert(click(source)), target).sum(0)
    times = (np.arange(len(converted)) + 0.5) / target.frame_rate
    assert (converted * times).sum() / converted.sum() == pytest.approx(0.42, abs=0.006)


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_a_sweep_is_at_every_moment_where_it_was(a: str, b: str) -> None:
    source, target = MELS[a], MELS[b]

    def sweep(config: MelConfig) -> Float32Array:
        time = np.arange(2 * config.sample_rate) / config.sample_rate
        return mel_spectrogram((0.3 * np.sin(2 * np.pi * (300 * time + 900 * time**2))).astype(np.float32), config)

    converted = MelAdapter(source, target).convert(sweep(source))
    for moment in (0.3, 0.9, 1.5):
        frequency, _ = frequency_and_level(converted[:, round(moment * target.frame_rate - 0.5)], target)
        assert frequency == pytest.approx(300 + 1800 * moment, rel=0.03)


def test_what_the_source_cannot_contain_is_silence() -> None:
    source, target = MELS["hifigan-22k"], DEFAULT_MEL
    noise = np.random.default_rng(0).normal(0, 0.1, 22050).astype(np.float32)
    converted = MelAdapter(source, target).convert(mel_spectrogram(noise, source))
    silent = centres(target) > 9000.0
    assert converted[silent].max() == pytest.approx(np.log(target.floor))


def test_silence_stays_silence_and_equal_definitions_change_nothing() -> None:
    silence = mel_spectrogram(np.zeros(8192, np.float32))
    target = MELS["v1"]
    assert MelAdapter(DEFAULT_MEL, target).convert(silence).max() < 1e-3
    mel = np.random.default_rng(0).normal(size=(128, 7)).astype(np.float32)
    np.testing.assert_array_equal(MelAdapter(DEFAULT_MEL, DEFAULT_MEL).convert(mel), mel)
    assert MelAdapter(DEFAULT_MEL, target).convert(silence[:, :0]).shape == (128, 0)


def test_a_long_mel_is_converted_like_its_parts() -> None:
    adapter = MelAdapter(MELS["hifigan-22k"], DEFAULT_MEL)  # equal frame rates: frame by frame
    mel = np.random.default_rng(0).normal(-4, 1, size=(80, 600)).astype(np.float32)
    parts = np.concatenate([adapter.convert(mel[:, :100]), adapter.convert(mel[:, 100:])], axis=1)
    np.testing.assert_allclose(adapter.convert(mel), parts, atol=1e-5)


def test_the_wrong_number_of_bands_is_refused() -> None:
    with pytest.raises(ConfigError, match="80, frames"):
        MelAdapter(MELS["hifigan-22k"], DEFAULT_MEL).convert(np.zeros((128, 3), np.float32))
