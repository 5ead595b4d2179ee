"""Controls of steady features (brightness, roughness, ...).

Paths are proposed by regression, tried, proposed again with what was measured, and finally measured
at fresh base points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from distill_engine.analysis.context import LEAST_STEPS, AnalysisContext, Withheld
from distill_engine.analysis.control_response import (
    Response,
    control_info,
    linear_warp,
    measure_responses,
    paths_of,
    safe_range,
)
from distill_engine.analysis.controls import ControlInfo, Controls, Paths
from distill_engine.analysis.corpus import draw_latents
from distill_engine.analysis.directions import Field, even_warp, feature_field
from distill_engine.analysis.features.table import FEATURES, NAMES
from distill_engine.analysis.surrogate import Surrogate, fit_surrogate
from distill_engine.audio.arrays import Float64Array

SUFFICIENT_SCORE = 0.93  # score (rho) from which a feature's path is not searched again
SELECTIVITY = (1.0, 0.2, 0.0)
"""Weight of the other features' changes, round by round; a smaller one gives stronger, more monotonic controls."""
_CORPUS_WEIGHT = 0.3  # of a corpus stretch in the regression, relative to a measured latent


@dataclass(frozen=True)
class Candidate:
    """The best path so far of one feature: its score, its field, and the response along it."""

    score: float
    field: Field
    response: Response


@dataclass(frozen=True)
class FoundControls:
    """Controls with the fields and warps [9] of their paths, in the same order."""

    infos: list[ControlInfo]
    fields: list[Field]
    warps: list[Float64Array]


def find_static_controls(context: AnalysisContext) -> FoundControls:
    """Find the controls of all steady features, measured at held-out base points."""
    drawn = draw_latents(context.view, context.random(0), context.config.probes)
    drawn = drawn + 0.8 * context.region.colouring @ context.random(1).standard_normal(drawn.shape)
    points, features = context.whitened(drawn), context.prober.measure_held(drawn, "measuring the model")
    spreads = _spreads(context, features)
    best = _search(context, points, features, spreads)
    for feature in FEATURES:
        if feature.kind == "steady" and feature.name not in best:
            reason = f"{feature.name} is undefined or the same in nearly all of the corpus"
            context.withheld.append(Withheld(feature.name, 0.0, reason))
    return _measured(context, best, spreads)


def _search(
    context: AnalysisContext, points: Float64Array, features: Float64Array, spreads: Mapping[str, float]
) -> dict[str, Candidate]:
    """Return the best path of each feature, in the features' order.

    `points` [D, N] are whitened latents with their measured `features` [N, features]. Every round
    adds what it measures to them.
    """
    positions = np.linspace(-1.0, 1.0, context.config.positions)
    bases = context.base_points(2, context.config.bases)
    best: dict[str, Candidate] = {}
    for selective in SELECTIVITY:
        surrogates = _surrogates(context, points, features, spreads)
        open_names = [name for name in surrogates if name not in best or best[name].score < SUFFICIENT_SCORE]
        if not open_names:
            break
        fields = [feature_field(name, surrogates, points, selective) for name in open_names]
        paths = paths_of(fields, [linear_warp()] * len(fields), context.region)
        responses = measure_responses(context.prober, paths, context.region, bases, positions, "trying the controls")
        for name, field, response in zip(open_names, fields, responses, strict=True):
            score = _score(response, name)
            if name not in best or score > best[name].score + 0.02:
                best[name] = Candidate(score, field, response)
        points = np.concatenate([points, context.whitened(_tried_latents(context, paths, bases, positions))], axis=1)
        features = np.concatenate([features, *(row for response in responses for row in response.values)])
    return {name: best[name] for name in NAMES if name in best}


def _tried_latents(
    context: AnalysisContext, paths: Paths, bases: Float64Array, positions: Float64Array
) -> Float64Array:
    """Return the latents [D, controls * bases * positions] of a trial, in its responses' order.

    `bases` are [D, N], `positions` [P].
    """
    controls = Controls([], paths, context.region)
    count = len(paths.directions)
    values = positions[None, :, None] * np.eye(count)[:, None, :]
    return np.stack(
        [base + controls.offset(base, row) for k in range(count) for base in bases.T for row in values[k]], axis=1
    )


def _score(response: Response, name: str) -> float:
    """Return rho, reduced in proportion if the change is smaller than LEAST_STEPS audible steps."""
    index = NAMES.index(name)
    steps = response.change(index) / (LEAST_STEPS * FEATURES[index].audible_step)
    return response.rho(index) * float(np.clip(steps, 0.0, 1.0))


def _spreads(context: AnalysisContext, features: Float64Array) -> dict[str, float]:
    """Return the spread of each feature, in its unit.

    It is the larger of the standard deviations over the corpus and over the measured `features` [N,
    features].
    """
    result = {}
    for index, feature in enumerate(FEATURES):
        row = features[:, index][np.isfinite(features[:, index])]
        of_model = float(row.std()) if feature.kind == "steady" and len(row) > 3 else 0.0
        result[feature.name] = max(context.view.spread(feature.name), of_model, 1e-6)
    return result


def _surrogates(
    context: AnalysisContext, points: Float64Array, features: Float64Array, spreads: Mapping[str, float]
) -> dict[str, Surrogate]:
    """Fit a surrogate to each steady feature that is defined often enough.

    The data are whitened latents [D, N] with their `features` [N, features] and, with less weight,
    the stretches of the corpus.
    """
    corpus = context.whitened(context.view.stretch_latents)
    all_points = np.concatenate([points, corpus], axis=1)
    values = np.concatenate([features, context.view.stretch_features])
    weights = np.concatenate([np.ones(points.shape[1]), np.full(corpus.shape[1], _CORPUS_WEIGHT)])
    surrogates: dict[str, Surrogate] = {}
    for index, feature in enumerate(FEATURES):
        if feature.kind == "steady":
            surrogate = fit_surrogate(all_points, values[:, index], weights, spreads[feature.name])
            if surrogate is not None:
                surrogates[feature.name] = surrogate
    return surrogates


def _measured(context: AnalysisContext, best: Mapping[str, Candidate], spreads: Mapping[str, float]) -> FoundControls:
    """Measure the candidates, warped, at fresh base points; return those that pass."""
    features = [FEATURES[NAMES.index(name)] for name in best]
    positions = np.linspace(-1.0, 1.0, context.config.positions)
    warps = [even_warp(positions, best[f.name].response.medians(NAMES.index(f.name))) for f in features]
    fields = [candidate.field for candidate in best.values()]
    found = FoundControls([], [], [])
    if not fields:
        return found
    bases = context.base_points(3, context.config.bases)
    paths = paths_of(fields, warps, context.region)
    responses = measure_responses(context.prober, paths, context.region, bases, positions, "measuring the controls")
    corpus = context.whitened(context.view.audible_latents)
    for feature, field, warp, response in zip(features, fields, warps, responses, strict=True):
        if not context.withhold(feature, response):
            safe = safe_range(field, warp, context.region, corpus)
            text = f"more {feature.name}: {feature.description}"
            found.infos.append(control_info("feature", feature, response, spreads, safe, text))
            found.fields.append(field)
            found.warps.append(warp)
    return found
