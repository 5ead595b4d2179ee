"""Settings of a latent model's training, and presets by the duration of the corpus."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.codes.fitting import DEFAULT_LEVELS, check_shape, size_for
from distill_engine.codes.sizes import COMPONENTS, LEAST_COMPONENTS
from distill_engine.errors import ConfigError
from distill_engine.models.model_config import ModelConfig

PRESETS = ("auto", "quick", "balanced", "quality")
_STEPS = {"quick": 1500, "balanced": 6000, "quality": 25000}  # steps of each preset
_CORRECTION_STEPS = {"quick": 100, "balanced": 300, "quality": 1500}  # the same for a skeleton's correction
_CODED_STEPS = {"quick": 300, "balanced": 1500, "quality": 6000}  # the same for family `rvq`
_PLAIN_SHARE = 0.4  # of its batches, which are not augmented: the books must also fit the sounds themselves


@dataclass(frozen=True)
class CodeShape:
    """Sizes of codebooks that are trained: `size` codes a level, None by the corpus's length."""

    levels: int = DEFAULT_LEVELS
    size: int | None = None
    dimension: int = COMPONENTS


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
        plain_share: share of the batches that are not augmented all the same.
        levels: of codes, in family `rvq`; likewise
        codes: of a level, and
        code_dim: the components of a column in which they are found.
        seed: of every random choice.

    Raises ConfigError or CodesError for a value out of range.
    """

    batch_size: int = 8
    segment_frames: int = 64
    learning_rate: float = 1e-3
    bottleneck_weight: float = 0.0015
    warm_up: float = 0.2
    ema_decay: float = 0.995
    weight_decay: float = 0.02
    augment: bool = True
    plain_share: float = 0.0
    levels: int = DEFAULT_LEVELS
    codes: int = 128
    code_dim: int = COMPONENTS
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.segment_frames < 8 or self.segment_frames % 4:
            raise ConfigError("model training: batch size from 1, segments from 8 frames in multiples of 4")
        if self.learning_rate <= 0 or self.bottleneck_weight < 0 or not 0 <= self.warm_up <= 1:
            raise ConfigError("model training: learning rate above 0, bottleneck weight from 0, warm_up 0 to 1")
        check_shape(self.levels, self.codes)
        if not LEAST_COMPONENTS <= self.code_dim <= COMPONENTS:
            raise ConfigError(f"codes have {LEAST_COMPONENTS} to {COMPONENTS} dimensions, not {self.code_dim}")

    def to_dict(self) -> dict[str, Any]:
        """Return values that JSON can hold, under the field names."""
        return asdict(self)


def latent_preset(
    name: str, seconds: float, seed: int, config: ModelConfig, shape: CodeShape
) -> tuple[LatentSettings, int, str]:
    """Return settings, a number of steps, and the reason for both as a phrase for the user.

    `seconds` is the duration of the corpus; "auto" chooses the steps by it. A skeleton's correction
    needs few steps, codebooks more. Raises ConfigError for an unknown name.
    """
    if name not in PRESETS:
        raise ConfigError(f"preset {name!r} is unknown; known: {', '.join(PRESETS)}")
    settings = LatentSettings(seed=seed)
    if seconds < 30:
        settings = replace(settings, weight_decay=0.1, segment_frames=48)
    if config.family == "rvq":
        size = size_for(round(seconds * DEFAULT_MEL.frame_rate)) if shape.size is None else shape.size
        settings = replace(
            settings, plain_share=_PLAIN_SHARE, levels=shape.levels, codes=size, code_dim=shape.dimension
        )
    steps = _STEPS if config.version == 1 else _CODED_STEPS if config.family == "rvq" else _CORRECTION_STEPS
    if name != "auto":
        return settings, steps[name], f"preset {name}"
    chosen = "quick" if seconds < 20 else "balanced" if seconds < 1200 else "quality"
    return settings, steps[chosen], f"preset {chosen}, for {seconds:.0f} s of sound"
