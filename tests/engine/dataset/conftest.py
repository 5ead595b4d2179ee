"""Small synthesised folders of sound."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distill_engine.audio.encoding import write_audio


@pytest.fixture
def sound(tmp_path: Path) -> Callable[..., Path]:
    """Writes one sound below the folder `sounds`: noise under a decaying tone, different for every name, or `samples`."""
    folder = tmp_path / "sounds"
    folder.mkdir()

    def write(
        name: str, seconds: float = 0.5, rate: int = 44100, channels: int = 1, samples: object = None, **how: object
    ) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if samples is None:
            rng = np.random.default_rng(zlib.crc32(name.encode()))
            t = np.arange(max(1, round(seconds * rate))) / rate
            tone = 0.3 * np.sin(2 * np.pi * rng.uniform(100, 3900) * t) * np.exp(-t) + 0.01 * rng.standard_normal(
                len(t)
            )
            samples = np.stack([tone] * channels)
        write_audio(path, samples, rate, **how)  # type: ignore[arg-type]
        return path

    return write
