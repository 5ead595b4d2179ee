"""Finds the controls of a model: listens to the corpus and to the model, proposes paths, measures them, keeps what works."""

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
from distill_engine.errors import AnalysisError

__all__ = ["UNDEFINED", "Analysis", "AnalysisConfig", "analyse", "most_hops"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Analysis:
    """All that is stored about a model's corpus and controls."""

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
        """Arrays for the model file's part "analysis" and the table for its manifest."""
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
"""Stands for an undefined feature in stored arrays, which hold no NaN."""


def _corpus_range(view: CorpusView, feature: Feature) -> dict[str, Any]:
    row = view.stretch_features[:, NAMES.index(feature.name)]
    row = row[np.isfinite(row)]
    if not len(row):
        return {"unit": feature.unit, "defined": False}
    low, middle, high = (round(float(q), 3) for q in np.quantile(row, [0.05, 0.5, 0.95]))
    return {"unit": feature.unit, "defined": True, "low": low, "median": middle, "high": high}


def analyse(
    encode: Encode, synthesise: Synthesise, clips: Sequence[npt.NDArray[np.float32]], *, seed: int = 0,
    names: Sequence[str] | None = None, reduction: int = 4, progress: ProgressListener | None = None,
    config: AnalysisConfig | None = None, workers: int = 1,
) -> Analysis:  # fmt: skip
    """Analyses a model on its corpus. The same model, clips and seed give the same controls in the same order.

    Args:
        encode: mono samples [T] -> latents [D, ceil(frames / reduction)] in sigma units.
        synthesise: latents [D, T] at the mel rate -> samples [T * 512].
        clips: mono float32 sounds at 44.1 kHz.
        names: what the clips are called.
        workers: threads that may be in `synthesise` at once; what is found does not depend on it.

    Raises:
        AnalysisError: no clips, or a model that encodes or synthesises nonsense.
    """
    report = progress or (lambda event: None)
    if names is not None and len(names) != len(clips):
        raise AnalysisError(f"{len(names)} names for {len(clips)} clips")
    started = time.monotonic()
    view = view_corpus(encode, clips, reduction, report)
    region = fit_region(view.heard)
    prober = Prober(synthesise, report, workers)
    context = AnalysisContext(view, prober, region, seed, reduction, config or AnalysisConfig())
    controls, notes = _find_all(context)
    plane = None if view.silent else make_map(view.latents, view.audible, reduction * HOP / 44100)
    report(AnalysisProgress("done", 1, 1))
    return Analysis(
        controls, tuple(context.withheld), notes, view, tuple(names or (f"clip {i + 1}" for i in range(len(clips)))),
        plane, seed, reduction, context.prober.seconds, time.monotonic() - started,
    )  # fmt: skip


def most_hops(config: AnalysisConfig) -> int:
    """Hops of sound that an analysis listens to at most, besides the corpus itself: every feature tried in every round."""
    steady = sum(feature.kind == "steady" for feature in FEATURES)
    probe, places = LEAD + MEASURED + TAIL, 4 * config.bases
    trial = steady * config.bases * (config.positions - 1) + config.bases
    held = config.probes + 3 * places + (len(SELECTIVITY) + 1) * trial + (2 * config.characters + 1) * config.bases
    moving = len(MOTIONS) * config.moving_bases * config.moving_positions * (config.moving_hops + LEAD + TAIL)
    return probe * held + moving


def _find_all(context: AnalysisContext) -> tuple[Controls, tuple[str, ...]]:
    """All controls, those named after features first and in the features' order, and remarks for the user."""
    region = context.region
    if context.view.silent:
        return Controls((), no_paths(region.dimensions), region), (
            "The corpus is silent: there is nothing to control.",
        )
    steady = find_static_controls(context)
    moving, motion = find_temporal(context)
    directions = np.array([field.coloured(region)[0] for field in steady.fields]).reshape(-1, region.dimensions)
    characters, axes = find_characters(context, directions)
    still = Field(np.zeros(region.dimensions), np.zeros_like(region.whitening))
    fields = [*steady.fields, *([still] * len(moving)), *axes]
    warps = [*steady.warps, *([linear_warp()] * (len(moving) + len(axes)))]
    paths = paths_of(fields, warps, region)
    paths.motion[len(steady.fields) : len(steady.fields) + len(moving)] = motion
    found = [*steady.infos, *moving, *characters]
    order = sorted(
        range(len(found)), key=lambda i: NAMES.index(found[i].name) if found[i].name in NAMES else len(NAMES)
    )
    notes = () if found else ("No control changes what is heard: the model sounds nearly the same everywhere.",)
    return Controls([found[i] for i in order], paths.select(order), region), notes
