"""The vendored BigVGAN: upstream's keys, upstream's samples, and an exact stream of them."""

from __future__ import annotations

import gzip
import json
import sys
import types
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from distill_vendor.bigvgan import PINS, BigVGAN, BigVGANConfig
from distill_vendor.bigvgan.generator import context_shapes
from support_vocoders import SMALL_BIGVGAN, with_weight_norm

DATA = Path(__file__).parent / "data"
BASE_22K = BigVGANConfig(
    bands=80,
    upsample_rates=(8, 8, 2, 2),
    upsample_kernels=(16, 16, 4, 4),
    initial_channels=512,
    bias_at_final=True,
    tanh_at_final=True,
    sample_rate=22050,
    n_fft=1024,
    window=1024,
    f_max=8000.0,
)
VARIANTS = {
    "bigvgan_v2_44khz_128band_512x": PINS["bigvgan"].config,
    "bigvgan_v2_44khz_128band_256x": PINS["bigvgan-44k-256x"].config,
    "bigvgan_base_22khz_80band": BASE_22K,
}
SMALL_CONFIGS = {
    "paired blocks": SMALL_BIGVGAN,
    "single blocks": replace(SMALL_BIGVGAN, resblock=2),
    "snake, tanh, bias": replace(
        SMALL_BIGVGAN, activation="snake", log_scale=False, tanh_at_final=True, bias_at_final=True
    ),
    "one block, wide kernels": replace(
        SMALL_BIGVGAN,
        upsample_rates=(3, 2),
        upsample_kernels=(9, 8),
        resblock_kernels=(5,),
        resblock_dilations=((1, 2),),
    ),
}


def upstream(config: BigVGANConfig) -> Any:
    """The independent package's generator, imported without the parts of it that need further packages."""
    if "bigvgan.bigvgan" not in sys.modules:
        spec = find_spec("bigvgan")
        if spec is None or spec.submodule_search_locations is None:
            pytest.skip("the independent package bigvgan is not installed")
        package, mels = types.ModuleType("bigvgan"), types.ModuleType("bigvgan.meldataset")
        package.__path__ = list(spec.submodule_search_locations)
        mels.MAX_WAV_VALUE = 32768.0  # type: ignore[attr-defined]
        sys.modules |= {"bigvgan": package, "bigvgan.meldataset": mels}
    from bigvgan.bigvgan import AttrDict
    from bigvgan.bigvgan import BigVGAN as Upstream

    return Upstream(AttrDict(config.to_upstream())).eval()


def lively(state: dict[str, Tensor], seed: int = 1) -> dict[str, Tensor]:
    """Random weights under the same keys, with which every layer matters: filters, activations and norms too."""
    generator = torch.Generator().manual_seed(seed)
    result = {}
    for name, value in state.items():
        noise = torch.randn(value.shape, generator=generator)
        if name.endswith((".alpha", ".beta")):
            result[name] = 1.0 + 0.2 * noise if (value == 1).all() else 0.3 * noise
        elif name.endswith("filter"):
            result[name] = value + 0.02 * noise
        elif name.endswith("weight_g"):
            result[name] = value * (1.0 + 0.2 * noise.abs())
        else:
            result[name] = value + 0.003 * noise
    return result


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors on many threads spend their time waiting, above all on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(params=list(SMALL_CONFIGS.values()), ids=list(SMALL_CONFIGS))
def small(request: pytest.FixtureRequest) -> BigVGAN:
    torch.manual_seed(0)
    network = BigVGAN(request.param).eval()
    network.load_state_dict({k: v * 6 if k.endswith("weight") else v for k, v in lively(network.state_dict()).items()})
    return network


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("form", ["wn", "nown"])
def test_keys_and_shapes_are_upstreams(variant: str, form: str) -> None:
    expected = json.loads(gzip.decompress((DATA / f"{variant}.{form}_keys.json.gz").read_bytes()))
    with torch.device("meta"):
        state = BigVGAN(VARIANTS[variant]).state_dict()
    if form == "wn":
        state = with_weight_norm(state)
    assert {name: list(value.shape) for name, value in state.items()} == expected


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("config", SMALL_CONFIGS.values(), ids=SMALL_CONFIGS.keys())
@pytest.mark.parametrize("folded", [False, True])
def test_equals_the_independent_package_on_small_configs(
    config: BigVGANConfig, folded: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    theirs, ours = upstream(config), BigVGAN(config).eval()
    theirs.load_state_dict(lively(theirs.state_dict()))
    if folded:
        theirs.remove_weight_norm()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    mel = torch.randn(2, config.bands, 33)
    with torch.no_grad():
        expected = theirs(mel)
    assert expected.abs().max() > 0.01
    assert (expected.abs() < 1).float().mean() > 0.9
    assert (ours(mel) - expected).abs().max() <= 1e-5


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_equals_the_independent_package_on_the_44k_512x_config() -> None:
    torch.manual_seed(0)
    config = PINS["bigvgan"].config
    theirs = upstream(config)
    theirs.load_state_dict(lively(theirs.state_dict()))
    with torch.device("meta"):
        ours = BigVGAN(config).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True, assign=True)
    assert sum(parameter.numel() for parameter in ours.parameters()) == 122_152_752
    mel = torch.randn(1, 128, 24) * 2 - 5
    with torch.no_grad():
        expected = theirs(mel)
    assert expected.abs().max() > 0.01
    assert (ours(mel) - expected).abs().max() <= 1e-4


