"""Settings of a latent model's training, and presets by the duration of the corpus."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from distill_engine.errors import ConfigError

PRESETS = ("auto", "quick", "balanced", "quality")
_STEPS = {"quick": 1500, "balanced": 6000, "quality": 25000}  # steps of each preset
_CORRECTION_STEPS = {"quick": 100, "balanced": 300, "quality": 1500}  # the same for a skeleton's correction


@dataclass(frozen=True)
class LatentSettings:
    """How a latent model is trained.

    Attributes:
        batch_size: segments per step.
        segment_frames: mel frames per segment, a multiple of 4 from 8.
        learning_rate: its maximum.
        bottleneck_weight: factor of the bottleneck's loss (nats per latent); the mel L1 has weight
            1.
        warm_up: share of the training in which that factor rises from 0.
        ema_decay: decay per step of the moving average of the weights.
        weight_decay: of AdamW.
        augment: whether to augment the sounds and equalise their mels at random.
        seed: of every random choice.

    Raises ConfigError for a value out of range.
    """

    batch_size: int = 8
    segment_frames: int = 64
    learning_rate: float = 1e-3
    bottleneck_weight: float = 0.0015
    warm_up: float = 0.2
    ema_decay: float = 0.995
    weight_decay: float = 0.02
    augment: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.segment_frames < 8 or self.segment_frames % 4:
            raise ConfigError("model training: batch size from 1, segments from 8 frames in multiples of 4")
        if self.learning_rate <= 0 or self.bottleneck_weight < 0 or not 0 <= self.warm_up <= 1:
            raise ConfigError("model training: learning rate above 0, bottleneck weight from 0, warm_up 0 to 1")

    def to_dict(self) -> dict[str, Any]:
        """Return values that JSON can hold, under the field names."""
        return asdict(self)


def latent_preset(name: str, seconds: float, seed: int = 0, *, version: int = 1) -> tuple[LatentSettings, int, str]:
    """Return settings, a number of steps, and the reason for both as a phrase for the user.

    `seconds` is the duration of the corpus; "auto" chooses the steps by it. `version` is the
    model's: a skeleton's correction needs few steps. Raises ConfigError for an unknown name.
    """
    if name not in PRESETS:
        raise ConfigError(f"preset {name!r} is unknown; known: {', '.join(PRESETS)}")
    settings = LatentSettings(seed=seed)
    if seconds < 30:
        settings = replace(settings, weight_decay=0.1, segment_frames=48)
    steps = _CORRECTION_STEPS if version == 2 else _STEPS
    if name != "auto":
        return settings, steps[name], f"preset {name}"
    chosen = "quick" if seconds < 20 else "balanced" if seconds < 1200 else "quality"
    return settings, steps[chosen], f"preset {chosen}, for {seconds:.0f} s of sound"
