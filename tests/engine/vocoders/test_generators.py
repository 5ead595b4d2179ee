"""HiFi-GAN and vocos: streams, published weights, sizes, delays."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from distill_engine.errors import ConfigError, VocoderError
from distill_engine.layers.state import flatten_state
from distill_engine.vocoders import VOCODERS, HifiGanConfig, VocosConfig, build_vocoder, vocoder_delay
from distill_engine.vocoders.hifigan import HifiGan
from distill_engine.vocoders.vocos.network import Vocos

SMALL: dict[str, Any] = {"bands": 16, "initial_channels": 16, "upsample_rates": (4, 2), "upsample_kernels": (8, 4)}
V3: dict[str, Any] = {"resblock": 2, "resblock_kernels": (3, 5), "resblock_dilations": ((1, 2), (2, 6))}
NETWORKS = {
    "hifigan causal": lambda: HifiGan(HifiGanConfig(**SMALL)),
    "hifigan published": lambda: HifiGan(HifiGanConfig(**SMALL, causal=False)),
    "hifigan V3": lambda: HifiGan(HifiGanConfig(**{**SMALL, **V3}, causal=False)),
    "vocos": lambda: Vocos(VocosConfig(channels=16, hidden=32, blocks=2)),
    "vocos, one frame a hop": lambda: Vocos(VocosConfig(channels=16, hidden=32, blocks=2, frames_per_hop=1, rise=512)),
}


def _stream(network: nn.Module, mel: Tensor, sizes: list[int]) -> Tensor:
    state, out, start = network.initial_state(mel.shape[0]), [], 0  # type: ignore[operator]
    for size in sizes:
        y, state = network.step(mel[..., start : start + size], state)  # type: ignore[operator]
        out.append(y)
        start += size
    return torch.cat(out, dim=-1)


@pytest.mark.parametrize("sizes", [[1] * 60, [2, 5, 1, 8, 16, 3, 25], [60]], ids=["1", "mixed", "whole"])
@pytest.mark.parametrize("name", NETWORKS)
def test_streamed_equals_whole_but_for_the_stated_delay(name: str, sizes: list[int]) -> None:
    torch.manual_seed(0)
    network: Any = NETWORKS[name]().eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, 0, 0.1)
    mel = torch.randn(1, network.config.bands, 60) - 4
    with torch.no_grad():
        whole, streamed = network(mel), _stream(network, mel, sizes)
    assert whole.shape == (1, 1, 60 * network.hop) == streamed.shape
    delay = network.delay
    end = whole.shape[-1] - (2 * delay if "published" in name or "V3" in name else delay)
    assert end > 0
    assert (streamed[..., delay : delay + end] - whole[..., :end]).abs().max() <= 1e-5 * max(1.0, whole.abs().max())


@pytest.mark.parametrize("kind", VOCODERS)
def test_the_config_states_the_delay_and_survives_json(kind: str) -> None:
    if not VOCODERS[kind].trainable:
        pytest.skip("not one of the model's own")
    config = VOCODERS[kind].config()
    network = build_vocoder(kind, config.to_dict())
    assert network.delay == vocoder_delay(kind, config.to_dict()) == config.delay
    assert network.hop == config.hop == 512
    assert VOCODERS[kind].config.from_dict(config.to_dict()) == config


def test_the_published_hifigan_delay_is_stated() -> None:
    config = HifiGanConfig(causal=False)
    assert HifiGan(config).delay == config.delay == 6332


def test_hifigan_v2_has_the_published_size_and_keys() -> None:
    network = HifiGan(
        HifiGanConfig(bands=80, upsample_rates=(8, 8, 2, 2), upsample_kernels=(16, 16, 4, 4), causal=False)
    )
    names = set(network.state_dict())
    assert {"conv_pre.weight", "ups.3.bias", "resblocks.11.convs2.2.weight", "conv_post.bias"} <= names
    assert sum(p.numel() for p in HifiGan().parameters()) == pytest.approx(0.97e6, rel=0.01)


class PublishedGenerator(nn.Module):
    """An independent implementation of the published network: torch layers, symmetric padding, weight norm on every convolution."""

    def __init__(self) -> None:
        super().__init__()
        norm = torch.nn.utils.parametrizations.weight_norm
        self.conv_pre = norm(nn.Conv1d(16, 16, 7, padding=3))
        self.ups = nn.ModuleList(
            [norm(nn.ConvTranspose1d(16, 8, 8, 4, padding=2)), norm(nn.ConvTranspose1d(8, 4, 4, 2, padding=1))]
        )
        self.resblocks = nn.ModuleList()
        for channels in (8, 4):
            for kernel in (3, 7, 11):
                block = nn.Module()
                block.convs1 = nn.ModuleList(
                    norm(nn.Conv1d(channels, channels, kernel, dilation=d, padding=(kernel - 1) * d // 2))
                    for d in (1, 3, 5)
                )
                block.convs2 = nn.ModuleList(
                    norm(nn.Conv1d(channels, channels, kernel, padding=(kernel - 1) // 2)) for _ in range(3)
                )
                self.resblocks.append(block)
        self.conv_post = norm(nn.Conv1d(4, 1, 7, padding=3))

    def forward(self, mel: Tensor) -> Tensor:
        leak = nn.functional.leaky_relu
        x = self.conv_pre(mel)
        for stage, up in enumerate(self.ups):
            x = up(leak(x, 0.1))
            heard = []
            block: Any
            for block in list(self.resblocks)[3 * stage : 3 * stage + 3]:
                y = x
                for first, second in zip(block.convs1, block.convs2, strict=True):
                    y = y + second(leak(first(leak(y, 0.1)), 0.1))
                heard.append(y)
            x = sum(heard) / 3
        return torch.tanh(self.conv_post(leak(x)))


@pytest.mark.parametrize("form", ["parametrized", "weight_g and weight_v", "folded"])
def test_published_weights_load_unchanged_and_give_the_published_output(form: str) -> None:
    torch.manual_seed(4)
    reference = PublishedGenerator().eval()
    state = {k: torch.randn_like(v) * 0.3 for k, v in reference.state_dict().items()}
    reference.load_state_dict(state)
    if form == "weight_g and weight_v":
        state = {
            k.replace("parametrizations.weight.original0", "weight_g").replace(
                "parametrizations.weight.original1", "weight_v"
            ): v
            for k, v in state.items()
        }
    if form == "folded":
        for module in list(reference.modules()):
            if hasattr(module, "parametrizations"):
                torch.nn.utils.parametrize.remove_parametrizations(module, "weight")
        state = reference.state_dict()
    ours = HifiGan(HifiGanConfig(**SMALL, causal=False)).eval()
    keys = set(state)
    ours.load_state_dict(state)
    assert set(state) == keys  # the caller's dictionary is not changed
    mel = torch.randn(2, 16, 20)
    with torch.no_grad():
        assert (ours(mel) - reference(mel)).abs().max() <= 1e-5


def test_a_causal_vocoder_does_not_hear_the_future() -> None:
    torch.manual_seed(5)
    for network in (
        HifiGan(HifiGanConfig(**SMALL)).eval(),
        Vocos(VocosConfig(channels=16, hidden=32, blocks=2)).eval(),
    ):
        mel = torch.randn(1, network.config.bands, 30)
        changed = mel.clone()
        changed[..., 20:] += 1
        with torch.no_grad():
            a, b = network(mel), network(changed)
        known = 20 * network.hop - network.delay
        assert torch.equal(a[..., :known], b[..., :known])
        assert not torch.equal(a[..., known:], b[..., known:])


def test_causal_states_carry_no_counters() -> None:
    state = HifiGan(HifiGanConfig(**SMALL)).initial_state(1)
    assert not any(name.endswith("skip") for name in flatten_state(state))


@pytest.mark.parametrize("values", [{"bands": 0}, {"upsample_rates": (8,)}, {"initial_channels": 100}, {"resblock": 3}])
def test_impossible_hifigan_configs_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        HifiGanConfig(**values)  # type: ignore[arg-type]


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="known"):
        VocosConfig.from_dict({"colour": 3})
    with pytest.raises(VocoderError, match="hifigan"):
        build_vocoder("wavenet")


def test_a_config_that_does_not_state_its_form_has_that_of_its_time() -> None:
    first, second = (VocosConfig.from_dict(values) for values in ({}, {"rise": 384}))
    assert (first.rise, first.oscillators, first.delay) == (512, 0.6, 640)
    assert (second.rise, second.oscillators, second.delay) == (384, 0.6, 512)
    assert VocosConfig().delay == first.today().delay == 384
    with pytest.raises(ConfigError, match="oscillators"):
        VocosConfig(oscillators=0.1)
