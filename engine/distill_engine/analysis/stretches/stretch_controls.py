"""Measure the controls of a skeleton on real stretches of its corpus, moved as a whole.

Nothing is held: a stretch plays as it does live, with the control at five positions, and what
comes out of the vocoder is measured.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from distill_engine.analysis.context import Withheld
from distill_engine.analysis.control_response import Response
from distill_engine.analysis.controls import ControlInfo, Controls
from distill_engine.analysis.features import tonal
from distill_engine.analysis.features.spectral import frames_of
from distill_engine.analysis.model_prober import Prober
from distill_engine.analysis.stretches.frame_features import FRAME_FEATURES, frame_features
from distill_engine.analysis.stretches.path import CorpusPath
from distill_engine.analysis.stretches.shaping import NOISINESS, Shaping
from distill_engine.analysis.stretches.skeleton import frame_levels
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.mel_config import DEFAULT_MEL

STRETCH_HOPS = 44  # of a stretch that is measured (0.5 s)
LOUD_NATS = 5.0  # below the corpus's peak (43 dB), within which a stretch must reach
PLACES = 12  # stretches that each control is measured on, where there is time
ROUNDS = 4  # in which they are measured; each is spread over the corpus
POSITIONS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
MEASURED = (*FRAME_FEATURES, NOISINESS)  # features of the sound
RATE = DEFAULT_MEL.sample_rate
LEAST_RHO = 0.8  # median over the places, from which on a control is offered


def stretch_starts(path: CorpusPath, count: int, seed: int) -> list[int]:
    """Return first frames of stretches that sound throughout, spread over the corpus, at random."""
    levels = path.levels.astype(np.float64)
    last = np.arange(path.frames) + STRETCH_HOPS - 1
    inside = last < path.offsets[1:][path.clip_of]
    padded = np.pad(levels, (0, STRETCH_HOPS - 1), constant_values=-np.inf)
    loud = np.lib.stride_tricks.sliding_window_view(padded, STRETCH_HOPS).max(axis=1) > levels.max() - LOUD_NATS
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
    prober: Prober,
    shaping: Shaping,
    *,
    seed: int = 0,
    deadline: float = math.inf,
) -> tuple[Controls, list[Withheld]]:
    """Return the controls that the sound follows, with what was measured, and those withheld.

    At least one round of places is measured, and as many more as end before `deadline`.

    Args:
        controls: found by regression; "temporal" ones are kept as they are.
        path: of the corpus.
        prober: synthesises the stretches.
        shaping: of the model.
        seed: of the places.
        deadline: instant of `time.monotonic`, in seconds.
    """
    starts = stretch_starts(path, PLACES, seed)
    stretches = [path.latents[:, s : s + STRETCH_HOPS].astype(np.float64) for s in starts]
    moving = [k for k, info in enumerate(controls.infos) if info.kind == "feature"]
    rounds: list[Float64Array] = []
    for number, places in enumerate(filter(None, (stretches[first::ROUNDS] for first in range(ROUNDS)))):
        began = time.monotonic()
        moved = [_moved(controls, shaping, (k, p), z) for k in moving for z in places for p in POSITIONS if p]
        stage = f"measuring the controls, {number + 1} of {ROUNDS}"
        found = np.array(prober.measure_each([*places, *moved], _features, stage))
        rounds.append(_by_position(found, len(places)))
        if 2 * time.monotonic() - began > deadline:
            break
    infos, withheld = dict(enumerate(controls.infos)), []
    for k, values in zip(moving, np.concatenate(rounds, axis=1), strict=True):
        judged = infos[k] = _judged(infos[k], Response(POSITIONS, values))
        if judged.rho < LEAST_RHO:
            reason = f"{judged.name}: the sound does not follow it reliably (rho {judged.rho:.2f})"
            withheld.append(Withheld(judged.name, judged.rho, reason))
            del infos[k]
    return _selected(controls, infos), withheld


def _by_position(found: Float64Array, count: int) -> Float64Array:
    """Return features [controls, places, positions, features] of `count` places, then moved ones.

    They are `found` [count * (1 + controls * (positions - 1)), features].
    """
    values = found[count:].reshape(-1, count, len(POSITIONS) - 1, found.shape[1])
    centres = np.broadcast_to(found[:count, None], (len(values), count, 1, found.shape[1]))
    return np.concatenate([values[:, :, :2], centres, values[:, :, 2:]], axis=2)


def measured_hops() -> int:
    """Return the most hops of sound that a measurement synthesises."""
    return (1 + len(MEASURED) * (len(POSITIONS) - 1)) * PLACES * STRETCH_HOPS


def _features(samples: Float32Array) -> Float64Array:
    """Return the features [MEASURED] of samples [T], weighted by level."""
    mel = mel_spectrogram(samples)
    levels = frame_levels(mel)
    weight = np.exp(levels - levels.max())
    values = (frame_features(mel) * weight).sum(axis=1) / weight.sum()
    noise = tonal.noisiness(tonal.magnitude_spectra(frames_of(samples, tonal.WINDOW, DEFAULT_MEL.hop)), RATE)
    return np.append(values, (noise * weight).sum() / weight.sum())


def _moved(controls: Controls, shaping: Shaping, at: tuple[int, float], stretch: Float64Array) -> Float64Array:
    """Return the latents [D, T] of a stretch with a control at a position, limited as live."""
    values = np.zeros(len(controls))
    values[at[0]] = at[1]
    offset = controls.unlimited(stretch[:, 0], values)
    moved = np.stack([controls.region.limited(z, z + offset)[0] for z in stretch.T], axis=1)
    return shaping.noisier(moved, values)


def _judged(info: ControlInfo, response: Response) -> ControlInfo:
    """Return the facts of a control with what was measured."""
    index = MEASURED.index(info.name)
    medians = response.medians(index)
    spread = max(abs(medians[-1] - medians[0]), 1e-9)
    leakage: dict[str, float] = {}
    for other, name in enumerate(MEASURED):
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


def _selected(controls: Controls, infos: Mapping[int, ControlInfo]) -> Controls:
    """Return the controls with these indices, with these facts."""
    paths, kept = controls.paths, list(infos)
    directions, warp, motion = paths.directions[kept], paths.warp[kept], paths.motion[kept]
    return Controls(
        list(infos.values()), replace(paths, directions=directions, warp=warp, motion=motion), controls.region
    )