@pytest.mark.parametrize("sizes", [[1] * 23, [23], [7, 1, 5, 10], [22, 1]], ids=["1", "whole", "mixed", "22+1"])
def test_the_stream_equals_the_whole(small: BigVGAN, sizes: list[int]) -> None:
    torch.manual_seed(2)
    mel = torch.randn(2, small.config.bands, 23)
    whole, state, blocks = small(mel), small.initial_state(2), []
    for part in mel.split(sizes, dim=-1):
        samples, state = small.step(part, state)
        assert samples.shape == (2, 1, part.shape[-1] * small.hop)
        blocks.append(samples)
    streamed = torch.cat([*blocks, small.finish(state)], dim=-1)
    assert whole.abs().max() > 0.01
    assert streamed[..., : small.delay].abs().max() == 0
    assert (streamed[..., small.delay :] - whole).abs().max() <= 1e-5


def test_a_sound_shorter_than_the_delay_streams_whole(small: BigVGAN) -> None:
    mel = torch.randn(1, small.config.bands, 2)
    samples, state = small.step(mel, small.initial_state(1))
    streamed = torch.cat([samples, small.finish(state)], dim=-1)[..., small.delay :]
    assert (streamed - small(mel)).abs().max() <= 1e-5


def test_the_state_continues_bit_for_bit_and_belongs_to_the_caller(small: BigVGAN) -> None:
    mel = torch.randn(1, small.config.bands, 24)
    _, state = small.step(mel[..., :10], small.initial_state(1))
    copies = [tensor.clone() for tensor in state.contexts]
    first, _ = small.step(mel[..., 10:], state)
    assert all(torch.equal(a, b) for a, b in zip(copies, state.contexts, strict=True))
    again, _ = small.step(mel[..., 10:], replace(state, contexts=tuple(copies)))
    assert torch.equal(first, again)


def test_nothing_depends_on_frames_beyond_the_stated_delay(small: BigVGAN) -> None:
    mel = torch.randn(1, small.config.bands, 60)
    changed = mel.clone()
    changed[..., 50:] += 1.0
    until = 50 * small.hop - small.delay
    assert until > 0
    assert torch.equal(small(mel)[..., :until], small(changed)[..., :until])


def test_the_state_has_the_declared_shapes_and_does_not_grow(small: BigVGAN) -> None:
    state = small.initial_state(1)
    shapes = [tuple(tensor.shape[1:]) for tensor in state.contexts]
    assert shapes == list(context_shapes(small.config))
    for _ in range(3):
        _, state = small.step(torch.randn(1, small.config.bands, 5), state)
        assert [tuple(tensor.shape[1:]) for tensor in state.contexts] == shapes


def test_the_delay_of_the_published_variants_is_stated_without_building_them() -> None:
    assert PINS["bigvgan"].config.delay == 10397
    for pin in PINS.values():
        assert pin.config.delay / pin.config.sample_rate < 0.5


def test_a_new_state_dict_replaces_everything_derived_from_the_old(small: BigVGAN) -> None:
    mel = torch.randn(1, small.config.bands, 12)
    small(mel)
    other = BigVGAN(small.config).eval()
    other.load_state_dict(lively(small.state_dict(), seed=5))
    small.load_state_dict(other.state_dict())
    assert torch.equal(small(mel), other(mel))


def test_half_precision_runs_and_stays_close(small: BigVGAN) -> None:
    mel = torch.randn(1, small.config.bands, 16)
    exact = small(mel)
    half = small.half()(mel.half())
    assert half.dtype == torch.float16
    assert (half.float() - exact).abs().max() < 0.05


def test_an_empty_mel_is_an_empty_sound(small: BigVGAN) -> None:
    assert small(torch.zeros(1, small.config.bands, 0)).shape == (1, 1, 0)


def test_a_config_survives_both_ways_of_writing_it() -> None:
    for config in [*SMALL_CONFIGS.values(), BASE_22K, *(pin.config for pin in PINS.values())]:
        assert BigVGANConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
        assert BigVGANConfig.from_upstream(json.loads(json.dumps(config.to_upstream()))) == config
    with pytest.raises(ValueError, match="unknown"):
        BigVGANConfig.from_dict({"nonsense": 1})
    with pytest.raises(ValueError, match="even"):
        replace(SMALL_BIGVGAN, upsample_kernels=(7, 4))
