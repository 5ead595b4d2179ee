"""Small networks. Published vocoders as files: small HiFi-GANs (V1, V2, V3 in kind) and BigVGANs with weights that make sound."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from distill_engine.library.folders import vocoders_dir
from distill_engine.vocoders.bigvgan import PIN, BigVGANConfig, mel_of
from distill_engine.vocoders.registry import build_vocoder
from distill_engine.vocoders.weights.generators import published_config
from distill_engine.vocoders.weights.records import WeightsRecord, add

_SPEECH = {
    "num_mels": 80,
    "sampling_rate": 22050,
    "n_fft": 1024,
    "win_size": 1024,
    "hop_size": 256,
    "fmin": 0,
    "fmax": 8000,
}
_V1 = {
    "upsample_rates": [8, 8, 2, 2],
    "upsample_kernel_sizes": [16, 16, 4, 4],
    "upsample_initial_channel": 16,
    "resblock": "1",
    "resblock_kernel_sizes": [3, 7],
    "resblock_dilation_sizes": [[1, 3]] * 2,
}
_V3 = {
    "upsample_rates": [8, 8, 4],
    "upsample_kernel_sizes": [16, 16, 8],
    "upsample_initial_channel": 16,
    "resblock": "2",
    "resblock_kernel_sizes": [3, 5],
    "resblock_dilation_sizes": [[1, 2], [2, 6]],
}
_SNAKE = {"activation": "snakebeta", "snake_logscale": True, "use_bias_at_final": False, "use_tanh_at_final": False}
_OURS = {
    "num_mels": 128,
    "sampling_rate": 44100,
    "n_fft": 2048,
    "win_size": 2048,
    "hop_size": 512,
    "fmin": 0,
    "fmax": None,
}

SMALL_VOCOS: dict[str, Any] = {
    "bands": 128, "hop": 512, "channels": 16, "hidden": 32, "blocks": 1, "kernel": 3, "n_fft": 1024, "frames_per_hop": 1,
}  # fmt: skip
SMALL_BIGVGAN = BigVGANConfig(
    bands=16, upsample_rates=(4, 2), upsample_kernels=(8, 4), initial_channels=32, sample_rate=8000, n_fft=64, window=64
)

CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "v1": ("hifigan", {**_SPEECH, **_V1}),
    "v2": ("hifigan", {**_SPEECH, **_V1, "upsample_initial_channel": 32}),
    "v3": ("hifigan", {**_SPEECH, **_V3}),
    "other-24k": ("hifigan", {**_SPEECH, **_V3, "sampling_rate": 24000, "num_mels": 100, "fmax": 12000}),
    "big-24k": ("bigvgan", {**_SPEECH, **_V1, **_SNAKE, "sampling_rate": 24000, "num_mels": 100, "fmax": None}),
    "big-44k": (
        "bigvgan",
        {**_OURS, **_V1, **_SNAKE, "upsample_rates": [8, 8, 4, 2], "upsample_kernel_sizes": [16, 16, 8, 4]},
    ),
}


def with_weight_norm(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weights [C, ...] split into g [C, 1, ...] and v [C, ...], as they are trained and published."""
    result: dict[str, torch.Tensor] = {}
    for key, value in state.items():
        if key.endswith(".weight"):
            result[key + "_g"] = value.flatten(1).norm(dim=1).reshape(-1, *[1] * (value.dim() - 1))
            result[key + "_v"] = value.clone()
        else:
            result[key] = value
    return result


def write_checkpoint(name: str, folder: Path) -> tuple[Path, Path]:
    """A checkpoint and its config.json, as they are published."""
    kind, values = CONFIGS[name]
    torch.manual_seed(3)
    network = build_vocoder(kind, published_config(kind, values)[0])
    state = {key: value * (4.0 if key.endswith("weight") else 1.0) for key, value in network.state_dict().items()}
    network.load_state_dict(state)
    with torch.no_grad():
        level = network(torch.randn(1, values["num_mels"], 40) * 2 - 5).abs().max()
    state["conv_post.weight"] = state["conv_post.weight"] * (0.3 / level).clamp(max=1e4)
    folder.mkdir(parents=True, exist_ok=True)
    weights, config = folder / f"{name}.pt", folder / f"{name}.json"
    torch.save({"generator": state}, weights)
    config.write_text(json.dumps(values))
    return weights, config


def write_real_bigvgan() -> WeightsRecord:
    """BigVGAN 44k/512x in its real size, with random weights, where a download would have put it."""
    from dataclasses import replace

    from safetensors.torch import save_file

    from distill_engine.vocoders.weights.records import RECORD, TENSORS, hub_folder

    folder = hub_folder(PIN.hub)
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    save_file(build_vocoder("bigvgan", PIN.config.to_dict()).state_dict(), folder / TENSORS)
    size = (folder / TENSORS).stat().st_size
    mel = mel_of(PIN.config).to_dict()
    record = WeightsRecord("bigvgan", "bigvgan", PIN.hub, PIN.config.to_dict(), mel, converted_size=size)
    (folder / RECORD).write_text(json.dumps(record.to_json()))
    return replace(record, folder=folder)


def add_vocoder(name: str, folder: Path) -> WeightsRecord:
    """Adds it to the library of `DISTILL_HOME`."""
    return add(vocoders_dir(), name, *write_checkpoint(name, folder), CONFIGS[name][0])
