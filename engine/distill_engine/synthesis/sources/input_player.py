"""Stretches of the corpus that follow a live input.

The input's spectral shape attracts the player of stretches; its loudness is laid over them. Where
the input is fainter than the stretch, the level is set behind the vocoder (`gain`): in a mel that
is lowered by as much, faint bands fall below its floor, and what is left sounds dull.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill_engine.analysis.stretches.path import CorpusPath
from distill_engine.analysis.stretches.shapes import Shapes, shaped_path, shapes_of
from distill_engine.analysis.stretches.skeleton import FLOOR, Skeleton, frame_levels
from distill_engine.audio.arrays import Float64Array
from distill_engine.state import StateDict, from_arrays, to_arrays
from distill_engine.synthesis.sources.latent_sources import Latent, SourceSettings
from distill_engine.synthesis.sources.leap_search import LeapSearch
from distill_engine.synthesis.sources.pull import Pull
from distill_engine.synthesis.sources.stretch_player import StretchPlayer
from distill_engine.takes.take import FOLLOWED_SINCE

STRETCH_SECONDS = 0.3  # of a stretch while the input goes on
GRIP = 0.6  # of the input's shape; the rest is likeness to the stretch that plays
LEVEL_STEPS = 2  # of the search for the offset that gives a level
FALL_NATS = 0.1  # a hop (75 dB a second), by which `gain` falls at most; the rest is done in the mel


@dataclass(frozen=True)
class InputStretches:
    """What players of a model's input share: the map to shapes, and a search by shape."""

    shapes: Shapes
    search: LeapSearch


def input_stretches(skeleton: Skeleton, path: CorpusPath) -> InputStretches:
    """Prepare a path for the live input."""
    shapes = shapes_of(skeleton, path)
    return InputStretches(shapes, LeapSearch(shaped_path(path, shapes)))


@dataclass(frozen=True)
class InputPlayerState:
    """The state of an `InputPlayer`.

    The `last` stretch's latent [D]; after a leap `left` of `length` hops in which `step` [D] fades;
    how much `fainter` than the stretch the input was, as far as `gain` has fallen.
    """

    player: dict[str, np.ndarray]
    last: Latent | None
    step: Latent
    length: int
    left: int
    fainter: float | None = None


class InputPlayer:
    """Plays stretches whose shape is that of an input, at the input's level.

    `gain` is what the sound of the last hop needs behind the vocoder, in nats, 0 at most.
    """

    def __init__(self, skeleton: Skeleton, stretches: InputStretches, seed: int, frame_rate: float) -> None:
        self._skeleton, self._shapes = skeleton, stretches.shapes
        self._player = StretchPlayer(stretches.search, seed, frame_rate)
        self._louder = skeleton.louder
        self._ceiling = skeleton.ceiling[:, None]
        self.restart()

    def restart(self) -> None:
        """Start again from the first stretch."""
        self._player.restart()
        self._last: Latent | None = None
        self._step: Latent = np.zeros(len(self._louder))
        self._length = self._left = 0
        self._fainter = self.gain = 0.0

    def next(self, heard: Latent, sounds: Latent, level: float, settings: SourceSettings, *, strike: bool) -> Latent:
        """Return the latent [D] of this hop: stretches, the input, or both, by `settings.own`.

        `heard` [D] is the input's latent, `sounds` [D] the same as the decoder needs it, at the
        `level` in nats. `strike` begins an attack.
        """
        own, follows = settings.own, settings.rules >= FOLLOWED_SINCE
        latent = self._stretch(self._shapes.of(heard[:, None])[:, 0], settings.reach, follows=follows, strike=strike)
        behind = follows and settings.level_behind
        fainter = min(level - self._level(latent), 0.0) if behind else 0.0
        self._fainter = max(fainter, self._fainter - FALL_NATS)
        self.gain = own * self._fainter
        played = self._at_level(latent, level - self.gain)
        return self._mixed(sounds - self.gain * self._louder, played, own)

    def _stretch(self, place: Latent, reach: float, *, follows: bool, strike: bool) -> Latent:
        """Return the latent [D] of the corpus that plays at this hop."""
        pull = Pull(1 / STRETCH_SECONDS, place, GRIP, reach, even=True, strike=strike, follows=follows)
        latent, fade = self._player.next(pull)
        if fade and self._last is not None:
            self._step, self._length, self._left = self._last - latent, fade, fade
        if self._left:
            self._left -= 1
            latent = latent + self._step * (self._left / self._length)
        self._last = latent
        return latent

    def _at_level(self, latent: Latent, level: float) -> Latent:
        """Return the latent [D] with as much added to every band as gives this level."""
        for _ in range(LEVEL_STEPS):
            latent = latent + self._louder * (level - self._level(latent))
        return latent

    def _level(self, latent: Latent) -> float:
        return float(frame_levels(np.clip(self._skeleton.decode(latent[:, None]), FLOOR, self._ceiling))[0])

    def _mixed(self, heard: Latent, played: Latent, own: float) -> Latent:
        """Return both latents [D] together, each by its share of the power in every band."""
        if own >= 1.0:
            return played
        mels = (self._skeleton.decode(latent[:, None]) for latent in (heard, played))
        powers = [weight * np.exp(2.0 * mel) for weight, mel in zip((1.0 - own, own), mels, strict=True)]
        return self._encoded(0.5 * np.log(powers[0] + powers[1]))

    def _encoded(self, mel: Float64Array) -> Latent:
        return np.asarray(self._skeleton.encode(mel)[:, 0])

    def state(self) -> StateDict:
        """Return the state as named arrays, each of any shape [...]."""
        return to_arrays(
            InputPlayerState(
                self._player.state(), self._last, self._step, self._length, self._left, self._fainter or None
            )
        )

    def restore(self, state: StateDict) -> None:
        """Continue from a `state`; its arrays have the shapes [...] that `state` gave."""
        read = from_arrays(InputPlayerState, state)
        self._player.restore(read.player)
        self._last, self._step = read.last, read.step.astype(np.float64)
        self._length, self._left, self._fainter = read.length, read.left, read.fainter or 0.0
