"""What graphs contain instead of torch's functions computes the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from distill_engine.layers.conv import StreamingConv1d
from distill_engine.layers.runtime_forms import banded_product, pieces_of, samples_of, spectrum_of
from distill_engine.vocoders.vocos.constant_buffers import FourierConstants
from distill_engine.vocoders.vocos.constant_tables import mel_filters


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def exporting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)


@pytest.mark.usefixtures("exporting")
@pytest.mark.parametrize("n", [64, 768, 1024, 2048])
def test_matrices_transform_as_a_fourier_transform_does(n: int) -> None:
    fourier, samples = FourierConstants(n), noise(2, n)
    real, imaginary = spectrum_of(samples, fourier.tables)[..., : n // 2 + 1].unbind(-2)
    expected = torch.fft.rfft(samples)
    assert (torch.complex(real, imaginary) - expected).abs().max() < 1e-6 * n
    short = spectrum_of(samples[:, : n // 2], fourier.tables)[..., : n // 2 + 1]
    assert (torch.complex(short[:, 0], short[:, 1]) - torch.fft.rfft(samples[:, : n // 2], n)).abs().max() < 1e-6 * n


@pytest.mark.parametrize("n", [64, 768, 1024, 2048])
def test_both_forms_of_the_inverse_agree_and_give_the_samples_back(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fourier, samples = FourierConstants(n), noise(3, n)
    spectrum = spectrum_of(samples, fourier.tables)
    assert spectrum.shape == (3, 2, fourier.width)
    spectrum[..., [0, n // 2]] *= 0.5
    whole = samples_of(spectrum, fourier.tables)
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
    assert (samples_of(spectrum, fourier.tables) - whole).abs().max() < 1e-6 * whole.abs().max()
    assert (whole * (2 / n) - samples).abs().max() < 1e-5
    part = samples_of(spectrum, fourier.tables, first=32, count=n - 32)
    assert (part - whole[:, 32:]).abs().max() < 1e-6 * whole.abs().max()


def test_a_banded_product_in_pieces_is_the_whole_product() -> None:
    bank = mel_filters(128)
    for matrix in (bank, bank.T, np.eye(3, dtype=np.float32), np.zeros((4, 2), np.float32)):
        x = noise(2, matrix.shape[0])
        pieces = pieces_of(matrix)
        assert torch.allclose(banded_product(x, torch.tensor(matrix), pieces), x @ torch.tensor(matrix), atol=1e-6)
    numbers = sum((p.rows.stop - p.rows.start) * (p.columns.stop - p.columns.start) for p in pieces_of(bank))
    assert numbers < bank.size / 3


@pytest.mark.usefixtures("exporting")
@pytest.mark.parametrize(("kernel", "dilation", "groups"), [(7, 1, 8), (3, 5, 1), (1, 1, 1)])
def test_a_convolution_streams_the_same_in_an_exported_graph(kernel: int, dilation: int, groups: int) -> None:
    layer, x = StreamingConv1d(8, 8, kernel, dilation=dilation, groups=groups), noise(1, 8, 40)
    y, _ = layer.step(x, layer.initial_state(1))
    assert torch.allclose(y, layer(x), atol=1e-6)
