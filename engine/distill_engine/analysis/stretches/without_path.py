"""An analysis without the path of its corpus, and the level that a drift then keeps to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.level import gated_db, mel_level_db
from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.audio.arrays import Float64Array
from distill_engine.audio.levels import db_to_power
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.errors import AnalysisError

LEVEL = "level_target"  # the array of the part "analysis"
MOST_FRAMES = 1 << 15  # 6 minutes, spread over the corpus, of which its level is measured
NAT_DB = 20.0 / np.log(10.0)


@dataclass(frozen=True)
class HeldLevel:
    """Moves latents of a skeleton to `target_db`, the mean level of its corpus.

    All bands are moved alike, so that the shape of a spectrum stays.
    """

    skeleton: Skeleton
    target_db: float

    def onto(self, latent: Float64Array) -> Float64Array:
        """Return the latent [D] with the corpus's level instead of its own."""
        level = mel_level_db(self.skeleton.decode(latent[:, None]), DEFAULT_MEL)[0]
        return np.asarray(latent + (self.target_db - level) / NAT_DB * self.skeleton.louder)

    @classmethod
    def from_part(cls, arrays: Mapping[str, npt.NDArray[Any]], skeleton: Skeleton) -> HeldLevel | None:
        """Return what the arrays of the part "analysis" say; None if they hold no level.

        Raises AnalysisError if it is no level.
        """
        if LEVEL not in arrays:
            return None
        stored = np.asarray(arrays[LEVEL])
        if stored.shape != (1,) or stored.dtype.kind != "f" or not abs(target := float(stored[0])) < 200.0:
            raise AnalysisError("the level that the model's drift keeps to is damaged: run `distill analyse` again")
        return cls(skeleton, target)


def without_path(
    arrays: Mapping[str, npt.NDArray[Any]], table: Mapping[str, Any], skeleton: Skeleton | None
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Return an analysis without the path, and without the map, which is made from it.

    Of the path the level of its sounds is kept, in dB.

    Args:
        arrays: [...] of the part "analysis".
        table: the manifest's.
        skeleton: the model, whose latents [D, N] the path holds; None of a model of version 1.
    """
    kept = {name: array for name, array in arrays.items() if not name.startswith(("corpus_", "path_", "map_"))}
    latents = np.asarray(arrays.get("corpus_latents", ()))
    if skeleton is not None and latents.ndim == 2 and latents.shape[1] and len(latents) == len(skeleton.spread):
        every = -(-latents.shape[1] // MOST_FRAMES)
        levels = mel_level_db(skeleton.decode(latents[:, ::every].astype(np.float64)), DEFAULT_MEL)
        kept[LEVEL] = np.array([gated_db(db_to_power(levels))])
    return kept, {**table, "clips": [], "has_map": False, "forgotten": True}
