"""What to train as a latent model, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field

from distill_engine.models.model_config import ModelConfig
from distill_engine.training.latent.settings import CodeShape
from distill_engine.training.loop import CHECKPOINT_SECONDS

CHECKPOINT_PART = "training/model"


@dataclass(frozen=True)
class ModelOptions:
    """What to train and for how long.

    Attributes:
        config: shape of the model.
        codes: shape of the codebooks of family `rvq`; a resumed training keeps its own.
        preset: settings and length; None is "auto", or what a resumed training was begun with.
        epochs: length, if not that of the preset.
        deadline: instant of `time.monotonic` at which to end, instead of `epochs`.
        seed: of every random choice; a resumed training keeps its own.
        device: "auto", "cpu", "cuda" or "mps".
        resume: continue the checkpoint in the file, by default for what remains of its length.
        fresh: replace a file that is there.
        checkpoint_seconds: least time between two checkpoints.
        keep_path: whether the file gets the path of the corpus.
        previews: write a held-out clip as the model plays it, now and then.
    """

    config: ModelConfig = field(default_factory=ModelConfig)
    codes: CodeShape = field(default_factory=CodeShape)
    preset: str | None = None
    epochs: int | None = None
    deadline: float | None = None
    seed: int = 0
    device: str = "auto"
    resume: bool = False
    fresh: bool = False
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    keep_path: bool = True
    previews: bool = False
