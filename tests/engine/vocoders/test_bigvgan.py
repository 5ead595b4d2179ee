"""BigVGAN as a vocoder: any length in bounded memory, on any device, with too little memory."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distill_engine.audio.mel_config import DEFAULT_MEL, MelConfig
from distill_engine.errors import ConfigError, VocoderError, WeightsError
from distill_engine.layers.state import clone_state, flatten_state, unflatten_state
from distill_engine.vocoders.bigvgan import PIN, mel_of, pinned
from distill_engine.vocoders.registry import VOCODERS, build_vocoder, vocoder_delay
from distill_engine.vocoders.weights.events import Converting
from distill_engine.vocoders.weights.loaded import LoadedVocoder
from distill_engine.vocoders.weights.published import load_bigvgan
from distill_vendor.bigvgan import BigVGAN
from support_vocoders import SMALL_BIGVGAN

SMALL = replace(SMALL_BIGVGAN, resblock_kernels=(3,), resblock_dilations=((1, 3),))


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
def loaded(checkpoint: Path) -> LoadedVocoder:
    return load_bigvgan(weights=checkpoint, torch_device="cpu")


@pytest.fixture
def mel() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1, (16, 150)).astype(np.float32)


def whole(loaded: LoadedVocoder, mel: np.ndarray) -> np.ndarray:
    return np.asarray(loaded.network(torch.from_numpy(mel)[None])[0, 0].numpy())


def test_any_length_goes_through_in_blocks_and_equals_the_whole(loaded: LoadedVocoder, mel: np.ndarray) -> None:
    expected = whole(loaded, mel)
    assert np.abs(expected).max() > 0.01
    for chunk in (7, 64, 1000):
        np.testing.assert_allclose(loaded.vocode(mel, chunk), expected, atol=1e-5)
    assert loaded.vocode(mel[:, :0]).shape == (0,)
    assert loaded.vocode(mel[:, :1]).shape == (SMALL.hop,)
    with pytest.raises(ConfigError, match="16, frames"):
        loaded.vocode(mel[:3])


def test_out_of_memory_makes_smaller_blocks_and_says_so(
    loaded: LoadedVocoder, mel: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, step = whole(loaded, mel), loaded.network.step
    reasons: list[Any] = []

    def small_memory(part: Any, state: Any) -> Any:
        if part.shape[-1] > 20:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate")
        return step(part, state)

    monkeypatch.setattr(loaded.runner, "_step", small_memory)
    monkeypatch.setattr(loaded.runner, "notify", reasons.append)
    np.testing.assert_allclose(loaded.vocode(mel), expected, atol=1e-5)
    assert [reason.split(": ")[1] for reason in reasons] == [
        "continuing in pieces of 32 frames",
        "continuing in pieces of 16 frames",
    ]


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
    import distill_engine.vocoders.weights.loaded as module

    monkeypatch.setattr(module, "HALF_TOLERANCE_DB", 20.0)
    assert load_bigvgan(weights=checkpoint, torch_device="cpu", half=True).runner.dtype == torch.float16
    monkeypatch.setattr(module, "HALF_TOLERANCE_DB", 200.0)
    with pytest.raises(VocoderError, match="half precision changes the sound"):
        load_bigvgan(weights=checkpoint, torch_device="cpu", half=True)
    assert load_bigvgan(weights=checkpoint, torch_device="cpu").runner.dtype == torch.float32


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


def test_published_variants_are_known_by_name() -> None:
    assert mel_of(pinned().config) == DEFAULT_MEL
    assert mel_of(pinned("bigvgan-22k-fmax8k").config).f_max == 8000.0
    with pytest.raises(VocoderError, match="choose bigvgan"):
        pinned("bigvgan-9k")
