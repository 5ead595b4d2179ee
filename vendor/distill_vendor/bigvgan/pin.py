"""The published weights that this package loads.

It is compatible with commit 7d2b454564a6c7d014227f635b7423881f14bdac of NVIDIA/BigVGAN.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from distill_vendor.bigvgan.config import BigVGANConfig


@dataclass(frozen=True)
class Pin:
    """One published set of weights on the hub.

    `revision` is the branch or commit of the first download. Its commit and the file's size and
    SHA-256 are recorded then and hold for later ones, unless they are given here. `size` 0 and
    `sha256` "" mean that they are not known in advance. `about_bytes` is the size shown before the
    download.
    """

    name: str
    hub: str
    config: BigVGANConfig
    revision: str = "main"
    weights: str = "bigvgan_generator.pt"
    config_file: str = "config.json"
    size: int = 0
    sha256: str = ""
    about_bytes: int = 489_000_000
    files: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", (self.config_file, self.weights))


def _hop_256(**values: Any) -> BigVGANConfig:
    shared = {
        "upsample_rates": (4, 4, 2, 2, 2, 2),
        "upsample_kernels": (8, 8, 4, 4, 4, 4),
        "n_fft": 1024,
        "window": 1024,
    }
    return BigVGANConfig(**{**shared, **values})


PINS: dict[str, Pin] = {
    pin.name: pin
    for pin in (
        Pin("bigvgan", "nvidia/bigvgan_v2_44khz_128band_512x", BigVGANConfig()),
        Pin("bigvgan-44k-256x", "nvidia/bigvgan_v2_44khz_128band_256x", _hop_256()),
        Pin(
            "bigvgan-24k",
            "nvidia/bigvgan_v2_24khz_100band_256x",
            _hop_256(bands=100, sample_rate=24000),
        ),
        Pin(
            "bigvgan-22k",
            "nvidia/bigvgan_v2_22khz_80band_256x",
            _hop_256(bands=80, sample_rate=22050),
        ),
        Pin(
            "bigvgan-22k-fmax8k",
            "nvidia/bigvgan_v2_22khz_80band_fmax8k_256x",
            _hop_256(bands=80, sample_rate=22050, f_max=8000.0),
        ),
    )
}

PIN = PINS["bigvgan"]
