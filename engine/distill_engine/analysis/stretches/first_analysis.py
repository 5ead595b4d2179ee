"""The analysis of a skeleton that takes no synthesis: path, controls by regression, and map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.controls import ControlInfo, Controls, Kind, Paths
from distill_engine.analysis.map import make_map
from distill_engine.analysis.region import fit_region_along
from distill_engine.analysis.stretches.frame_features import (
    DESCRIPTIONS,
    FRAME_FEATURES,
    UNITS,
    feature_directions,
    frame_features,
)
from distill_engine.analysis.stretches.path import KEY_LATENTS, LEAD_FRAMES, CorpusPath, Heard, clip_mel, make_path
from distill_engine.analysis.stretches.pitch import clip_pitches
from distill_engine.analysis.stretches.shaping import ATTACK, NOISINESS
from distill_engine.analysis.stretches.skeleton import Skeleton, heard_frames
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel_config import DEFAULT_MEL, MelConfig
from distill_engine.audio.store import Samples

REACH = 1.5  # standard deviations over the corpus, by which a control moves its feature at 1
MOST_DB = 12.0  # that it moves a level
MOST_SIGMA = 4.0  # length of its path in latent space
MOST_MEASURED = 1 << 15  # frames (6 minutes) that controls are found on: more give the same
REGION_FRAMES = 32  # frames of a region of the map (0.37 s)
TEMPORAL = (
    ("density", "onsets/s", "how often the sound leaps to another place of the corpus"),
    ("movement", "dB", "how far from the present sound it leaps"),
    (ATTACK, "dB", "how far the first moments of a sound rise above what came before"),
)
OCTAVES = 2.0  # of speed (density) and depth (movement) to either side
VERSION = 2  # of the manifest's table: analyses of skeletons


def first_analysis(
    skeleton: Skeleton, clips: Sequence[Samples], names: Sequence[str], config: MelConfig = DEFAULT_MEL
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Return the arrays of the part "analysis" and the manifest's table for it.

    Only the path of all clips is held, and for the controls MOST_MEASURED frames of them at most.

    Args:
        skeleton: the model.
        clips: samples [T] of each clip, T may differ; they are read one at a time.
        names: of the clips.
        config: definition of the mels.
    """
    every = -(-sum(len(clip) // config.hop for clip in clips) // MOST_MEASURED) or 1
    heard: list[npt.NDArray[np.bool_]] = []
    measured: list[Float32Array] = []

    def listened() -> Iterator[Heard]:
        """Yield each clip; keep which of its frames are heard, and each `every`th frame."""
        frames = 0
        for clip in clips:
            samples = clip[:]
            mel = clip_mel(samples, config, LEAD_FRAMES)
            heard.append(heard_frames(mel))
            measured.append(np.ascontiguousarray(mel[:, -frames % every :: every]))
            frames += mel.shape[1]
            after_silence = np.pad(samples, (LEAD_FRAMES * config.hop, 0))
            yield mel, clip_pitches(after_silence, mel.shape[1], config.hop, config.sample_rate)

    path = make_path(skeleton, listened(), LEAD_FRAMES)
    mask = np.concatenate(heard)
    silent, mask = not mask.any(), mask[::every]
    chosen = mask if mask.any() else slice(None)
    latents = path.latents[:, ::every].astype(np.float64)[:, chosen]
    features = frame_features(np.concatenate(measured, axis=1)[:, chosen])
    controls = _controls(latents, features, silent=silent)
    arrays = path.to_arrays() | controls.to_arrays()
    if not silent:
        arrays |= _map(path, heard)
    table = {
        "version": VERSION,
        "skeleton": skeleton.digest,
        "clips": list(names),
        "reduction": 1,
        "controls": [info.to_dict() for info in controls.infos],
        "withheld": [],
        "notes": ["The corpus is silent: there is nothing to control."] if silent else [],
        "has_map": not silent,
        "trim_db": 0.0,
        "seconds_synthesised": 0.0,
        "seconds_taken": 0.0,
    }
    return arrays, table


def _map(path: CorpusPath, heard: Sequence[npt.NDArray[np.bool_]]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of the map, whose distances are those of the first KEY_LATENTS latents."""
    clips = [clip[:, path.lead :] for clip in np.split(path.latents[:KEY_LATENTS], path.offsets[1:-1], axis=1)]
    heard = [mask[path.lead :] for mask in heard]
    return make_map(clips, heard, 1.0 / DEFAULT_MEL.frame_rate, region_latents=REGION_FRAMES).to_arrays()


def _controls(latents: Float64Array, features: Float64Array, *, silent: bool) -> Controls:
    """Return the controls: one for each feature that varies, and the temporal ones."""
    region, dimensions = fit_region_along(latents), len(latents)
    found, slopes = feature_directions(latents, features)
    kept = [] if silent else [k for k in range(len(FRAME_FEATURES)) if np.linalg.norm(found[k]) > 0.5]
    infos = [_info(FRAME_FEATURES[k], features[k]) for k in kept]
    infos += [_unmeasured(NOISINESS, "feature", "dB", "how little partials stand out of the spectrum")] * (not silent)
    count = len(infos)
    directions = np.zeros((count + len(TEMPORAL), dimensions))
    directions[: len(kept)] = found[kept]
    warp = np.zeros((len(directions), 9))
    steps = np.minimum(
        REACH * features.std(axis=1), [MOST_DB if UNITS.get(n, "dB") == "dB" else np.inf for n in FRAME_FEATURES]
    )
    reach = np.minimum(steps / np.maximum(slopes, 1e-9), MOST_SIGMA)
    warp[: len(kept)] = reach[kept, None] * np.linspace(-1.0, 1.0, 9)
    motion = np.zeros((len(directions), 2, 5))
    for index, (name, unit, description) in enumerate(TEMPORAL):
        infos.append(_unmeasured(name, "temporal", unit, description))
        if name != ATTACK:
            motion[count + index, :, index] = (-OCTAVES, OCTAVES)
    return Controls(infos, Paths(directions, np.zeros((0, 0, 0)), warp, motion), region)


def _unmeasured(name: str, kind: Kind, unit: str, description: str) -> ControlInfo:
    """Return what is known of a control without a range of its own in the corpus."""
    return ControlInfo(name, kind, unit, description, 0.0, 0.0, 0.0, 0.0, 0.0, {}, (-1.0, 1.0), False)


def _info(name: str, values: Float64Array) -> ControlInfo:
    """Return what is known of a control before anything is measured: the corpus's own range."""
    low, centre, high = (round(float(q), 3) for q in np.quantile(values, [0.05, 0.5, 0.95]))
    unit = UNITS.get(name, "dB")
    return ControlInfo(name, "feature", unit, DESCRIPTIONS[name], 0.0, 0.0, low, centre, high, {}, (-1.0, 1.0), False)
