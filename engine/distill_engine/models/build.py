"""Construction of latent models from their configuration. Imports torch when called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from distill_engine.models.model_config import ModelConfig

if TYPE_CHECKING:
    from distill_engine.models.latent_model import LatentModel
    from distill_engine.models.skeleton_model import SkeletonModel


def build_model(config: ModelConfig | Mapping[str, Any]) -> LatentModel | SkeletonModel:
    """Return a latent model with fresh weights.

    Raises ConfigError for an unknown family or size.
    """
    from distill_engine.models.latent_model import LatentModel
    from distill_engine.models.skeleton_model import SkeletonModel

    parsed = config if isinstance(config, ModelConfig) else ModelConfig.from_dict(config)
    return SkeletonModel(parsed) if parsed.version == 2 else LatentModel(parsed)
