"""A latent model's place in a model file: weights, runtime graphs, and its row in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from distill_engine.analysis.stretches.skeleton import NAMES, Skeleton
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.inference.stored_codes import PART, table_of
from distill_engine.modelfile import Manifest, ModelFile, Part
from distill_engine.models.model_config import ModelConfig
from distill_engine.models.skeleton_model import SkeletonModel
from distill_engine.training.graphs.export import export_runtime
from distill_engine.training.keeper import Result
from distill_engine.training.latent.coded_model import CodedModel
from distill_engine.training.latent.model_options import CHECKPOINT_PART
from distill_engine.training.latent.step import set_latent_statistics
from distill_engine.training.latent.task import LatentTask
from distill_engine.training.loop import Position
from distill_engine.training.reconstruction import Encode, mel_error
from distill_engine.training.storage import weights
from distill_engine.training.verdict import gains_no_more

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus

LEAST_GAIN = 0.005  # nats on held-out clips, for which a correction is kept


class LatentEntry:
    """What the training of a latent model writes beside its checkpoint."""

    checkpoint_part = CHECKPOINT_PART

    def __init__(self, corpus: Corpus, config: ModelConfig, task: LatentTask) -> None:
        self._corpus, self._config, self._task = corpus, config, task

    def interim_manifest(self, old: Manifest, position: Position) -> Manifest:
        """Return the manifest with the model's configuration and the figures so far."""
        return self._manifest(old, position, completed=False)

    def interim_parts(self, existing: Path | None) -> Mapping[str, Part]:
        """Return the averaged weights, unless the file has a finished model.

        A finished model stays until the next one is finished, because its weights and its graphs
        belong together.
        """
        if existing is not None:
            with ModelFile.open(existing) as file:
                if "runtime/decoder.onnx" in file.graphs:
                    return {}
        return {"model": Part(weights(self._task.core.average))}

    def result(self, output: Path, position: Position) -> Result:
        """Measure the latents of the best state and export its graphs.

        An analysis in the file is removed unless it is of the same weights.
        """
        model = self._task.result().cpu().eval()
        gained: dict[str, Any] = {}
        if isinstance(model, CodedModel):
            model.spread_books([torch.from_numpy(self._corpus.clips[i].mel)[None] for i in self._corpus.training])
        if isinstance(model, SkeletonModel):
            model, gained = self._earned(model, position)
        else:
            set_latent_statistics(model, [torch.from_numpy(clip.mel)[None] for clip in self._corpus.clips])
        codes, table = _codes_of(model) if isinstance(model, CodedModel) else ({}, {})
        model = model.bare() if isinstance(model, CodedModel) else model
        arrays = weights(model)
        parts: dict[str, Part | None] = {"model": Part(arrays), **codes}
        rests_on = NAMES if isinstance(model, SkeletonModel) else arrays  # what an analysis is of
        same = _holds(output, {name: arrays[name] for name in rests_on})
        if not same:
            parts["analysis"] = None

        def manifest(old: Manifest) -> Manifest:
            new = self._manifest(old, position, completed=True)
            training = {**new.training, "model": new.training["model"] | gained}
            analysis = old.analysis if same else {}
            made = table or new.codes
            return replace(new, model=model.config.to_dict(), training=training, analysis=analysis, codes=made)

        return Result(manifest, parts, export_runtime(model))

    def _earned(self, model: SkeletonModel, position: Position) -> tuple[SkeletonModel, dict[str, Any]]:
        """Return the model, without its correction if that gains too little on held-out clips.

        Beside it the figures for the manifest: `gain` in nats, if it had one, and `enough`, whether
        longer training would bring nothing.
        """
        enough = gains_no_more([figures["mel"] for figures in position.history[position.judged_from :]])
        if model.correction is None:
            return model, {"enough": enough}
        alone = model.uncorrected()
        held_out = [self._corpus.clips[index] for index in self._corpus.validation]

        def error(one: SkeletonModel, encode: Encode | None = None) -> float:
            return mel_error(one, (torch.from_numpy(clip.mel)[None] for clip in held_out), encode)

        gain = error(alone) - error(model)
        if isinstance(alone, CodedModel) and isinstance(model, CodedModel):
            gain = min(gain, 0.0) + error(alone, alone.coded) - error(model, model.coded)  # no loss without codes
        kept = gain > LEAST_GAIN
        enough = enough or (not isinstance(model, CodedModel) and error(alone) < LEAST_GAIN)  # more cannot be gained
        return model if kept else alone, {"gain": round(gain, 4), "kept": kept, "enough": enough}

    def _manifest(self, old: Manifest, position: Position, *, completed: bool) -> Manifest:
        history = position.history
        training = {
            "epochs": position.epoch(self._task),
            "steps": position.step,
            "seconds": position.seconds,
            "completed": completed,
            "validation": history[-1] if history else {},
            "best_log_mel": position.best if history else None,
            "verdict": self._task.verdict(history).value if history else "not validated yet",
            "settings": self._task.settings.to_dict(),
        }
        return replace(
            old,
            family=self._config.family,
            mel=DEFAULT_MEL.to_dict(),
            model=old.model if self._config.version == 2 and old.model else self._config.to_dict(),
            corpus=self._corpus.summary(),
            training={**old.training, "model": training},
        )


def _codes_of(model: CodedModel) -> tuple[dict[str, Part], dict[str, Any]]:
    """Return trained codebooks as the part "codes", and the manifest's table of them."""
    arrays = {name: getattr(model, name).numpy() for name in NAMES}
    skeleton = Skeleton.from_part(arrays, model.config.bands, model.config.latent_dim, "training")
    books = model.codebooks(skeleton)
    return {PART: Part(books.to_arrays())}, table_of(skeleton, books, trained=True)


def _holds(path: Path, arrays: Mapping[str, np.ndarray]) -> bool:
    """Return whether the model in a file has these weights, each in its own shape [...]."""
    with ModelFile.open(path) as file:
        stored = file.read_part("model") if "model" in file.parts else {}
    return all(name in stored and np.array_equal(stored[name], arrays[name]) for name in arrays)
