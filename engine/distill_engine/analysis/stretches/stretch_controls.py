"""Measure the controls of a skeleton on real stretches of its corpus, moved as a whole.

Nothing is held: a stretch plays as it does live, with the control at five positions, and what
comes out of the vocoder is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from distill_engine.analysis.context import Withheld
from distill_engine.analysis.control_response import Response
from distill_engine.analysis.controls import ControlInfo, Controls
from distill_engine.analysis.model_prober import AnalysisProgress, ProgressListener, Synthesise
from distill_engine.analysis.stretches.frame_features import FRAME_FEATURES, frame_features
from distill_engine.analysis.stretches.path import CorpusPath
from distill_engine.analysis.stretches.skeleton import frame_levels
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel import mel_spectrogram

STRETCH_HOPS = 44  # of a stretch that is measured (0.5 s)
PLACES = 12  # stretches that each control is measured on
POSITIONS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
Job = tuple[Float64Array, int, float]  # a stretch [D, T], the index of a control (-1: none), its position
LEAST_RHO = 0.8  # median over the places, from which on a control is offered


def stretch_starts(path: CorpusPath, count: int, seed: int) -> list[int]:
    """Return first frames of stretches that sound throughout, spread over the corpus, at random."""
    levels = path.levels.astype(np.float64)
    clip_of = np.repeat(np.arange(len(path.offsets) - 1), np.diff(path.offsets))
    last = np.arange(path.frames) + STRETCH_HOPS - 1
    inside = last < path.offsets[1:][clip_of]
    loud = np.array([levels[s : s + STRETCH_HOPS].max() for s in range(path.frames)]) > levels.max() - 5.0
    found = np.flatnonzero(inside & loud)
    if not len(found):
        found = np.flatnonzero(last < path.frames)
    if not len(found):
        return [0]
    rng = np.random.default_rng([seed, 11])
    return [int(rng.choice(part)) for part in np.array_split(found, count) if len(part)]


def measure_stretch_controls(
    controls: Controls,
    path: CorpusPath,
    synthesise: Synthesise,
    *,
    seed: int = 0,
    workers: int = 1,
    progress: ProgressListener = lambda event: None,
) -> tuple[list[ControlInfo], list[Withheld], list[int], float]:
    """Return the measured controls, those withheld, the indices of the kept ones, and seconds made.

    Args:
        controls: found by regression; "temporal" ones are kept as they are.
        path: of the corpus.
        synthesise: latents [D, T] -> samples [T * 512]; up to `workers` threads call it at once.
        seed: of the places.
        progress: receives progress events.
    """
    starts = stretch_starts(path, PLACES, seed)
    stretches = [path.latents[:, s : s + STRETCH_HOPS].astype(np.float64) for s in starts]
    moving = [k for k, info in enumerate(controls.infos) if info.kind == "feature"]
    jobs: list[Job] = [(stretch, -1, 0.0) for stretch in stretches]
    jobs += [(stretch, k, position) for k in moving for stretch in stretches for position in POSITIONS if position]
    features = []
    with ThreadPoolExecutor(workers) as pool:
        for values in pool.map(lambda job: _measure(controls, job, synthesise), jobs):
            features.append(values)
            progress(AnalysisProgress("measuring the controls", len(features), len(jobs)))
    count = len(stretches)
    centres, moved = np.array(features[:count]), np.array(features[count:])
    moved = moved.reshape(len(moving), count, len(POSITIONS) - 1, len(FRAME_FEATURES))
    infos: list[ControlInfo] = []
    withheld: list[Withheld] = []
    kept: list[int] = []
    for k, info in enumerate(controls.infos):
        if info.kind != "feature":
            infos, kept = [*infos, info], [*kept, k]
            continue
        values = moved[moving.index(k)]
        response = Response(POSITIONS, np.concatenate([values[:, :2], centres[:, None], values[:, 2:]], axis=1))
        judged = _judged(info, response)
        if judged.rho >= LEAST_RHO:
            infos, kept = [*infos, judged], [*kept, k]
        else:
            reason = f"{info.name}: the sound does not follow it reliably (rho {judged.rho:.2f})"
            withheld.append(Withheld(info.name, judged.rho, reason))
    seconds = len(jobs) * STRETCH_HOPS * 512 / 44100
    return infos, withheld, kept, seconds


def measured_hops() -> int:
    """Return the most hops of sound that a measurement synthesises."""
    return (1 + len(FRAME_FEATURES) * (len(POSITIONS) - 1)) * PLACES * STRETCH_HOPS


def _measure(controls: Controls, job: Job, synthesise: Synthesise) -> Float64Array:
    """Return the features [FRAME_FEATURES] of a stretch with one control moved (-1: none)."""
    stretch, k, position = job
    moved = stretch if k < 0 else _moved(controls, stretch, k, position)
    samples: Float32Array = synthesise(np.asarray(moved, np.float32))
    mel = mel_spectrogram(samples)
    levels = frame_levels(mel)
    weight = np.exp(levels - levels.max())
    return np.asarray((frame_features(mel) * weight).sum(axis=1) / weight.sum())


def _moved(controls: Controls, stretch: Float64Array, k: int, position: float) -> Float64Array:
    """Return the latents [D, T] of a stretch with control k at `position`, limited as live."""
    values = np.zeros(len(controls))
    values[k] = position
    offset = controls.unlimited(stretch[:, 0], values)
    return np.stack([controls.region.limited(z, z + offset)[0] for z in stretch.T], axis=1)


def _judged(info: ControlInfo, response: Response) -> ControlInfo:
    """Return the facts of a control with what was measured."""
    index = FRAME_FEATURES.index(info.name)
    medians = response.medians(index)
    spread = max(abs(medians[-1] - medians[0]), 1e-9)
    leakage: dict[str, float] = {}
    for other, name in enumerate(FRAME_FEATURES):
        if other != index:
            moved = response.medians(other)
            share = (moved[-1] - moved[0]) / max(float(np.ptp(response.values[:, :, other])), 1e-9)
            own = spread / max(float(np.ptp(response.values[:, :, index])), 1e-9)
            leakage[name] = round(float(share / own), 3)
    return replace(
        info,
        rho=round(response.rho(index), 3),
        rho_low=round(response.rho(index, 0.1), 3),
        low=round(float(medians[0]), 3),
        centre=round(float(medians[len(medians) // 2]), 3),
        high=round(float(medians[-1]), 3),
        leakage=leakage,
        measured=True,
    )


def kept_controls(controls: Controls, infos: Sequence[ControlInfo], kept: Sequence[int]) -> Controls:
    """Return the controls of these indices with these facts."""
    paths = controls.paths
    chosen = list(kept)
    straight = replace(paths, directions=paths.directions[chosen], warp=paths.warp[chosen], motion=paths.motion[chosen])
    return Controls(infos, straight, controls.region)
