"""Estimates from a mel: levels of noise, frequencies and levels of partials, and isolation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from distill_engine.audio.mel import mel_spectrogram
from distill_engine.vocoders.vocos.mel_magnitudes import MelMagnitudes

RATE, N_FFT, HOP = 44100, 1024, 256


def read(samples: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
    mel = mel_spectrogram(np.asarray(samples, np.float32))
    log, advance, alone = MelMagnitudes(128, N_FFT, HOP)(torch.from_numpy(mel)[None, :, 20:60])
    return log[0], advance[0], alone[0]


def sine(hertz: float) -> np.ndarray:
    return 0.2 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)


@pytest.mark.parametrize("hertz", [65.4, 110.0, 440.0, 441.3, 1000.0, 3000.0, 8000.0, 15000.0])
def test_a_lone_partial_is_found_at_its_frequency(hertz: float) -> None:
    _, advance, alone = read(sine(hertz))
    nearest = round(hertz * N_FFT / RATE)
    assert alone[:, nearest].min() > 0.9
    found = nearest * RATE / N_FFT + advance[:, nearest] * RATE / (2 * np.pi * HOP)
    assert (found - hertz).abs().max() < (0.02 if hertz >= 110 else 0.03) * hertz


@pytest.mark.parametrize("hertz", [3000.0, 8000.0, 15000.0])
def test_a_high_lone_partial_is_gathered_with_its_energy(hertz: float) -> None:
    log, _, _ = read(sine(hertz))
    power = torch.exp(2 * log).mean(0)
    nearest = round(hertz * N_FFT / RATE)
    whole = 0.2**2 / 4 * 1.5 * N_FFT / 4  # of a Hann lobe, whose orthonormal peak is amplitude * sqrt(n_fft) / 4
    lobe = power[nearest - 2 : nearest + 3].sum()
    assert lobe > 0.8 * power.sum()
    assert abs(10 * torch.log10(lobe / whole)) < 3.5


@pytest.mark.parametrize("colour", [0.0, -1.0])
def test_noise_is_nowhere_alone(colour: float) -> None:
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(RATE))
    frequencies = np.maximum(np.fft.rfftfreq(RATE, 1 / RATE), 20) / 1000
    noise = np.fft.irfft(spectrum * frequencies**colour)
    _, _, alone = read(0.1 * noise / noise.std())
    assert alone[:, 20:-20].mean() < 0.01


def test_crowded_partials_are_not_alone() -> None:
    t = np.arange(RATE) / RATE
    _, _, alone = read(sum(0.02 * np.sin(2 * np.pi * 110 * k * t + k * k) for k in range(1, 150)))  # type: ignore[arg-type]
    assert alone[:, 60:400].mean() < 0.05


def test_the_magnitudes_implied_by_a_mel_have_its_level() -> None:
    torch.manual_seed(6)
    mel = torch.tensor(mel_spectrogram((torch.randn(RATE) * 0.1).numpy()))
    reading = MelMagnitudes(128, N_FFT, HOP)
    implied = reading.implied(mel[None])[0, :, 20:-20]
    level = implied.exp().square().mean().sqrt()  # orthonormal: noise's standard deviation
    assert abs(20 * torch.log10(level / 0.1)) < 1.0


def test_silence_reads_as_silence() -> None:
    log, advance, alone = read(np.zeros(RATE))
    assert log.max() < -8
    assert all(x.isfinite().all() for x in (log, advance, alone))
