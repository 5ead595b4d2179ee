"""Controls that are not paths of a steady feature: temporal controls and character axes.

Temporal controls change how the source moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from distill_engine.analysis.context import LEAST_STEPS, AnalysisContext
from distill_engine.analysis.control_response import (
    Response,
    control_info,
    linear_warp,
    measure_responses,
    one_control_values,
    paths_of,
    safe_range,
    unnamed_control,
)
from distill_engine.analysis.controls import ControlInfo, Controls, Paths
from distill_engine.analysis.corpus import excerpt
from distill_engine.analysis.directions import Field, character_axes
from distill_engine.analysis.features.table import FEATURES, NAMES
from distill_engine.analysis.model_prober import LEAD, TAIL
from distill_engine.audio.arrays import Float64Array

MOTIONS: Mapping[str, tuple[str, Float64Array]] = {
    "attack": ("sharpens or softens how sounds begin", np.array([[0, 0, -3.0, 0, 0], [0, 0, 1.6, 0, 0]])),
    "density": (
        "plays the source faster and adds strokes, or slower and smoother",
        np.array([[-2.0, 0, -2.5, 0, 0], [1.6, 0, 0, 0, 7.0]]),
    ),
    "movement": (
        "widens the source's movement and adds flutter, or stills it",
        np.array([[0, -4.0, -3.0, 0, 0], [0, 0.8, 0.4, 0.9, 0]]),
    ),
}
"""Description and amounts [2, 5] of each temporal control.

Amounts at -1 and 1: octaves of speed, depth and edge; flutter in sigma; impulses per second.
"""

_CHARACTER_LENGTH = 0.9  # of a standard deviation of the corpus, per unit of path length


def measure_moving(
    context: AnalysisContext,
    motion: Float64Array,
    starts: Sequence[tuple[int, float]],
    positions: Float64Array,
    stage: str,
) -> list[Response]:
    """Measure each of K temporal controls alone on the corpus, played from `starts`.

    Args:
        context: of the analysis.
        motion: amounts of source modulation [K, 2, 5] at -1 and 1.
        starts: where stretches of the corpus begin, as (clip, latent).
        positions: of the controls [P], from -1 to 1.
        stage: names the work in progress events.
    """
    count, region = len(motion), context.region
    paths = Paths(
        np.zeros((count, region.dimensions)),
        np.zeros((count, region.dimensions, region.dimensions)),
        np.zeros((count, 9)),
        motion,
    )
    controls = Controls([unnamed_control(k) for k in range(count)], paths, region)
    hops = context.config.moving_hops + LEAD + TAIL
    trajectories = []
    for k in range(count):
        for clip, start in starts:
            for row in one_control_values(count, k, positions):
                modulation, shaper = controls.source_modulation(row), controls.motion(context.seed)
                path = excerpt(context.view, clip, start, modulation.speed, hops, context.reduction)
                trajectories.append(np.stack([shaper.step(z, modulation) for z in path.T], axis=1))
    features = context.prober.measure_moving(trajectories, stage)
    features = features.reshape(count, len(starts), len(positions), len(FEATURES))
    return [Response(positions, values) for values in features]


def find_temporal(context: AnalysisContext) -> tuple[list[ControlInfo], Float64Array]:
    """Find the temporal controls; return their facts and their amounts [K, 2, 5].

    They are measured on stretches of the corpus.
    """
    config, view = context.config, context.view
    audible = [(clip, int(i)) for clip, mask in enumerate(view.audible) for i in np.flatnonzero(mask)]
    drawn = context.random(4).integers(len(audible), size=config.moving_bases)
    starts = [(audible[int(i)][0], float(audible[int(i)][1])) for i in drawn]
    motion = np.stack([amounts for _, amounts in MOTIONS.values()])
    positions = np.linspace(-1.0, 1.0, config.moving_positions)
    responses = measure_moving(context, motion, starts, positions, "trying the temporal controls")
    spreads = {feature.name: max(view.spread(feature.name), feature.audible_step) for feature in FEATURES}
    infos: list[ControlInfo] = []
    kept: list[int] = []
    for k, (name, (description, _)) in enumerate(MOTIONS.items()):
        feature = FEATURES[NAMES.index(name)]
        if not context.withhold(feature, responses[k]):
            infos.append(control_info("temporal", feature, responses[k], spreads, (-1.0, 1.0), description))
            kept.append(k)
    return infos, motion[kept].reshape(len(kept), 2, 5)


def find_characters(context: AnalysisContext, taken: Float64Array) -> tuple[list[ControlInfo], list[Field]]:
    """Find audible axes of the variance that the directions `taken` [K, D] leave.

    An axis is directed so that +1 raises the feature that it changes most.
    """
    axes, shares = character_axes(context.view.audible_latents, taken, context.config.characters)
    infos: list[ControlInfo] = []
    kept: list[Field] = []
    if not len(axes):
        return infos, kept
    straight = np.zeros_like(context.region.whitening)
    fields = [Field(_CHARACTER_LENGTH * context.region.whitening @ axis, straight) for axis in axes]
    bases = context.base_points(5, context.config.bases)
    paths = paths_of(fields, [linear_warp()] * len(fields), context.region)
    positions = np.array([-1.0, 0.0, 1.0])
    responses = measure_responses(context.prober, paths, context.region, bases, positions, "trying the characters")
    for field, response, share in zip(fields, responses, shares, strict=True):
        steps = {f.name: response.change(i) / f.audible_step for i, f in enumerate(FEATURES) if f.kind == "steady"}
        strongest = max(steps, key=lambda name: abs(steps[name]))
        if abs(steps[strongest]) >= LEAST_STEPS:
            kept.append(Field(field.direction * np.sign(steps[strongest]), straight))
            infos.append(_character(context, len(kept), float(share), strongest, steps, kept[-1]))
    return infos, kept


def _character(
    context: AnalysisContext, number: int, share: float, strongest: str, steps: Mapping[str, float], field: Field
) -> ControlInfo:
    """Return the facts about a character control; `share` is its share of the corpus' variance."""
    text = f"{100 * share:.0f} % of the corpus' variety, beyond the named controls; moves {strongest} most"
    leakage = {name: round(value / steps[strongest], 3) for name, value in steps.items()}
    safe = safe_range(field, linear_warp(), context.region, context.whitened(context.view.audible_latents))
    return ControlInfo(f"character-{number}", "character", "", text, 0.0, 0.0, 0.0, 0.0, 0.0, leakage, safe)
