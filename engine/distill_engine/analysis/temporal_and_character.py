"""Controls that are not paths of a steady feature: temporal ones, which steer the source, and character axes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.context import LEAST_STEPS, AnalysisContext
from distill_engine.analysis.control_response import describe, linear_warp, listen, listen_moving, paths_of, safe_range
from distill_engine.analysis.controls import ControlInfo
from distill_engine.analysis.directions import Field, character_axes
from distill_engine.analysis.features.table import FEATURES, NAMES

FloatArray = npt.NDArray[np.float64]

MOTIONS: Mapping[str, tuple[str, FloatArray]] = {
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
"""What the temporal controls do to the source at -1 and 1: octaves of speed, depth, edge; flutter (sigma); strokes a second."""

_CHARACTER_LENGTH = 0.9


def find_temporal(context: AnalysisContext) -> tuple[list[ControlInfo], FloatArray]:
    """Controls that steer the source and their amounts [K, 2, 5], measured on stretches of the corpus."""
    config, view = context.config, context.view
    audible = [(clip, int(i)) for clip, mask in enumerate(view.audible) for i in np.flatnonzero(mask)]
    drawn = context.random(4).integers(len(audible), size=config.moving_bases)
    places = [(audible[int(i)][0], float(audible[int(i)][1])) for i in drawn]
    motion = np.stack([amounts for _, amounts in MOTIONS.values()])
    positions = np.linspace(-1.0, 1.0, config.moving_positions)
    responses = listen_moving(
        context.prober, motion, view, context.region, places, positions, config.moving_hops, context.reduction,
        context.seed, "trying the temporal controls",
    )  # fmt: skip
    spreads = {feature.name: max(view.spread(feature.name), feature.audible_step) for feature in FEATURES}
    infos: list[ControlInfo] = []
    kept: list[int] = []
    for k, (name, (description, _)) in enumerate(MOTIONS.items()):
        feature = FEATURES[NAMES.index(name)]
        if not context.withhold(feature, responses[k]):
            infos.append(describe(name, "temporal", feature, responses[k], spreads, (-1.0, 1.0), description))
            kept.append(k)
    return infos, motion[kept].reshape(len(kept), 2, 5)


def find_characters(context: AnalysisContext, taken: FloatArray) -> tuple[list[ControlInfo], list[Field]]:
    """Axes of the variance that the directions `taken` [K, D] leave, as far as they are heard.

    + raises what an axis changes most.
    """
    axes, shares = character_axes(context.view.heard, taken, context.config.characters)
    infos: list[ControlInfo] = []
    kept: list[Field] = []
    if not len(axes):
        return infos, kept
    blank = np.zeros_like(context.region.whitening)
    fields = [Field(_CHARACTER_LENGTH * context.region.whitening @ axis, blank) for axis in axes]
    bases = context.places(5, context.config.bases)
    paths = paths_of(fields, [linear_warp()] * len(fields), context.region)
    positions = np.array([-1.0, 0.0, 1.0])
    responses = listen(context.prober, paths, context.region, bases, positions, "trying the characters")
    for field, response, share in zip(fields, responses, shares, strict=True):
        rises = enumerate(FEATURES)
        steps = {f.name: response.change(i) / f.audible_step for i, f in rises if f.kind == "steady"}
        strongest = max(steps, key=lambda name: abs(steps[name]))
        if abs(steps[strongest]) >= LEAST_STEPS:
            kept.append(Field(field.direction * np.sign(steps[strongest]), blank))
            infos.append(_character(context, len(kept), float(share), strongest, steps, kept[-1]))
    return infos, kept


def _character(
    context: AnalysisContext, number: int, share: float, strongest: str, steps: Mapping[str, float], field: Field
) -> ControlInfo:
    text = f"{100 * share:.0f} % of the corpus' variety, beyond the named controls; moves {strongest} most"
    leakage = {name: round(value / steps[strongest], 3) for name, value in steps.items()}
    safe = safe_range(field, linear_warp(), context.region, context.white(context.view.heard))
    return ControlInfo(f"character-{number}", "character", "", text, 0.0, 0.0, 0.0, 0.0, 0.0, leakage, safe)
