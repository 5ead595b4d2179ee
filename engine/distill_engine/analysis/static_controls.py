"""Controls of what a held sound has (brightness, roughness, ...): proposed, tried, learned from, tried again, measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.context import LEAST_STEPS, AnalysisContext, Withheld
from distill_engine.analysis.control_response import Response, describe, linear_warp, listen, paths_of, safe_range
from distill_engine.analysis.controls import ControlInfo, Controls, Paths
from distill_engine.analysis.corpus import place_in
from distill_engine.analysis.directions import Field, even_warp, feature_field
from distill_engine.analysis.features.table import FEATURES, NAMES
from distill_engine.analysis.surrogate import Surrogate, fit_surrogate

FloatArray = npt.NDArray[np.float64]

CONTENT_FROM = 0.93
SELECTIVITY = (1.0, 0.2, 0.0)
"""How much the other features are held still, round by round; less makes a control stronger and more monotone."""
_CORPUS_WEIGHT = 0.3


@dataclass(frozen=True)
class Candidate:
    """The best path so far of one feature, and what was heard along it."""

    worth: float
    field: Field
    response: Response


@dataclass(frozen=True)
class FoundControls:
    """Controls and the fields and warps of their paths, in the same order."""

    infos: list[ControlInfo]
    fields: list[Field]
    warps: list[FloatArray]


def find_static_controls(context: AnalysisContext) -> FoundControls:
    """All controls of steady features, measured at base points that their search never saw."""
    drawn = place_in(context.view, context.random(0), context.config.probes)
    drawn = drawn + 0.8 * context.region.colouring @ context.random(1).standard_normal(drawn.shape)
    points, heard = context.white(drawn), context.prober.held(drawn, "listening to the model")
    spreads = _spreads(context, heard)
    best = _search(context, points, heard, spreads)
    for feature in FEATURES:
        if feature.kind == "steady" and feature.name not in best:
            reason = f"{feature.name} is undefined or the same in nearly all of the corpus"
            context.withheld.append(Withheld(feature.name, 0.0, reason))
    return _measured(context, best, spreads)


def _search(
    context: AnalysisContext, points: FloatArray, heard: FloatArray, spreads: Mapping[str, float]
) -> dict[str, Candidate]:
    """The best path of each feature, in the features' order. Every round learns from what the last one heard."""
    positions = np.linspace(-1.0, 1.0, context.config.positions)
    bases = context.places(2, context.config.bases)
    best: dict[str, Candidate] = {}
    for selective in SELECTIVITY:
        surrogates = _surrogates(context, points, heard, spreads)
        todo = [name for name in surrogates if name not in best or best[name].worth < CONTENT_FROM]
        if not todo:
            break
        fields = [feature_field(name, surrogates, points, selective) for name in todo]
        paths = paths_of(fields, [linear_warp()] * len(fields), context.region)
        responses = listen(context.prober, paths, context.region, bases, positions, "trying the controls")
        for name, field, response in zip(todo, fields, responses, strict=True):
            worth = _worth(response, name)
            if name not in best or worth > best[name].worth + 0.02:
                best[name] = Candidate(worth, field, response)
        points = np.concatenate([points, context.white(_tried(context, paths, bases, positions))], axis=1)
        heard = np.concatenate([heard, *(row for response in responses for row in response.heard)])
    return {name: best[name] for name in NAMES if name in best}


def _tried(context: AnalysisContext, paths: Paths, bases: FloatArray, positions: FloatArray) -> FloatArray:
    """The latents [D, controls * bases * positions] that a trial has played, in the order of its responses."""
    controls = Controls([], paths, context.region)
    count = len(paths.directions)
    values = positions[None, :, None] * np.eye(count)[:, None, :]
    return np.stack(
        [base + controls.offset(base, row) for k in range(count) for base in bases.T for row in values[k]], axis=1
    )


def _worth(response: Response, name: str) -> float:
    """Rho, provided that the change is big enough to be heard; else that share of it."""
    index = NAMES.index(name)
    steps = response.change(index) / (LEAST_STEPS * FEATURES[index].audible_step)
    return response.rho(index) * float(np.clip(steps, 0.0, 1.0))


def _spreads(context: AnalysisContext, heard: FloatArray) -> dict[str, float]:
    """The spread of each feature: over the corpus, or over the model's sound where that is wider."""
    result = {}
    for index, feature in enumerate(FEATURES):
        row = heard[:, index][np.isfinite(heard[:, index])]
        own = float(row.std()) if feature.kind == "steady" and len(row) > 3 else 0.0
        result[feature.name] = max(context.view.spread(feature.name), own, 1e-6)
    return result


def _surrogates(
    context: AnalysisContext, points: FloatArray, heard: FloatArray, spreads: Mapping[str, float]
) -> dict[str, Surrogate]:
    """What is known about each steady feature: from the model's sound, and with less weight from the corpus itself."""
    corpus = context.white(context.view.stretch_latents)
    every = np.concatenate([points, corpus], axis=1)
    values = np.concatenate([heard, context.view.stretch_features])
    weights = np.concatenate([np.ones(points.shape[1]), np.full(corpus.shape[1], _CORPUS_WEIGHT)])
    found: dict[str, Surrogate] = {}
    for index, feature in enumerate(FEATURES):
        if feature.kind == "steady":
            surrogate = fit_surrogate(every, values[:, index], weights, spreads[feature.name])
            if surrogate is not None:
                found[feature.name] = surrogate
    return found


def _measured(context: AnalysisContext, best: Mapping[str, Candidate], spreads: Mapping[str, float]) -> FoundControls:
    """The candidates, measured at fresh base points as they will be played; those that pass."""
    features = [FEATURES[NAMES.index(name)] for name in best]
    positions = np.linspace(-1.0, 1.0, context.config.positions)
    warps = [even_warp(positions, best[f.name].response.medians(NAMES.index(f.name))) for f in features]
    fields = [candidate.field for candidate in best.values()]
    found = FoundControls([], [], [])
    if not fields:
        return found
    bases = context.places(3, context.config.bases)
    paths = paths_of(fields, warps, context.region)
    responses = listen(context.prober, paths, context.region, bases, positions, "measuring the controls")
    inside = context.white(context.view.heard)
    for feature, field, warp, response in zip(features, fields, warps, responses, strict=True):
        if not context.withhold(feature, response):
            safe = safe_range(field, warp, context.region, inside)
            text = f"more {feature.name}: {feature.description}"
            found.infos.append(describe(feature.name, "feature", feature, response, spreads, safe, text))
            found.fields.append(field)
            found.warps.append(warp)
    return found
