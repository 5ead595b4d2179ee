"""A small corpus made by formula, and models small enough to train in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from distill_engine.dataset.corpus import Clip
from distill_engine.models.model_config import ModelConfig

RATE = 44100


@dataclass(frozen=True)
class MadeCorpus:
    clips: tuple[Clip, ...]
    training: tuple[int, ...]
    validation: tuple[int, ...]
    digest: str = "made"
    earlier: tuple[str, ...] = ()

    @property
    def sounds(self) -> tuple[Clip, ...]:
        return self.clips

    def summary(self) -> dict[str, Any]:
        return {"files": len(self.clips)}


def tone(frequency: float, seconds: float) -> np.ndarray:
    t = np.arange(int(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * frequency * t) * np.exp(-2 * t)).astype(np.float32)


@pytest.fixture
def corpus() -> MadeCorpus:
    clips = [Clip(f"tone {f}", tone(f, s)) for f, s in ((220, 0.7), (330, 0.05), (550, 0.9), (880, 0.6))]
    return MadeCorpus(tuple(clips), (0, 1, 2), (3,))


@pytest.fixture
def small_model() -> ModelConfig:
    return ModelConfig(
        latent_dim=8, encoder_channels=16, encoder_blocks=2, decoder_channels=16, decoder_blocks=1, expansion=2
    )
