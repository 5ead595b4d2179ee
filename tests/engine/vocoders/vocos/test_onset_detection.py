"""Onset detection: right positions, none without an onset, streams equal the whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from distill_engine.audio.mel import mel_spectrogram
from distill_engine.vocoders.registry import build_vocoder
from distill_engine.vocoders.vocos.mel_magnitudes import MelMagnitudes
from distill_engine.vocoders.vocos.onset_detection import OnsetDetector, Onsets
from distill_engine.vocoders.vocos.part_tables import PAST_FRAMES

N_FFT, HOP, BANDS, RATE = 1024, 256, 128, 44100
BETWEEN = MelMagnitudes(BANDS, N_FFT, HOP).interpolated


def noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(count)


def struck(at: int, background: float = 1e-4, seed: int = 0) -> np.ndarray:
    """Return half a second: soft noise, and from `at` on loud noise that decays."""
    samples = background * noise(RATE // 2, seed)
    samples[at:] += 0.3 * noise(RATE // 2 - at, seed + 1) * np.exp(-np.arange(RATE // 2 - at) / 8000)
    return samples.astype(np.float32)


def read(mel: Tensor) -> Onsets:
    found: Onsets = OnsetDetector(BANDS, N_FFT, HOP)(mel, mel[..., :1].repeat(1, 1, PAST_FRAMES), BETWEEN)
    return found


def mel_of(samples: np.ndarray) -> Tensor:
    return torch.from_numpy(mel_spectrogram(np.asarray(samples, np.float32)))[None]


@pytest.mark.parametrize("background", [0.0, 1e-3, 1e-2], ids=str)
@pytest.mark.parametrize("at", [9000, 9064, 9150, 9241, 9377, 9500])
def test_an_attack_is_found_where_it_is(at: int, background: float) -> None:
    onsets = read(mel_of(struck(at, background)))
    for spectrum in range(30, 42):
        centre = spectrum * HOP + HOP / 2
        if abs(at - centre) < 300:
            assert onsets.bands[0, spectrum + 1].mean() > 0.9
            opens = int((onsets.gate_before[0, spectrum + 1] > 0.5).float().argmax()) + centre - N_FFT / 2
            assert abs(opens - at) < 0.004 * RATE


def test_what_goes_on_or_dies_away_sets_in_nowhere() -> None:
    steady, falling = noise(RATE), 0.5 * noise(RATE) * np.exp(-np.arange(RATE) / 3000)
    tone = np.sin(2 * np.pi * 330 * np.arange(RATE) / RATE)
    assert read(mel_of(0.1 * steady)).bins.mean() < 0.12
    assert read(mel_of(falling)[..., :30]).bins.mean() < 0.05
    assert read(mel_of(0.1 * tone)[..., 4:-4]).bins[:, :, 2:20].max() < 0.05
    held = mel_of(0.1 * steady)[..., 20:21].repeat(1, 1, 50)
    assert not read(held).bins.any()


def test_a_partial_that_goes_on_is_none_of_what_sets_in_beside_it() -> None:
    at = 9200
    samples = struck(at)
    high = np.fft.rfft(samples)
    high[: int(2000 / RATE * len(samples))] = 0
    samples = np.fft.irfft(high) + 0.3 * np.sin(2 * np.pi * 220 * np.arange(len(samples)) / RATE)
    onsets = read(mel_of(samples))
    assert onsets.bins[0, at // HOP, 100:].mean() > 0.9
    assert onsets.bins[0, at // HOP, 3:8].max() < 0.05


def test_frame_by_frame_it_says_the_same() -> None:
    mel, reading = mel_of(struck(9111)), OnsetDetector(BANDS, N_FFT, HOP)
    whole, past, parts = read(mel), mel[..., :1].repeat(1, 1, PAST_FRAMES), []
    for frame in mel.split(1, dim=-1):
        parts.append(reading(frame, past, BETWEEN))
        past = torch.cat([past, frame], -1)[..., -PAST_FRAMES:]
    for name in Onsets._fields:
        streamed = torch.cat([getattr(part, name) for part in parts], 1)
        assert (streamed - getattr(whole, name)).abs().max() < 1e-5


@pytest.mark.parametrize("level", [-50.0, -11.5, 6.0, 60.0])
def test_no_level_makes_nonsense(level: float) -> None:
    mel = torch.full((1, BANDS, 12), -11.5)
    mel[..., 6:] = min(level, 6.0)
    for part in read(mel):
        assert part.isfinite().all()
        assert part.min() >= 0
        assert part.max() <= 1 + 1e-6


@pytest.mark.parametrize("at", [9000, 9241, 9500])
def test_an_attack_sounds_when_it_comes_not_before(at: int) -> None:
    """Use an untrained vocoder.

    Without onset detection, the level 10 to 4 ms before the attack is 18 dB below the attack's.
    """
    torch.manual_seed(0)
    with torch.no_grad():
        sound = build_vocoder("vocos").eval()(mel_of(struck(at, 1e-4)))[0, 0].double().numpy()
    level = [10 * np.log10(np.square(sound[at + a : at + b]).mean()) for a, b in ((-441, -176), (88, 441))]
    assert level[0] < level[1] - 60
