"""Analysis of a model: measures corpus and model, proposes controls, keeps those that work."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.context import AnalysisConfig, AnalysisContext, Withheld
from distill_engine.analysis.control_response import linear_warp, paths_of
from distill_engine.analysis.controls import Controls, no_paths
from distill_engine.analysis.corpus import CorpusView, Encode, view_corpus
from distill_engine.analysis.directions import Field
from distill_engine.analysis.features.table import FEATURES, HOP, NAMES, Feature
from distill_engine.analysis.map import LatentMap, make_map
from distill_engine.analysis.model_prober import (
    LEAD,
    MEASURED,
    TAIL,
    AnalysisProgress,
    Prober,
    ProgressListener,
    Synthesise,
)
from distill_engine.analysis.region import fit_region
from distill_engine.analysis.static_controls import SELECTIVITY, find_static_controls
from distill_engine.analysis.temporal_and_character import MOTIONS, find_characters, find_temporal
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.audio.store import Samples
from distill_engine.errors import AnalysisError

__all__ = ["UNDEFINED", "AnalysedModel", "Analysis", "AnalysisConfig", "analyse", "most_hops"]


@dataclass(frozen=True)
class Analysis:
    """Result of an analysis.

    Attributes:
        controls: that the model offers.
        withheld: features that are not offered, with reasons.
        notes: sentences for the user.
        corpus: latents and features of the corpus.
        clip_names: of its clips.
        map: of the corpus; None if it is silent.
        seed: of all random draws.
        reduction: mel frames per latent.
        seconds_synthesised: seconds of sound made by the model.
        seconds_taken: seconds that the analysis took.
    """

    controls: Controls
    withheld: tuple[Withheld, ...]
    notes: tuple[str, ...]
    corpus: CorpusView
    clip_names: tuple[str, ...]
    map: LatentMap | None
    seed: int
    reduction: int
    seconds_synthesised: float
    seconds_taken: float

    def to_part(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Return arrays for the model file's part "analysis" and the table for its manifest.

        Arrays, with D dimensions, N corpus latents and W stretches: corpus_latents [D, N],
        corpus_offsets [clips + 1] of the clips in them, corpus_features [W, features], and those of
        the controls and the map.
        """
        lengths = [latents.shape[1] for latents in self.corpus.latents]
        arrays = self.controls.to_arrays() | {
            "corpus_latents": np.concatenate(self.corpus.latents, axis=1).astype(np.float32),
            "corpus_offsets": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            "corpus_features": self.corpus.stretch_features.astype(np.float32),
        }
        arrays["corpus_features"] = np.nan_to_num(arrays["corpus_features"], nan=UNDEFINED)
        if self.map is not None:
            arrays |= self.map.to_arrays()
        table = {
            "version": 1,
            "seed": self.seed,
            "reduction": self.reduction,
            "clips": list(self.clip_names),
            "features": {feature.name: _corpus_range(self.corpus, feature) for feature in FEATURES},
            "controls": [info.to_dict() for info in self.controls.infos],
            "withheld": [vars(entry) for entry in self.withheld],
            "notes": list(self.notes),
            "has_map": self.map is not None,
            "seconds_synthesised": round(self.seconds_synthesised, 1),
            "seconds_taken": round(self.seconds_taken, 1),
        }
        return arrays, table


UNDEFINED = -1000.0
"""Value of undefined features in stored arrays, which contain no NaN."""


def _corpus_range(view: CorpusView, feature: Feature) -> dict[str, Any]:
    """Return the 5, 50 and 95 % quantiles of a feature over the corpus, as JSON."""
    row = view.stretch_features[:, NAMES.index(feature.name)]
    row = row[np.isfinite(row)]
    if not len(row):
        return {"unit": feature.unit, "defined": False}
    low, middle, high = (round(float(q), 3) for q in np.quantile(row, [0.05, 0.5, 0.95]))
    return {"unit": feature.unit, "defined": True, "low": low, "median": middle, "high": high}


