"""The vocos head: corrections stay near the level that the mel gives where it plays; frequencies are read off the mel."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from distill_engine.audio.mel import mel_spectrogram
from distill_engine.vocoders.vocos import LEEWAY, Vocos


def level_error(network: Vocos, correction: float) -> float:
    """Largest difference (nats) between the magnitudes' mel-band sums and those that the mel implies."""
    mel = -4.0 + torch.randn(1, 128, 6, generator=torch.Generator().manual_seed(1))
    features = torch.zeros(1, network.config.channels, 6)
    with torch.no_grad():
        network.spectra.bias.zero_()
        network.spectra.weight.zero_()
        implied, *_ = network._predict(features, mel)
        bins = network.synthesis.bins
        network.spectra.bias[: 2 * bins] = correction * torch.cos(torch.arange(2 * bins) % bins * 0.005)
        corrected, *_ = network._predict(features, mel)
    sums = [torch.log(m @ network.reading.bands.T) for m in (implied, corrected)]
    return float((sums[1] - sums[0]).abs().max())


@pytest.mark.parametrize("correction", [3.0, -3.0])
def test_a_correction_gone_astray_keeps_to_the_mels_level(correction: float) -> None:
    network = Vocos().eval()
    assert level_error(network, correction) < 1.5 * LEEWAY
    assert level_error(network, 0.1) < 0.2


def test_training_sees_corrections_as_they_are() -> None:
    assert level_error(Vocos().train(), 3.0) > 2.0


def test_where_a_partial_is_alone_no_correction_moves_its_frequency() -> None:
    network, hertz = Vocos().eval(), 1000.0
    tone = 0.2 * np.sin(2 * np.pi * hertz * np.arange(44100) / 44100).astype(np.float32)
    mel = torch.from_numpy(mel_spectrogram(tone))[None, :, 20:60]
    bins, each = network.synthesis.bins, network.config.frames_per_hop
    with torch.no_grad():
        network.spectra.weight.zero_()
        network.spectra.bias[each * bins : (each + 1) * bins] = 1.0
        _, advance, spread, _ = network._predict(torch.zeros(1, network.config.channels, 40), mel)
    nearest = round(hertz * 1024 / 44100)
    found = nearest * 44100 / 1024 + advance[0, :, nearest] * 44100 / (2 * np.pi * 256)
    assert (found - hertz).abs().max() < 1.0
    assert spread[0, :, nearest].max() < 0.2 < spread[0, :, 200].min()
