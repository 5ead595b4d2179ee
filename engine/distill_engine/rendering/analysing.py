"""Analyse a model file: encode its corpus, find controls and map, and store them in it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from distill_engine.analysis.analyse import AnalysedModel, Analysis, AnalysisConfig, analyse
from distill_engine.analysis.level import level_surface
from distill_engine.analysis.model_prober import ProgressListener, Synthesise
from distill_engine.audio.arrays import Float32Array
from distill_engine.dataset.corpus import Corpus
from distill_engine.modelfile import update_model
from distill_engine.models.model_config import ModelConfig
from distill_engine.rendering.loaded_model import LoadedModel, load_model
from distill_engine.rendering.model_trim import (
    measured_trim_db,
)

_MOST_WORKERS = 8  # threads


def workers_for(model: LoadedModel) -> int:
    """Return the number of threads that synthesise at once: one per core, at most eight.

    It is one for a published vocoder, which uses all cores by itself.
    """
    published = model.choice().origin in ("universal", "published")
    return 1 if published else min(_MOST_WORKERS, os.cpu_count() or 1)


def synthesiser(model: LoadedModel, workers: int) -> Synthesise:
    """Return a function latents [D, T] at the mel rate -> samples [T * 512].

    `workers` threads may call it at once.
    """
    spare: SimpleQueue[LoadedModel] = SimpleQueue()
    for _ in range(workers):
        spare.put(model.another())

    def synthesise(latents: Float32Array) -> Float32Array:
        player = spare.get()
        try:
            return player.vocode(player.decode_at_mel_rate(latents))
        finally:
            spare.put(player)

    return synthesise


def analyse_file(
    path: Path,
    corpus: Corpus,
    *,
    seed: int = 0,
    vocoder: str = "auto",
    progress: ProgressListener | None = None,
    config: AnalysisConfig | None = None,
) -> Analysis:
    """Analyse a model on its corpus and write controls, corpus latents and map into its file.

    The same model, corpus, seed and vocoder give the same controls in the same order.

    Raises:
        ModelFileError, VocoderError: if the model cannot be played.
        AnalysisError: if it encodes or synthesises invalid numbers.
    """
    model = load_model(path, vocoder=vocoder, threads=1)
    workers = workers_for(model)
    reduction = ModelConfig.from_dict(dict(model.manifest.model)).reduction
    found = analyse(
        AnalysedModel(model.encode, synthesiser(model, workers), reduction, workers),
        [clip.samples for clip in corpus.clips],
        seed=seed,
        names=[clip.name for clip in corpus.clips],
        progress=progress,
        config=config,
    )
    arrays, table = found.to_part()
    region, latents = found.controls.region, arrays["corpus_latents"]
    if (level := level_surface(model.decode_at_mel_rate, region, latents, seed, model.mel)) is not None:
        arrays |= level.to_part()
    table["vocoder"] = model.choice().name
    table["trim_db"] = 0.0
    update_model(path, manifest=lambda old: replace(old, analysis=table), parts={"analysis": arrays})
    table = {**table, "trim_db": measured_trim_db(path, vocoder)}
    update_model(path, manifest=lambda old: replace(old, analysis=table))
    return found
