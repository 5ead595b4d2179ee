"""What a model file holds for playing besides its networks: corpus, controls, map and level."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.controls import Controls
from distill_engine.analysis.level import LevelSurface
from distill_engine.analysis.map import LatentMap
from distill_engine.analysis.stretches.path import NO_PATH, CorpusPath
from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.analysis.stretches.without_path import HeldLevel
from distill_engine.audio.levels import db_to_gain
from distill_engine.audio.mel_config import MelConfig
from distill_engine.errors import AnalysisError, ModelFileError, VocoderError
from distill_engine.inference.vocoder_candidates import VocoderChoice
from distill_engine.modelfile import Manifest, ModelFile
from distill_engine.models.model_config import ModelConfig


def trim_of(manifest: Manifest) -> float:
    """Return the linear gain that brings the model to the common level, 1 if not measured."""
    value = manifest.analysis.get("trim_db", 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -60.0 <= value <= 60.0:
        raise ModelFileError(f"{manifest.name}: trim_db {value!r} is not a level within 60 dB: damaged")
    return db_to_gain(value)


def withheld_of(manifest: Manifest) -> dict[str, str]:
    """Return the reason of each control that is not offered; {} where the file says it wrongly."""
    rows = manifest.analysis.get("withheld")
    rows = rows if isinstance(rows, list) else []
    texts = [(row.get("feature"), row.get("reason")) for row in rows if isinstance(row, dict)]
    return {name: reason for name, reason in texts if isinstance(name, str) and isinstance(reason, str)}


def check_fit(choice: VocoderChoice, mel: MelConfig) -> None:
    """Check that the vocoder takes the model's mels. Raises VocoderError.

    Published and universal vocoders play any mel through the mel adapter.
    """
    if choice.origin in ("published", "universal"):
        return  # through the mel adapter
    hop, bands = choice.config.get("hop", mel.hop), choice.config.get("bands", mel.bands)
    if (hop, bands) != (mel.hop, mel.bands):
        raise VocoderError(
            f"{choice.name} takes {bands} bands every {hop} samples, the model gives {mel.bands} every {mel.hop}; "
            "choose another vocoder or train one with `distill train-vocoder`"
        )


def stored_analysis(
    file: ModelFile,
    manifest: Manifest,
    config: ModelConfig,
    skeleton: Skeleton | None,
    note: Callable[[str], None],
) -> dict[str, Any]:
    """Return the encoded corpus, controls, level surface and map, as far as the file holds them.

    They are fields of an `Instrument`, but for `route`, the path of a skeleton's corpus. Of a
    model with a `skeleton` a damaged piece is left out, the others stay; `note` receives a
    sentence. Raises AnalysisError for a model without one.
    """
    arrays = file.read_part("analysis") if "analysis" in file.parts else {}
    if skeleton is not None:
        return _of_skeleton(arrays, manifest, config, skeleton, note)
    found: dict[str, Any] = {}
    corpus = arrays.get("corpus_latents")
    if corpus is not None and corpus.ndim == 2 and corpus.shape[0] == config.latent_dim and corpus.shape[1]:
        found["corpus"] = np.ascontiguousarray(corpus, np.float32)
    if "region_centre" in arrays:
        found["controls"] = Controls.from_part(arrays, manifest.analysis)
        found["level"] = LevelSurface.from_part(arrays, config.latent_dim)
        if "map_points" in arrays:  # the map needs the region
            found["latent_map"] = LatentMap.from_part(arrays)
    return found


def _of_skeleton(
    arrays: dict[str, npt.NDArray[Any]],
    manifest: Manifest,
    config: ModelConfig,
    skeleton: Skeleton,
    note: Callable[[str], None],
) -> dict[str, Any]:
    """Return path, controls and map [...] of a skeleton's model, each as far as it is whole."""
    if manifest.analysis.get("skeleton", skeleton.digest) != skeleton.digest:
        note("path, controls and map belong to another model and are left out: run `distill analyse` again")
        return {}
    found: dict[str, Any] = {}

    def read(name: str, piece: Callable[[], Any]) -> None:
        try:
            found[name] = piece()
        except AnalysisError as error:
            note(str(error))

    read("route", lambda: CorpusPath.from_part(arrays, config.latent_dim))
    if found.get("route", arrays) is None:
        note(NO_PATH)
        read("held_level", lambda: HeldLevel.from_part(arrays, skeleton))
    if "region_centre" in arrays:
        read("controls", lambda: _fitting(Controls.from_part(arrays, manifest.analysis), config))
    if "controls" in found and found.get("route") is not None and "map_points" in arrays:
        read("latent_map", lambda: LatentMap.from_part(arrays))
    return found


def _fitting(controls: Controls, config: ModelConfig) -> Controls:
    """Return controls of the model's own dimensions. Raises AnalysisError for others."""
    if controls.dimensions != config.latent_dim:
        raise AnalysisError("the model's controls are damaged: run `distill analyse` again")
    return controls
