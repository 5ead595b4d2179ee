"""BigVGAN as a vocoder: any length in bounded memory, on the device there is, going on where memory runs out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distill_engine.audio.mel import DEFAULT_MEL, MelConfig, mel_spectrogram
from distill_engine.errors import ConfigError, VocoderError, WeightsError
from distill_engine.layers.state import clone_state, flatten_state, unflatten_state
from distill_engine.vocoders.bigvgan import (
    PIN,
    BigVGANConfig,
    LoadedBigVGAN,
    choose_device,
    load_bigvgan,
    mel_of,
    pinned,
)
from distill_engine.vocoders.published import PublishedVocoder
from distill_engine.vocoders.registry import VOCODERS, build_vocoder, vocoder_delay
from distill_engine.vocoders.weights import add
from distill_engine.vocoders.weights_events import Converting, FellBack
from distill_vendor.bigvgan import BigVGAN

SMALL = BigVGANConfig(
    bands=16, upsample_rates=(4, 2), upsample_kernels=(8, 4), initial_channels=32, resblock_kernels=(3,),
    resblock_dilations=((1, 3),), sample_rate=8000, n_fft=64, window=64,
)  # fmt: skip


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published-looking folder with small, audible weights."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    folder = tmp_path / "published"
    folder.mkdir()
    torch.manual_seed(0)
    state = {k: v * 9 if k.endswith("weight") else v for k, v in BigVGAN(SMALL).state_dict().items()}
    torch.save({"generator": state}, folder / PIN.weights)
    (folder / "config.json").write_text(json.dumps(SMALL.to_upstream()))
    return folder


@pytest.fixture
def loaded(checkpoint: Path) -> LoadedBigVGAN:
    return load_bigvgan(weights=checkpoint, torch_device="cpu")


@pytest.fixture
def mel() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1, (16, 150)).astype(np.float32)


def whole(loaded: LoadedBigVGAN, mel: np.ndarray) -> np.ndarray:
    return np.asarray(loaded.network(torch.from_numpy(mel)[None])[0, 0].numpy())


def test_any_length_goes_through_in_blocks_and_equals_the_whole(loaded: LoadedBigVGAN, mel: np.ndarray) -> None:
    expected = whole(loaded, mel)
    assert np.abs(expected).max() > 0.01
    for chunk in (7, 64, 1000):
        loaded.chunk = chunk
        np.testing.assert_allclose(loaded.vocode(mel), expected, atol=1e-5)
    assert loaded.vocode(mel[:, :0]).shape == (0,)
    assert loaded.vocode(mel[:, :1]).shape == (SMALL.hop,)
    with pytest.raises(ConfigError, match="16, frames"):
        loaded.vocode(mel[:3])


def test_out_of_memory_halves_the_blocks_and_says_so(
    loaded: LoadedBigVGAN, mel: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, events, step = whole(loaded, mel), [], loaded.network.step

    def small_memory(part: Any, state: Any) -> Any:
        if part.shape[-1] > 20:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
        return step(part, state)

    monkeypatch.setattr(loaded.network, "step", small_memory)
    loaded.listener = events.append
    np.testing.assert_allclose(loaded.vocode(mel), expected, atol=1e-5)
    assert [event.reason.split(": ")[1] for event in events] == [
        "going on with blocks of 32 frames",
        "going on with blocks of 16 frames",
    ]


def test_out_of_memory_in_the_smallest_blocks_moves_to_the_cpu_in_mid_sound(
    loaded: LoadedBigVGAN, mel: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, events, step, calls = whole(loaded, mel), [], loaded.network.step, []

    def full(part: Any, state: Any) -> Any:
        calls.append(part.shape[-1])
        if loaded.device.type == "meta" and len(calls) > 1:
            raise torch.OutOfMemoryError("out of memory")
        return (
            step(part.cpu(), state) if part.device.type != "meta" else step(torch.from_numpy(mel[None, :, :8]), state)
        )

    monkeypatch.setattr(loaded, "_tensor", lambda part: torch.from_numpy(np.ascontiguousarray(part))[None])
    monkeypatch.setattr(loaded.network, "step", full)
    initial = loaded.network.initial_state
    monkeypatch.setattr(loaded.network, "initial_state", lambda batch, device, dtype: initial(batch, "cpu", dtype))
    loaded.device, loaded.chunk, loaded.listener = torch.device("meta"), 8, events.append  # stands for a full GPU
    np.testing.assert_allclose(loaded.vocode(mel), expected, atol=1e-5)
    assert isinstance(events[-1], FellBack)
    assert "going on on the CPU" in events[-1].reason
    assert loaded.device.type == "cpu"


def test_out_of_memory_on_the_cpu_itself_ends_in_one_line(
    loaded: LoadedBigVGAN, mel: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Any:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(loaded.network, "step", full)
    with pytest.raises(VocoderError, match="close other programs"):
        loaded.vocode(mel)

    def broken(*_: Any) -> Any:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(loaded.network, "step", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        loaded.vocode(mel)


def test_a_local_checkpoint_is_converted_once(checkpoint: Path) -> None:
    events: list[Any] = []
    first = load_bigvgan(weights=checkpoint / PIN.weights, torch_device="cpu", listener=events.append)
    assert events == [Converting(PIN.weights)]
    again = load_bigvgan(weights=checkpoint, torch_device="cpu", listener=events.append)
    assert len(events) == 1
    assert first.digest == again.digest
    assert first.mel == MelConfig(8000, 64, 64, 8, 16, 0.0, 4000.0)


def test_absent_or_unfit_local_weights_are_named(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        load_bigvgan(weights=tmp_path / "absent.pt")
    with pytest.raises(WeightsError, match="not on this machine"):
        load_bigvgan(fetch=False)
    (checkpoint / "config.json").write_text(json.dumps({**SMALL.to_upstream(), "num_mels": 17}))
    with pytest.raises(WeightsError, match="does not fit the config"):
        load_bigvgan(weights=checkpoint)
    (checkpoint / "config.json").write_text(json.dumps({**SMALL.to_upstream(), "hop_size": 99}))
    with pytest.raises(WeightsError, match="hop_size 99"):
        load_bigvgan(weights=checkpoint)


def test_half_precision_is_taken_only_where_the_sound_stays(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import distill_engine.vocoders.bigvgan as module

    monkeypatch.setattr(module, "HALF_TOLERANCE_DB", 20.0)
    assert load_bigvgan(weights=checkpoint, torch_device="cpu", half=True).dtype == torch.float16
    monkeypatch.setattr(module, "HALF_TOLERANCE_DB", 200.0)
    with pytest.raises(VocoderError, match="half precision changes the sound"):
        load_bigvgan(weights=checkpoint, torch_device="cpu", half=True)
    assert load_bigvgan(weights=checkpoint, torch_device="cpu").dtype == torch.float32


def test_the_device_is_the_best_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for cuda, mps, expected in ((True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: mps)
        assert choose_device().type == expected
    with pytest.raises(VocoderError, match="cuda is not available here; use cpu"):
        choose_device("cuda")


def test_the_registry_builds_it_and_its_state_flattens(mel: np.ndarray) -> None:
    assert vocoder_delay("bigvgan") == 10397
    assert not VOCODERS["bigvgan"].trainable
    network = build_vocoder("bigvgan", SMALL.to_dict())
    state = network.initial_state(1)
    flat = flatten_state(state)
    x = torch.from_numpy(mel)[None]
    first, _ = network.step(x, unflatten_state(clone_state(state), flat))
    again, _ = network.step(x, state)
    assert torch.equal(first, again)


def test_the_speed_is_measured_on_this_machine(loaded: LoadedBigVGAN) -> None:
    assert loaded.real_time_factor(frames=4) > 0.0


def test_published_variants_are_known_by_name() -> None:
    assert mel_of(pinned().config) == DEFAULT_MEL
    assert mel_of(pinned("bigvgan-22k-fmax8k").config).f_max == 8000.0
    with pytest.raises(VocoderError, match="choose bigvgan"):
        pinned("bigvgan-9k")


@pytest.mark.parametrize("kind", ["hifigan", "bigvgan"])
def test_published_weights_of_another_mel_play_at_the_models_rate(tmp_path: Path, kind: str) -> None:
    values = {
        "num_mels": 80, "upsample_initial_channel": 32, "sampling_rate": 22050, "n_fft": 1024, "win_size": 1024,
        "hop_size": 256, "fmin": 0, "fmax": 8000, "upsample_rates": [8, 8, 4], "upsample_kernel_sizes": [16, 16, 8],
        "resblock": "2" if kind == "hifigan" else "1", "resblock_kernel_sizes": [3],
        "resblock_dilation_sizes": [[1, 2]], "activation": "snakebeta", "snake_logscale": True,
    }  # fmt: skip
    from distill_engine.vocoders.weights import published_config

    torch.manual_seed(0)
    network = build_vocoder(kind, published_config(kind, values)[0])
    torch.save({"generator": network.state_dict()}, tmp_path / "generator")
    (tmp_path / "config.json").write_text(json.dumps(values))
    record = add(tmp_path / "shelf", "speech", tmp_path / "generator", tmp_path / "config.json", kind)
    vocoder = PublishedVocoder(record, torch_device="cpu")
    noise = np.random.default_rng(0).normal(0, 0.1, 44100 // 2).astype(np.float32)
    mel = mel_spectrogram(noise)
    samples = vocoder.vocode(mel)
    assert samples.dtype == np.float32
    assert len(samples) == mel.shape[1] * 512
    assert np.isfinite(samples).all()
