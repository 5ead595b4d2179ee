"""The streaming contract: streamed equals whole, causal, and restorable in mid-stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from distill_engine.layers.conv import Delay, StreamingConv1d, StreamingConvTranspose1d
from distill_engine.layers.convnext import ConvNeXtBlock
from distill_engine.layers.residual import ReceptiveFieldFusion, ResidualBlock1, ResidualBlock2
from distill_engine.layers.state import clone_state, flatten_state, unflatten_state

BLOCKS = ([1] * 24, [2, 3, 1, 7, 4, 1, 6], [24], [5, 19])


def fusion(causal: bool) -> ReceptiveFieldFusion:
    blocks = [ResidualBlock1(4, k, (1, 3), causal=causal) for k in (3, 7)]
    made = ReceptiveFieldFusion(list(blocks), 4)
    made.set_lead(0)
    return made


def residual(causal: bool, kind: type[ResidualBlock1] = ResidualBlock1) -> ResidualBlock1:
    block = kind(4, 5, (1, 3), causal=causal)
    block.set_lead(0)
    return block


LAYERS: dict[str, tuple[Callable[[], Any], int]] = {
    "causal convolution": (lambda: StreamingConv1d(4, 6, 5, dilation=3), 4),
    "non-causal convolution": (lambda: StreamingConv1d(4, 6, 5, dilation=2, causal=False), 4),
    "pointwise convolution": (lambda: StreamingConv1d(4, 6, 1), 4),
    "grouped convolution": (lambda: StreamingConv1d(4, 4, 7, groups=4), 4),
    "causal transposed": (lambda: StreamingConvTranspose1d(4, 3, 8, 4), 4),
    "non-causal transposed": (lambda: StreamingConvTranspose1d(4, 3, 8, 4, causal=False), 4),
    "causal residual": (lambda: residual(True), 4),
    "non-causal residual": (lambda: residual(False), 4),
    "non-causal residual of V3": (lambda: residual(False, ResidualBlock2), 4),
    "causal fusion": (lambda: fusion(True), 4),
    "non-causal fusion": (lambda: fusion(False), 4),
    "ConvNeXt": (lambda: ConvNeXtBlock(4, 12, scale=0.5), 4),
}


def stream(layer: Any, x: Tensor, sizes: list[int]) -> Tensor:
    state, out, start = layer.initial_state(x.shape[0]), [], 0
    for size in sizes:
        y, state = layer.step(x[..., start : start + size], state)
        out.append(y)
        start += size
    return torch.cat(out, dim=-1)


@pytest.mark.parametrize("sizes", BLOCKS, ids=str)
@pytest.mark.parametrize("name", LAYERS)
def test_streamed_equals_whole_but_for_the_stated_delay(name: str, sizes: list[int]) -> None:
    torch.manual_seed(1)
    make, channels = LAYERS[name]
    layer = make()
    for parameter in layer.parameters() if isinstance(layer, nn.Module) else []:
        nn.init.normal_(parameter, 0, 0.3)
    x = torch.randn(2, channels, 24)
    with torch.no_grad():
        whole, streamed = layer.forward(x), stream(layer, x, sizes)
    delay = layer.delay
    usable = whole.shape[-1] - delay  # the stream has not output the last `delay` samples yet
    assert torch.allclose(streamed[..., delay : delay + usable], whole[..., :usable], atol=1e-5)


@pytest.mark.parametrize("name", [n for n in LAYERS if n.startswith(("causal", "ConvNeXt", "grouped"))])
def test_a_causal_layer_does_not_hear_the_future(name: str) -> None:
    torch.manual_seed(2)
    make, channels = LAYERS[name]
    layer = make()
    x = torch.randn(1, channels, 24)
    changed = x.clone()
    changed[..., 12:] += 1.0
    with torch.no_grad():
        before, after = layer.forward(x), layer.forward(changed)
    known = 12 * (before.shape[-1] // 24)
    assert torch.equal(before[..., :known], after[..., :known])
    assert not torch.allclose(before[..., known:], after[..., known:])


@pytest.mark.parametrize("name", LAYERS)
def test_a_restored_state_continues_bit_for_bit_and_is_not_changed_by_use(name: str) -> None:
    torch.manual_seed(3)
    make, channels = LAYERS[name]
    layer = make()
    x = torch.randn(1, channels, 24)
    with torch.no_grad():
        _, state = layer.step(x[..., :9], layer.initial_state(1))
        saved = {key: tensor.clone() for key, tensor in flatten_state(state).items()}
        first, _ = layer.step(x[..., 9:], clone_state(state))
        assert all(torch.equal(tensor, saved[key]) for key, tensor in flatten_state(state).items())
        again, _ = layer.step(x[..., 9:], unflatten_state(layer.initial_state(1), saved))
    assert torch.equal(first, again)


def test_a_delay_line_holds_back_exactly_its_samples() -> None:
    line = Delay(1, 5)
    x = torch.arange(24.0).reshape(1, 1, 24)
    assert torch.equal(stream(line, x, [2, 3, 1, 7, 4, 1, 6])[..., 5:], x[..., :19])


def test_a_transposed_convolution_with_an_odd_overlap_is_refused() -> None:
    with pytest.raises(ValueError, match="even"):
        StreamingConvTranspose1d(2, 2, 5, 2)
