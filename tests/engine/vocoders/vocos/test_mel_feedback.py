"""Mel feedback: adds what the mel lacks; streams equal the whole; rounding errors decay."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.mel_config import MelConfig
from distill_engine.vocoders.vocos.constant_tables import computed, constant_name, mel_filters
from distill_engine.vocoders.vocos.mel_feedback import MAXIMUM_ERROR, MAXIMUM_RISE, MelFeedback
from distill_engine.vocoders.vocos.phase_continuation import PhaseContinuation

N_FFT, HOP, BANDS = 1024, 256, 128
BINS = N_FFT // 2 + 1


@pytest.fixture(scope="module")
def feedback() -> MelFeedback:
    return MelFeedback(BANDS, N_FFT, HOP, N_FFT // 2)


@pytest.fixture(scope="module")
def hiss() -> np.ndarray:
    noise = 0.1 * np.random.default_rng(0).standard_normal(HOP * 200)
    return np.asarray(noise, np.float32)


def mid_sound(feedback: MelFeedback, sound: np.ndarray, start: int) -> tuple[Tensor, Tensor]:
    """Return the feedback's input in mid-sound, without what later spectra add, and the mel."""
    window = MelConfig().window
    piece = torch.from_numpy(sound[start : start + window])
    fade = torch.hann_window(N_FFT) * 2 * HOP / N_FFT
    covered = sum(
        torch.nn.functional.pad(fade, (at + N_FFT, 3 * window - at - 2 * N_FFT))
        for at in range(feedback.past + HOP, -N_FFT, -HOP)
    )
    assert isinstance(covered, Tensor)
    spectrum = torch.fft.rfft(piece * torch.hann_window(window)).abs()
    mel = torch.log(torch.tensor(mel_filters(BANDS)) @ spectrum)
    given = (piece * covered[N_FFT : N_FFT + window])[: feedback.past + N_FFT + HOP]
    return given[None], mel[None]


def added(feedback: MelFeedback, samples: Tensor, mel: Tensor) -> Tensor:
    """Return what a correction adds if the running mean of the error is zero."""
    return feedback(samples, mel, torch.zeros_like(mel))[0]


def test_a_sound_that_is_right_is_nearly_left_alone_and_one_that_is_not_is_moved_towards_it(feedback, hiss) -> None:
    samples, mel = mid_sound(feedback, hiss, 8000)
    middle = slice(feedback.past + 256, feedback.past + 768)
    there = samples[0, middle]
    left, louder, softer = (added(feedback, samples, mel + by)[0, 256:768] for by in (0.0, 0.5, -0.5))
    assert left.square().mean() < 0.2 * there.square().mean()
    assert torch.dot(louder - left, there) > 0.3 * there.square().sum()
    assert torch.dot(softer - left, there) < -0.2 * there.square().sum()


def test_only_the_band_that_lacks_is_raised(feedback, hiss) -> None:
    samples, mel = mid_sound(feedback, hiss, 8000)
    band = 40
    lacking = mel.clone()
    lacking[0, band] += 1.0
    spectrum = torch.fft.rfft((added(feedback, samples, lacking) - added(feedback, samples, mel))[0]).abs()
    centre = mel_filters(BANDS)[band].argmax() * N_FFT / 2048
    assert abs(int(spectrum.argmax()) - centre) < 4
    assert spectrum[int(centre) + 30 :].max() < 0.05 * spectrum.max()


def test_one_correction_is_limited_and_silence_stays_silent(feedback, hiss) -> None:
    samples, mel = mid_sound(feedback, hiss, 8000)
    assert torch.equal(added(feedback, samples, mel + 50), added(feedback, samples, mel + 50 + MAXIMUM_RISE))
    assert added(feedback, torch.zeros_like(samples), torch.full_like(mel, 2.0)).abs().max() < 1e-6
    assert added(feedback, samples * 1e6, mel).isfinite().all()


