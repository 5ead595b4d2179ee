"""Finish a whole sound: trim, fades, loop, loudness, true-peak ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.finishing.loops import Loop, looped
from distill_engine.audio.finishing.onsets import onsets
from distill_engine.audio.finishing.true_peak import limited, true_peak
from distill_engine.audio.levels import db_to_gain, db_to_power, gain_to_db
from distill_engine.audio.measuring.loudness import SILENT_LUFS, loudness_lufs
from distill_engine.errors import ConfigError

LUFS_RANGE, CEILING_RANGE_DB = (-60.0, -5.0), (-40.0, 0.0)  # of what can be asked for
MOST_FADE_SECONDS = 600.0
CEILING_WITH_LUFS_DB = -1.0  # of a loudness target without a ceiling
HEARD_DB = -60.0  # below the peak, at which a single sound has died
SHOT_FADE_SECONDS, LAST_FADE_SECONDS = 0.01, 0.25  # at the end of a single sound that has died, or has not
ENDING_SECONDS = 0.1  # at the end of a performance, which fades out by itself: nothing dies there
SMOOTHED_SECONDS = 0.02  # over which a level is looked at for the end of a sound
FIXED_LUFS = 0.05  # LU, nearer than which a target counts as reached
ATTEMPTS = 6  # at a loudness that the ceiling keeps down


@dataclass(frozen=True)
class Finish:
    """What to do to a sound, in this order; nothing by default.

    `one_shot` keeps one sound, from its attack until it has died. `loop` makes the end go over into
    the beginning. Fades are in seconds. `lufs` is the loudness to reach (BS.1770-5), `ceiling_db`
    the true peak that nothing passes (dBTP; -1 with a loudness). `tags` are for the file.

    Raises ConfigError for values out of range, or a loop that fades.
    """

    one_shot: bool = False
    loop: bool = False
    fade_in: float = 0.0
    fade_out: float = 0.0
    lufs: float | None = None
    ceiling_db: float | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fade = (0.0, MOST_FADE_SECONDS)
        for name, value, (low, high), unit in (
            ("--lufs", self.lufs, LUFS_RANGE, "LUFS"),
            ("--ceiling", self.ceiling_db, CEILING_RANGE_DB, "dBTP"),
            ("--fade-in", self.fade_in, fade, "s"),
            ("--fade-out", self.fade_out, fade, "s"),
        ):
            if value is not None and not low <= value <= high:
                raise ConfigError(f"{name} {value:g} is out of range: give {low:g} to {high:g} {unit}")
        if self.loop and (self.one_shot or self.fade_in or self.fade_out):
            raise ConfigError("--loop has no beginning and no end: leave --one-shot and the fades out")

    @property
    def needs_all(self) -> bool:
        """Whether the whole sound must be there before the first sample is written."""
        return (
            bool(self.one_shot or self.loop or self.fade_in or self.fade_out or self.lufs is not None)
            or self.ceiling_db is not None
        )

    def tagged(self, title: str, comment: str) -> dict[str, str]:
        """Return the file's tags: those given, and title, comment and software by default."""
        return {"title": title, "software": "Distill", "comment": comment, **self.tags}


@dataclass(frozen=True)
class Finished:
    """A finished sound [ch, T], its loop if it has one, and sentences about what was done."""

    samples: Float32Array
    loop: Loop | None = None
    notes: tuple[str, ...] = ()


def finished(samples: Float32Array, sample_rate: int, finish: Finish) -> Finished:
    """Finish a whole sound [ch, T] at `sample_rate` (Hz)."""
    notes: list[str] = []
    x, loop = samples, None
    if finish.one_shot:
        x = single_sound(x, sample_rate, notes)
    if finish.loop:
        x, loop = looped(x, sample_rate)
        notes.append(f"loops from {loop.start / sample_rate:.2f} s to {loop.end / sample_rate:.2f} s")
    x = _faded(x, round(finish.fade_in * sample_rate), round(finish.fade_out * sample_rate))
    ceiling = finish.ceiling_db
    if finish.lufs is not None:
        ceiling = CEILING_WITH_LUFS_DB if ceiling is None else ceiling
        x = _at_loudness(x, sample_rate, finish.lufs, ceiling, notes)
    elif ceiling is not None:
        x = limited(x, sample_rate, db_to_gain(ceiling))
    if ceiling is not None:
        notes.append(f"true peak {gain_to_db(true_peak(x, sample_rate)):.2f} dBTP")
    return Finished(np.ascontiguousarray(x, np.float32), loop, tuple(notes))


def single_sound(samples: Float32Array, sample_rate: int, notes: list[str]) -> Float32Array:
    """Return one sound of [ch, T]: from its first attack until it has died.

    It has died where the level of 20 ms lies 60 dB below its highest, more than 0.1 s before the
    end of the performance. If it does not, its last quarter of a second fades, and a note says so.
    """
    if not samples.any():
        notes.append("there is no sound: nothing was cut")
        return samples
    begins = onsets(samples, sample_rate)
    if not begins:
        notes.append("there is no attack in it: it begins where it began")
    x = samples[:, begins[0] if begins else 0 :]
    size = round(SMOOTHED_SECONDS * sample_rate)
    levels = np.add.reduceat(np.square(x, dtype=np.float64).max(axis=0), np.arange(0, x.shape[1], size)) / size
    loudest = int(np.argmax(levels))
    dead = np.flatnonzero(levels[loudest:] <= levels[loudest] * db_to_power(HEARD_DB))
    end = (loudest + int(dead[0])) * size if len(dead) else x.shape[1]
    fade, died = SHOT_FADE_SECONDS, end < x.shape[1] - ENDING_SECONDS * sample_rate
    x = x[:, :end]
    if not died:
        notes.append("the sound has not died at its end and fades there: give a longer --duration")
        fade = LAST_FADE_SECONDS
    return _faded(x, 0, round(fade * sample_rate))


def _faded(samples: Float32Array, first: int, last: int) -> Float32Array:
    """Fade the `first` samples of [ch, T] in and the `last` out, along a raised cosine."""
    out = samples.copy()
    first, last = min(first, out.shape[1]), min(last, out.shape[1])
    if first:
        out[:, :first] *= _rise(first)
    if last:
        out[:, -last:] *= _rise(last)[::-1]
    return out


def _rise(count: int) -> Float32Array:
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)).astype(np.float32)


def _at_loudness(x: Float32Array, rate: int, lufs: float, ceiling_db: float, notes: list[str]) -> Float32Array:
    """Return samples [ch, T] at a loudness, below a ceiling; a note says what was reached."""
    before = loudness_lufs(x, rate)
    if before <= SILENT_LUFS:
        notes.append("the sound is too quiet to have a loudness: its level was left alone")
        return x
    gain_db, out, reached = lufs - before, x, before
    for _ in range(ATTEMPTS):  # what the limiter takes is given back
        out = limited(x * np.float32(db_to_gain(gain_db)), rate, db_to_gain(ceiling_db))
        reached = loudness_lufs(out, rate)
        if abs(lufs - reached) < FIXED_LUFS:
            break
        gain_db += lufs - reached
    notes.append(f"loudness {reached:.1f} LUFS")
    return out
