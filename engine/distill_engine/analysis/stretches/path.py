"""The path of a corpus: a latent per mel frame, clip after clip, and what a player of it needs.

Keys compare places of the path: the first 16 latents of a frame and of the frame 4 hops before, as
int8 in steps of 1/16 sigma. Sums of their squared differences stay below 2^24, so that float32
gives them exactly, in any order and on any processor. Numpy only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.stretches.skeleton import SILENT_LEVEL, Skeleton, frame_levels, heard_levels
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.mel_config import LEAD_IN, MelConfig
from distill_engine.audio.store import SampleStore
from distill_engine.errors import AnalysisError

KEY_LATENTS = 16  # latents that keys compare: those of the largest variance
KEY_STEPS = 16  # per sigma
CONTEXT_HOPS = 4  # hops between the two frames of a key
RISE_NATS = 1.2  # rise of the level within CONTEXT_HOPS that is an attack (10 dB)
ATTACK_GAP = 10  # hops between two attacks, at least
BEFORE_HOPS = 8  # of the corpus that prime a vocoder at an attack, at most
MOST_ATTACKS = 4096  # of a path
MOST_FRAMES = 1 << 22  # of a path (13 hours)
LEAD_FRAMES = 4  # of silence before a clip; its first sound shows in the last two, since a mel looks ahead
MOST_LEAD_FRAMES = 64
LEFT = (
    "the path and the map of the sounds are left out; what stays are the mean and main shapes of their spectra, "
    "the controls, names of files, and what networks learned from them"
)
NO_PATH = (
    "the file holds no path of its sounds: drift and hold play points, which sound dull, and there is no walk; "
    "`distill analyse MODEL CORPUS` makes a path"
)


@dataclass(frozen=True)
class CorpusPath:
    """A corpus as it plays: N frames of all clips.

    Attributes:
        latents: float16 [D, N], in sigma units.
        offsets: first frame of each clip, and N [clips + 1].
        keys: int8 [2 * K, N]; K is KEY_LATENTS, or D of fewer.
        levels: level of each frame [N], in nats.
        attacks: frames [A] at which a sound begins, ascending.
        pitches: int16 [N], MIDI note number in cents of the sound from each frame on; 0 for none.
        lead: frames before each clip's first sample; 0 in older files.
    """

    latents: npt.NDArray[np.float16]
    offsets: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int8]
    levels: npt.NDArray[np.float16]
    attacks: npt.NDArray[np.int64]
    pitches: npt.NDArray[np.int16]
    lead: int = 0

    @property
    def frames(self) -> int:
        """Number of frames N."""
        return int(self.latents.shape[1])

    @property
    def clip_of(self) -> npt.NDArray[np.int64]:
        """The clip [N] that each frame is of."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def first_frame(self, clip: int) -> int:
        """Return the frame of a clip's first sample, which follows the silence before it."""
        return int(self.offsets[clip]) + self.lead

    def before(self, frame: int, clip: int) -> Float64Array:
        """Return the latents [D, n] before a frame of a clip: up to BEFORE_HOPS."""
        first = max(int(self.offsets[clip]), frame - BEFORE_HOPS)
        return self.latents[:, first:frame].astype(np.float64)

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of the part "analysis".

        corpus_latents [D, N], corpus_offsets [clips + 1], path_keys [32, N], path_levels [N],
        path_attacks [A], path_pitches [N], path_lead [1].
        """
        return {
            "corpus_latents": self.latents,
            "corpus_offsets": self.offsets,
            "path_keys": self.keys,
            "path_levels": self.levels,
            "path_attacks": self.attacks,
            "path_pitches": self.pitches,
            "path_lead": np.array([self.lead], np.int64),
        }

    @staticmethod
    def from_part(arrays: Mapping[str, npt.NDArray[Any]], dimensions: int) -> CorpusPath | None:
        """Return the path from the arrays of `to_arrays`; None if the file holds none.

        Raises AnalysisError if an array is missing, of a wrong shape, or out of range.
        """
        if "path_keys" not in arrays:
            return None
        damaged = "the model's path through its corpus is damaged: run `distill analyse` again"
        try:
            latents = np.asarray(arrays["corpus_latents"], np.float16)
            offsets, attacks = (np.asarray(arrays[n], np.int64) for n in ("corpus_offsets", "path_attacks"))
            keys, levels = np.asarray(arrays["path_keys"]), np.asarray(arrays["path_levels"], np.float16)
            lead = int(np.asarray(arrays.get("path_lead", 0), np.int64).item())
        except (KeyError, TypeError, ValueError) as error:
            raise AnalysisError(damaged) from error
        count = latents.shape[1] if latents.ndim == 2 else 0
        pitches = np.asarray(arrays.get("path_pitches", np.zeros(count)), np.int16)  # files of before notes lack them
        shapes = (latents.shape[:1], keys.shape, levels.shape, pitches.shape)
        fits = (
            shapes == ((dimensions,), (2 * min(KEY_LATENTS, dimensions), count), (count,), (count,))
            and 0 < count <= MOST_FRAMES
        )
        fits = fits and keys.dtype == np.int8 and all(np.isfinite(row).all() for row in (*latents, levels))
        fits = fits and offsets.ndim == 1 and len(offsets) > 1 and offsets[0] == 0 and offsets[-1] == count
        fits = fits and 0 <= lead <= MOST_LEAD_FRAMES
        if not (fits and (np.diff(offsets) > lead).all() and attacks.ndim == 1 and len(attacks) <= MOST_ATTACKS):
            raise AnalysisError(damaged)
        if len(attacks) and not (attacks[0] >= 0 and attacks[-1] < count and (np.diff(attacks) > 0).all()):
            raise AnalysisError(damaged)
        return CorpusPath(latents, offsets, keys, levels, attacks, pitches, lead)


def clip_mel(samples: Float32Array, config: MelConfig, lead: int = 0) -> Float32Array:
    """Return the log-mel [bands, lead + T // hop] of samples [T] after silence, as `resynth` does.

    The first `lead` frames lie before the samples: 0 to 8.
    """
    return mel_spectrogram(np.pad(samples, (LEAD_IN, 0)), config)[:, LEAD_IN // config.hop - lead :]


def quantised(latents: Float64Array) -> npt.NDArray[np.int8]:
    """Return the first KEY_LATENTS latents of [D, n] or [D] in steps of 1 / KEY_STEPS."""
    return np.asarray(np.clip(np.rint(latents[:KEY_LATENTS] * KEY_STEPS), -127, 127), np.int8)


Heard = tuple[Float32Array, npt.NDArray[np.int16]]
"""A clip as a path is made of it: log-mel [bands, T] and pitches [T]."""


def without_pitch(mels: Iterable[Float32Array]) -> Iterator[Heard]:
    """Yield log-mels [bands, T] as clips none of whose frames has a pitch."""
    return ((mel, np.zeros(mel.shape[1], np.int16)) for mel in mels)


def make_path(skeleton: Skeleton, clips: Iterable[Heard], lead: int = 0) -> CorpusPath:
    """Make the path of clips, which are taken one at a time: only the path itself is held.

    The first `lead` frames of each lie before its first sample.
    """
    dimensions = len(skeleton.spread)
    latents = SampleStore(dimensions, dtype=np.float16)
    keys = SampleStore(2 * min(KEY_LATENTS, dimensions), dtype=np.int8)
    levels, attacks, pitches, starts = [], [], [], [0]
    for mel, pitch in clips:
        encoded = skeleton.encode(mel)
        now = quantised(encoded)
        before = now[:, np.maximum(np.arange(now.shape[1]) - CONTEXT_HOPS, 0)]
        level = frame_levels(mel)
        latents.append(encoded.astype(np.float16))
        keys.append(np.concatenate([now, before]))
        levels.append(level.astype(np.float16))
        attacks.append(starts[-1] + attack_frames(level))
        pitches.append(pitch)
        starts.append(starts[-1] + mel.shape[1])
    found = np.concatenate(attacks)
    if len(found) > MOST_ATTACKS:
        found = found[np.linspace(0, len(found) - 1, MOST_ATTACKS).round().astype(int)]
    offsets, whole_levels = np.array(starts), np.concatenate(levels)
    return CorpusPath(latents.take(), offsets, keys.take(), whole_levels, found, np.concatenate(pitches), lead)


def attack_frames(level: Float64Array) -> npt.NDArray[np.int64]:
    """Return the frames at which a sound begins, of levels [T] in nats: steep rises that are heard.

    The first heard frame always counts. A frame before the rise is included, so that the whole
    attack plays.
    """
    heard = heard_levels(level, level.max(initial=SILENT_LEVEL))
    if not heard.any():
        return np.zeros(0, np.int64)
    padded = np.concatenate([np.full(CONTEXT_HOPS, SILENT_LEVEL), level])
    lowest = np.min(np.lib.stride_tricks.sliding_window_view(padded, CONTEXT_HOPS)[: len(level)], axis=1)
    rises = (level - lowest > RISE_NATS) & heard
    found = [int(np.argmax(heard))]
    for frame in np.flatnonzero(rises):
        if frame - found[-1] >= ATTACK_GAP:
            found.append(int(frame))
    return np.unique(np.maximum(np.array(found) - 1, 0))