def test_what_has_been_lacking_lately_is_added_too_and_forgotten(feedback, hiss) -> None:
    samples, mel = mid_sound(feedback, hiss, 8000)
    middle = slice(256, 768)
    there = samples[0, feedback.past + 256 : feedback.past + 768]
    none = torch.zeros_like(mel)
    now, lately = feedback(samples, mel, none + 0.5)
    assert torch.dot((now - added(feedback, samples, mel))[0, middle], there) > 0.1 * there.square().sum()
    assert 0 < lately.mean() < 0.5
    _, lately = feedback(samples, mel - 50, none)
    assert lately.min() >= -MAXIMUM_ERROR
    for _ in range(20):
        _, lately = feedback(samples, mel, lately)
    assert (lately - feedback(samples, mel, lately)[1]).abs().max() < 1e-4


def spectra(sound: np.ndarray) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return true magnitudes, zero advances, noise's spread, and each predecessor's log-mel."""
    count, margin = len(sound) // HOP, (N_FFT - HOP) // 2
    padded = torch.nn.functional.pad(torch.from_numpy(sound), (margin, margin))
    frames = padded.unfold(0, N_FFT, HOP)[:count]
    magnitude = torch.fft.rfft(frames * torch.hann_window(N_FFT), norm="ortho").abs()[None]
    mel = torch.from_numpy(mel_spectrogram(sound)).T[None].repeat_interleave(2, dim=1)
    mel = torch.cat([mel[:, :1], mel[:, :1], mel], 1)
    wanted = 0.25 * mel[:, :-2] + 0.5 * mel[:, 1:-1] + 0.25 * mel[:, 2:]
    return magnitude, torch.zeros_like(magnitude), torch.full_like(magnitude, 1.5), wanted


def mel_distance(samples: Tensor, sound: np.ndarray) -> float:
    return float(np.abs(mel_spectrogram(samples[0].numpy()) - mel_spectrogram(sound))[:, 4:-4].mean())


def test_the_sound_comes_nearer_to_its_mel(feedback, hiss) -> None:
    inputs = spectra(hiss)
    plain = mel_distance(PhaseContinuation(N_FFT, HOP)(*inputs[:3]), hiss)
    assert mel_distance(PhaseContinuation(N_FFT, HOP, feedback).eval()(*inputs), hiss) < 0.6 * plain


@pytest.mark.parametrize("sizes", [[1] * 60, [7, 1, 32, 2, 18]], ids=str)
def test_streamed_equals_whole_but_for_the_stated_delay(feedback, hiss, sizes: list[int]) -> None:
    layer, inputs = PhaseContinuation(N_FFT, HOP, feedback).eval(), spectra(hiss[: 60 * HOP])
    whole, state, parts, start = layer(*inputs), layer.initial_state(1), [], 0
    for size in sizes:
        magnitude, advance, spread, mel = (x[:, start : start + size] for x in inputs)
        part, state = layer.step(magnitude, advance, spread, state, mel)
        parts.append(part)
        start += size
    streamed = torch.cat(parts, -1)
    assert (streamed[:, layer.delay :] - whole[:, : -layer.delay]).abs().max() < 1e-5


def test_a_rounding_is_forgotten_not_magnified(feedback, hiss) -> None:
    layer, inputs = PhaseContinuation(N_FFT, HOP, feedback).eval(), spectra(hiss)
    other = inputs[0] * (1 + 1e-6 * torch.randn(inputs[0].shape, generator=torch.Generator().manual_seed(1)))
    a, b = layer(*inputs), layer(other, *inputs[1:])
    assert (a - b)[:, -HOP * 80 :].abs().max() < 1e-3 * a.abs().max()


def test_training_hears_the_spectra_as_they_are(feedback, hiss) -> None:
    inputs = spectra(hiss[: 24 * HOP])
    trained = PhaseContinuation(N_FFT, HOP, feedback).train()(*inputs)
    assert (trained - PhaseContinuation(N_FFT, HOP).eval()(*inputs[:3])).abs().max() < 1e-6


def test_a_window_as_long_as_the_mels_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than the mel's"):
        MelFeedback(BANDS, 2048, 256, 1024)


def test_graphs_ask_for_the_filters_by_name() -> None:
    found = computed(constant_name("mel", 16))
    assert found is not None
    np.testing.assert_array_equal(found, mel_filters(16))
    assert computed("decoder.weight") is None
    with pytest.raises(ValueError, match="600 mel bands"):
        computed(constant_name("mel", 600))