@dataclass(frozen=True)
class AnalysedModel:
    """The functions of a model under analysis.

    Attributes:
        encode: mono samples [T] -> latents [D, ceil(frames / reduction)] in sigma units.
        synthesise: latents [D, T] at the mel rate -> samples [T * 512].
        reduction: mel frames per latent.
        workers: threads that may call `synthesise` at once; the result does not depend on it.
    """

    encode: Encode
    synthesise: Synthesise
    reduction: int = 4
    workers: int = 1


def analyse(
    model: AnalysedModel,
    clips: Sequence[Samples],
    *,
    seed: int = 0,
    names: Sequence[str] | None = None,
    progress: ProgressListener | None = None,
    config: AnalysisConfig | None = None,
) -> Analysis:
    """Analyse a model on its corpus.

    The same model, clips and seed give the same controls in the same order.

    Args:
        model: to be analysed.
        clips: mono samples [T] each, at 44.1 kHz, full scale +-1.
        seed: of all random draws.
        names: of the clips; "clip 1" and so on by default.
        progress: receives progress events.
        config: how much sound is synthesised.

    Raises:
        AnalysisError: no clips, another number of names, or a model whose latents or samples have
            wrong shapes, NaN or infinity.
    """
    report = progress or (lambda event: None)
    if names is not None and len(names) != len(clips):
        raise AnalysisError(f"{len(names)} names for {len(clips)} clips")
    started = time.monotonic()
    view = view_corpus(model.encode, clips, model.reduction, report)
    region = fit_region(view.audible_latents)
    prober = Prober(model.synthesise, report, model.workers)
    context = AnalysisContext(view, prober, region, seed, model.reduction, config or AnalysisConfig())
    controls, notes = _find_all(context)
    seconds_per_latent = model.reduction * HOP / DEFAULT_MEL.sample_rate
    latent_map = None if view.silent else make_map(view.latents, view.audible, seconds_per_latent)
    report(AnalysisProgress("done", 1, 1))
    return Analysis(
        controls,
        tuple(context.withheld),
        notes,
        view,
        tuple(names or (f"clip {i + 1}" for i in range(len(clips)))),
        latent_map,
        seed,
        model.reduction,
        context.prober.seconds,
        time.monotonic() - started,
    )


def most_hops(config: AnalysisConfig) -> int:
    """Return the most hops of sound that an analysis synthesises: every feature in every round."""
    steady = sum(feature.kind == "steady" for feature in FEATURES)
    probe, drawn = LEAD + MEASURED + TAIL, 4 * config.bases
    trial = steady * config.bases * (config.positions - 1) + config.bases
    held = config.probes + 3 * drawn + (len(SELECTIVITY) + 1) * trial + (2 * config.characters + 1) * config.bases
    moving = len(MOTIONS) * config.moving_bases * config.moving_positions * (config.moving_hops + LEAD + TAIL)
    return probe * held + moving


def _find_all(context: AnalysisContext) -> tuple[Controls, tuple[str, ...]]:
    """Return all controls and notes for the user.

    Controls named after features come first, in the features' order.
    """
    region = context.region
    if context.view.silent:
        return Controls((), no_paths(region.dimensions), region), (
            "The corpus is silent: there is nothing to control.",
        )
    steady = find_static_controls(context)
    temporal, motion = find_temporal(context)
    directions = np.array([field.coloured(region)[0] for field in steady.fields]).reshape(-1, region.dimensions)
    characters, axes = find_characters(context, directions)
    no_field = Field(np.zeros(region.dimensions), np.zeros_like(region.whitening))
    fields = [*steady.fields, *([no_field] * len(temporal)), *axes]
    warps = [*steady.warps, *([linear_warp()] * (len(temporal) + len(axes)))]
    paths = paths_of(fields, warps, region)
    paths.motion[len(steady.fields) : len(steady.fields) + len(temporal)] = motion
    found = [*steady.infos, *temporal, *characters]
    order = sorted(
        range(len(found)), key=lambda i: NAMES.index(found[i].name) if found[i].name in NAMES else len(NAMES)
    )
    notes = () if found else ("No control changes what is heard: the model sounds nearly the same everywhere.",)
    return Controls([found[i] for i in order], paths.select(order), region), notes
