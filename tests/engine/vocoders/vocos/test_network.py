"""The vocos head: corrections keep the mel's level and the frequency of isolated partials."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from distill_engine.audio.mel import mel_spectrogram
from distill_engine.vocoders.vocos.network import LEVEL_TOLERANCE, Vocos


def level_error(network: Vocos, correction: float) -> float:
    """Return the largest difference (nats) between predicted and implied mel-band sums."""
    mel = -4.0 + torch.randn(1, 128, 6, generator=torch.Generator().manual_seed(1))
    features = torch.zeros(1, network.config.channels, 6)
    with torch.no_grad():
        network.spectra.bias.zero_()
        network.spectra.weight.zero_()
        implied, *_ = network._predict(features, mel)
        points = torch.arange(len(network.between)) / len(network.between)
        network.spectra.bias[: 2 * len(points)] = correction * torch.cos(2.5 * points**3).repeat(2)
        corrected, *_ = network._predict(features, mel)
    sums = [torch.log(m @ network.reading.bands.T) for m in (implied, corrected)]
    return float((sums[1] - sums[0]).abs().max())


@pytest.mark.parametrize("correction", [3.0, -3.0])
def test_a_correction_gone_astray_keeps_to_the_mels_level(correction: float) -> None:
    network = Vocos().eval()
    assert level_error(network, correction) < 1.5 * LEVEL_TOLERANCE
    assert level_error(network, 0.1) < 0.2


def test_training_sees_corrections_as_they_are() -> None:
    assert level_error(Vocos().train(), 3.0) > 2.0


def test_an_untrained_network_plays_what_the_mel_implies() -> None:
    torch.manual_seed(3)
    one, other = Vocos().eval(), Vocos().eval()
    mel = torch.from_numpy(mel_spectrogram(np.random.default_rng(0).standard_normal(30 * 512).astype(np.float32)))[None]
    with torch.no_grad():
        magnitude = one._predict(torch.randn(1, one.config.channels, 30), mel)[0]
        assert torch.allclose(magnitude[:, ::2], one.reading(mel)[0].exp(), rtol=1e-3)
        assert torch.equal(one(mel), other(mel))


def test_where_a_partial_is_alone_no_correction_moves_its_frequency() -> None:
    network, hertz = Vocos().eval(), 1000.0
    tone = 0.2 * np.sin(2 * np.pi * hertz * np.arange(44100) / 44100).astype(np.float32)
    mel = torch.from_numpy(mel_spectrogram(tone))[None, :, 20:60]
    points, each = len(network.between), network.config.frames_per_hop
    with torch.no_grad():
        network.spectra.weight.zero_()
        network.spectra.bias[each * points : (each + 1) * points] = 1.0
        _, advance, spread = network._predict(torch.zeros(1, network.config.channels, 40), mel)
    nearest = round(hertz * 1024 / 44100)
    found = nearest * 44100 / 1024 + advance[0, :, nearest] * 44100 / (2 * np.pi * 256)
    assert (found - hertz).abs().max() < 1.0
    assert spread[0, :, nearest].max() < 0.2 < spread[0, :, 200].min()


def test_between_its_points_the_head_says_what_lies_between() -> None:
    between = Vocos().between
    assert torch.allclose(between.sum(0), torch.ones(513), atol=1e-6)
    assert (between[:20, :20] - torch.eye(20)).abs().max() < 0.5  # a point for nearly every low bin
    assert (between @ torch.ones(513))[-2] > 15  # the highest ones stand for many bins
    line = between.T @ (between @ torch.arange(513.0) / between.sum(1))
    assert (line[100:480] - torch.arange(100.0, 480.0)).abs().max() < 1.0
