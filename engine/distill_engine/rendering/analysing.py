"""Analyse a model file: encode its corpus, find controls and map, and store them in it."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy.typing as npt

from distill_engine.analysis.analyse import AnalysedModel, Analysis, AnalysisConfig, analyse
from distill_engine.analysis.controls import Controls
from distill_engine.analysis.level import level_surface
from distill_engine.analysis.model_prober import Prober, ProgressListener, Synthesise
from distill_engine.analysis.stretches.first_analysis import first_analysis
from distill_engine.analysis.stretches.path import CorpusPath
from distill_engine.analysis.stretches.shaping import Shaping
from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.analysis.stretches.stretch_controls import measure_stretch_controls
from distill_engine.analysis.stretches.without_path import without_path
from distill_engine.audio.arrays import Float32Array
from distill_engine.dataset.corpus import Corpus
from distill_engine.modelfile import ModelFile
from distill_engine.modelfile.configs import model_config
from distill_engine.models.model_config import ModelConfig
from distill_engine.rendering.coding.fitted_codes import fit_model_codes
from distill_engine.rendering.loaded_model import LoadedModel, load_model
from distill_engine.rendering.model_trim import update_trimmed
from distill_engine.system.listeners import ignore

_MOST_WORKERS = 8  # threads
MEASURING_SHARE = 0.7  # of the time of an analysis, which goes to the controls; the rest to the level


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


@dataclass(frozen=True)
class AnalysisOptions:
    """How a model file is analysed.

    Attributes:
        seed: of all random draws.
        vocoder: to measure through.
        keep_path: whether the file of a skeleton's model gets the path of its corpus.
        deadline: instant of `time.monotonic` towards which the analysis of a skeleton's model
            shortens its measurements.
        goes_on: whether a training has just written path, map and first controls, to go on from.
    """

    seed: int = 0
    vocoder: str = "auto"
    keep_path: bool = True
    deadline: float = math.inf
    goes_on: bool = False


def analyse_model_file(
    path: Path, corpus: Corpus, options: AnalysisOptions, progress: ProgressListener = ignore
) -> Mapping[str, Any]:
    """Analyse a model of any version on its corpus; return the table that its manifest stores.

    Raises what `analyse_file` raises.
    """
    seed, vocoder = options.seed, options.vocoder
    with ModelFile.open(path) as file:
        config = model_config(file.manifest, str(path))
        part = file.read_part("model") if config.version == 2 else {}
    if config.version == 1:
        return analyse_file(path, corpus, seed=seed, vocoder=vocoder, progress=progress).to_part()[1]
    skeleton = Skeleton.from_part(part, config.bands, config.latent_dim, str(path))
    arrays, table = _analysed(path, corpus, skeleton, options, progress)
    route = CorpusPath.from_part(arrays, len(skeleton.spread))
    if not options.keep_path:
        arrays, table = without_path(arrays, table, skeleton)
    stored = _stored(path, arrays, table, options)
    if route is not None:
        fit_model_codes(path, route, seed=seed, keep_corpus=options.keep_path, keep_trained=True)
    return stored


def _analysed(
    path: Path, corpus: Corpus, skeleton: Skeleton, options: AnalysisOptions, progress: ProgressListener
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Return path, map and controls [...] of a skeleton's model, and the manifest's table."""
    began = time.monotonic()
    first = _stored_first(path, corpus, skeleton) if options.goes_on else None
    arrays, table = first or first_analysis(
        skeleton, [clip.stored for clip in corpus.sounds], [clip.name for clip in corpus.sounds]
    )
    found, route = Controls.from_part(arrays, table), CorpusPath.from_part(arrays, len(skeleton.spread))
    if route is not None and table["has_map"]:
        model = load_model(path, vocoder=options.vocoder, threads=1)
        workers = workers_for(model)
        prober = Prober(synthesiser(model, workers), progress, workers)
        until = began + MEASURING_SHARE * (options.deadline - began)
        controls, withheld = measure_stretch_controls(
            found, route, prober, Shaping(skeleton, found.names), seed=options.seed, deadline=until
        )
        arrays |= controls.to_arrays()
        table |= {
            "controls": [info.to_dict() for info in controls.infos],
            "withheld": [vars(entry) for entry in withheld],
            "seconds_synthesised": round(prober.seconds, 1),
            "vocoder": model.choice().name,
        }
    table |= {"seed": options.seed, "seconds_taken": round(time.monotonic() - began, 1)}
    return arrays, table


def _stored_first(
    path: Path, corpus: Corpus, skeleton: Skeleton
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]] | None:
    """Return the first analysis [...] of these sounds, with a path, if a file holds it."""
    with ModelFile.open(path) as file:
        table, of = dict(file.manifest.analysis), file.manifest.corpus.get("digest")
        measured = bool(table.get("seconds_taken"))
        if measured or table.get("forgotten") or (table.get("skeleton"), of) != (skeleton.digest, corpus.digest):
            return None
        return file.read_part("analysis"), table


def _stored(
    path: Path, arrays: Mapping[str, npt.NDArray[Any]], table: Mapping[str, Any], options: AnalysisOptions
) -> Mapping[str, Any]:
    """Write an analysis's arrays [...], table and trim into a model file; return the table."""
    parts = {"analysis": dict(arrays)}
    return update_trimmed(path, table, parts, vocoder=options.vocoder, deadline=options.deadline).analysis


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
        [clip.stored for clip in corpus.clips],
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
    _stored(path, arrays, table, AnalysisOptions(seed, vocoder))
    return found
