"""The vocos head: corrections of magnitudes stay near the level that the mel gives, but only where it plays."""

from __future__ import annotations

import pytest
import torch

from distill_engine.vocoders.vocos import LEEWAY, Vocos


def level_error(network: Vocos, correction: float) -> float:
    """Largest difference (nats) between the magnitudes' mel-band sums and those that the mel implies."""
    mel = -4.0 + torch.randn(1, 128, 6, generator=torch.Generator().manual_seed(1))
    features = torch.zeros(1, network.config.channels, 6)
    with torch.no_grad():
        network.spectra.bias.zero_()
        network.spectra.weight.zero_()
        implied, _, _ = network._predict(features, mel)
        bins = network.synthesis.bins
        network.spectra.bias[: 2 * bins] = correction * torch.cos(torch.arange(2 * bins) % bins * 0.005)
        corrected, _, _ = network._predict(features, mel)
    sums = [torch.log(m @ network.bands.T) for m in (implied, corrected)]
    return float((sums[1] - sums[0]).abs().max())


@pytest.mark.parametrize("correction", [3.0, -3.0])
def test_a_correction_gone_astray_keeps_to_the_mels_level(correction: float) -> None:
    network = Vocos().eval()
    assert level_error(network, correction) < 1.5 * LEEWAY
    assert level_error(network, 0.1) < 0.2


def test_training_sees_corrections_as_they_are() -> None:
    assert level_error(Vocos().train(), 3.0) > 2.0
