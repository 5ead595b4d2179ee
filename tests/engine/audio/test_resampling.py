"""Sample-rate conversion: right pitch, right time, no drift, and streams that equal the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_engine.audio.resampling import StreamingResampler, resample, resampled_length
from distill_engine.errors import ConfigError

PAIRS = [
    (44100, 48000),
    (48000, 44100),
    (44100, 88200),
    (44100, 96000),
    (44100, 192000),
    (96000, 44100),
    (22050, 44100),
]


def streamed(x: np.ndarray, source: int, target: int, sizes: list[int]) -> np.ndarray:
    stream = StreamingResampler(source, target, x.shape[0])
    pieces, start, turn = [], 0, 0
    while start < x.shape[1]:
        size = sizes[turn % len(sizes)]
        pieces.append(stream.process(x[:, start : start + size]))
        start, turn = start + size, turn + 1
    return np.concatenate([*pieces, stream.flush()], axis=1)


def sine(frequency: float, rate: int, length: int) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(length) / rate)).astype(np.float32)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_sine_keeps_pitch_phase_and_level(source: int, target: int) -> None:
    x = sine(997.0, source, source // 2)
    expected = sine(997.0, target, resampled_length(len(x), source, target))
    for y in (resample(x, source, target), streamed(x[None], source, target, [512])[0]):
        assert len(y) == len(expected)
        assert np.abs(y - expected)[1000:-1000].max() < 3e-6


@pytest.mark.parametrize(("source", "target"), PAIRS)
@pytest.mark.parametrize("sizes", [[512], [1, 700, 3], [4096], [64, 0, 1]])
def test_streamed_equals_whole_bit_for_bit(source: int, target: int, sizes: list[int]) -> None:
    x = np.random.default_rng(0).standard_normal((2, 9001)).astype(np.float32)
    np.testing.assert_array_equal(streamed(x, source, target, sizes), streamed(x, source, target, [x.shape[1]]))


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_the_stream_agrees_with_soxr_in_the_audible_band(source: int, target: int) -> None:
    rng = np.random.default_rng(1)
    top = 0.42 * min(source, target)
    x = np.zeros(source // 2)
    t = np.arange(len(x)) / source
    for frequency in rng.uniform(20, top, 40):
        x += 0.02 * np.sin(2 * np.pi * frequency * t + rng.uniform(0, 6.28))
    x = x.astype(np.float32)
    difference = streamed(x[None], source, target, [512])[0] - resample(x, source, target)
    assert np.abs(difference)[2000:-2000].max() < 5e-5  # 86 dB below full scale


def test_what_lies_above_the_new_nyquist_frequency_is_gone() -> None:
    x = sine(40000.0, 96000, 48000)
    for y in (resample(x, 96000, 44100), streamed(x[None], 96000, 44100, [512])[0]):
        assert np.abs(y)[500:-500].max() < 3e-5


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_pulse_stays_at_its_time(source: int, target: int) -> None:
    at = 9800.3
    x = np.exp(-0.5 * ((np.arange(20000) - at) / 4.0) ** 2).astype(np.float32)[None]
    for y in (resample(x, source, target), streamed(x, source, target, [512])):
        centre = float(np.sum(np.arange(y.shape[1]) * y[0].astype(np.float64)) / np.sum(y[0], dtype=np.float64))
        assert abs(centre / target - at / source) < 0.01 / source


@pytest.mark.parametrize(("source", "target"), [(44100, 48000), (48000, 44100)])
def test_no_drift_over_sixty_seconds(source: int, target: int) -> None:
    stream = StreamingResampler(source, target, 1)
    pieces = []
    phase = np.arange(512)
    for block in range(60 * source // 512):
        pieces.append(
            stream.process(np.sin(2 * np.pi * 440.0 * (block * 512 + phase) / source).astype(np.float32)[None])
        )
        assert pieces[-1].shape[1] <= resampled_length(512, source, target)
    y = np.concatenate([*pieces, stream.flush()], axis=1)[0]
    assert len(y) == resampled_length(60 * source // 512 * 512, source, target)
    tail = np.arange(len(y) - 5000, len(y) - 200)
    assert np.abs(y[tail] - np.sin(2 * np.pi * 440.0 * tail / target)).max() < 1e-5


def test_every_block_gets_its_share_after_the_stated_delay() -> None:
    stream = StreamingResampler(44100, 48000, 2)
    assert stream.delay_samples == 48
    received = 0
    for block in range(1, 50):
        received += stream.process(np.zeros((2, 512), np.float32)).shape[1]
        assert abs(received - (512 * block - stream.delay_samples) * 160 / 147) <= 2


def test_equal_rates_pass_through_without_delay() -> None:
    x = np.random.default_rng(0).standard_normal((2, 100)).astype(np.float32)
    stream = StreamingResampler(44100, 44100, 2)
    assert stream.delay_samples == 0
    np.testing.assert_array_equal(stream.process(x), x)
    assert stream.flush().shape == (2, 0)
    np.testing.assert_array_equal(resample(x, 44100, 44100), x)


def test_a_flushed_stream_starts_anew() -> None:
    x = np.random.default_rng(0).standard_normal((1, 3000)).astype(np.float32)
    stream = StreamingResampler(44100, 48000, 1)
    first = np.concatenate([stream.process(x), stream.flush()], axis=1)
    second = np.concatenate([stream.process(x), stream.flush()], axis=1)
    np.testing.assert_array_equal(first, second)


def test_constant_stays_constant() -> None:
    y = streamed(np.full((1, 5000), 0.7, np.float32), 44100, 48000, [512])
    np.testing.assert_allclose(y[0, 100:-100], 0.7, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(PAIRS), st.integers(0, 3000), st.integers(1, 2))
def test_length_covers_the_source(pair: tuple[int, int], length: int, channels: int) -> None:
    x = np.zeros((channels, length), np.float32)
    expected = resampled_length(length, *pair)
    assert expected >= length * pair[1] / pair[0] > expected - 1
    assert resample(x, *pair).shape == (channels, expected)
    assert streamed(x, *pair, [333]).shape == (channels, expected)


@pytest.mark.parametrize(
    ("source", "target", "channels"), [(0, 44100, 1), (44100, -1, 1), (44100, 48000, 0), (44100, 99991, 1)]
)
def test_impossible_rates_are_refused(source: int, target: int, channels: int) -> None:
    with pytest.raises(ConfigError):
        StreamingResampler(source, target, channels)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ConfigError, match="shape"):
        StreamingResampler(44100, 48000, 2).process(np.zeros((1, 10), np.float32))
    with pytest.raises(ConfigError):
        resample(np.zeros(4, np.float32), 0, 44100)
