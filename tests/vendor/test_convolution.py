"""Short fast convolution gives what the plain one gives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch.nn import functional as F

from distill_vendor.bigvgan import BigVGAN
from distill_vendor.bigvgan import convolution as convolution_module
from distill_vendor.bigvgan.convolution import convolve, transforms_for
from distill_vendor.bigvgan.layers import Convolution
from support_vocoders import SMALL_BIGVGAN


@pytest.fixture(autouse=True)
def always_fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(convolution_module, "FEWEST_CHANNELS", {3: 1, 7: 1, 11: 1})
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("kernel", [3, 7, 11])
def test_the_transforms_are_an_exact_identity(kernel: int) -> None:
    transforms = transforms_for(kernel)
    assert transforms is not None
    n = transforms.outputs + kernel - 1
    x, w = torch.randn(n, dtype=torch.float64), torch.randn(kernel, dtype=torch.float64)
    y = transforms.back @ ((transforms.weights @ w) * (transforms.forward @ x))
    expected = F.conv1d(x[None, None], w[None, None])[0, 0]
    assert (y - expected).abs().max() < 1e-12
    assert len(transforms.forward) < 0.55 * transforms.outputs * kernel  # products saved


@pytest.mark.parametrize("kernel", [3, 7, 11])
@pytest.mark.parametrize("dilation", [1, 3, 5])
@pytest.mark.parametrize("count", [1, 13, 200])
@pytest.mark.parametrize("bias", [True, False])
def test_fast_equals_plain_for_every_length_and_dilation(kernel: int, dilation: int, count: int, bias: bool) -> None:
    torch.manual_seed(0)
    layer = Convolution(12, 20, kernel, dilation, bias)
    torch.nn.init.normal_(layer.weight, 0.0, (12 * kernel) ** -0.5)
    if layer.bias is not None:
        torch.nn.init.normal_(layer.bias)
    rows = torch.randn(2, count + (kernel - 1) * dilation, 12)
    with torch.no_grad():
        got = convolve(layer, rows)
        expected = F.conv1d(
            rows.transpose(1, 2).double(),
            layer.weight.double(),
            None if layer.bias is None else layer.bias.double(),
            dilation=dilation,
        ).transpose(1, 2)
    assert layer.fast is not None
    assert got.shape == (2, count, 20)
    assert (got - expected).abs().max() < 1e-5


def test_rows_that_are_a_view_are_convolved_right() -> None:
    layer = Convolution(4, 4, 7)
    torch.nn.init.normal_(layer.weight)
    rows = torch.randn(1, 60, 4)
    with torch.no_grad():
        assert torch.allclose(convolve(layer, rows[:, 11:50]), convolve(layer, rows)[:, 11:44], atol=1e-5)


def test_a_fast_network_streams_like_the_whole() -> None:
    torch.manual_seed(0)
    network = BigVGAN(SMALL_BIGVGAN).eval()
    network.load_state_dict({k: v * 9 if k.endswith("weight") else v for k, v in network.state_dict().items()})
    mel = torch.randn(1, 16, 70)
    whole, state, blocks = network(mel), network.initial_state(1), []
    for part in mel.split([1, 30, 7, 32], dim=-1):
        samples, state = network.step(part, state)
        blocks.append(samples)
    streamed = torch.cat([*blocks, network.finish(state)], dim=-1)[..., network.delay :]
    assert whole.abs().max() > 1e-3
    assert (streamed - whole).abs().max() <= 1e-5
