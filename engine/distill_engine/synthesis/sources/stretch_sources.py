"""The sources that play real stretches of the corpus: free, or attracted by a place."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

import numpy as np

from distill_engine.analysis.stretches.path import KEY_LATENTS
from distill_engine.analysis.stretches.skeleton import FLOOR, Skeleton, frame_levels
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.state import StateDict, part_of
from distill_engine.synthesis.sources.corpus_source import CorpusSource
from distill_engine.synthesis.sources.drift_source import DriftSource
from distill_engine.synthesis.sources.latent_sources import (
    JUMP_HOPS,
    LEAST_GRAIN_SECONDS,
    HoldSource,
    Latent,
    LatentSource,
    SourceSettings,
)
from distill_engine.synthesis.sources.leap_search import LeapSearch
from distill_engine.synthesis.sources.pull import Pull
from distill_engine.synthesis.sources.stretch_player import StretchPlayer
from distill_engine.takes.take import BY_KIND_SINCE, LED_SINCE, LEVELLED_SINCE

LEVEL_STEPS = 3  # of the search for what gives a level
_LEAST_LEAPS = 1e-3  # a beat; none is less where the grid is chosen
WALK_KINDS, DRIFT_KINDS = 0.6, 0.75  # share of the kinds of sound that a leap may go to: those heard least


def _pull_to(place: Float64Array, grip: float, settings: SourceSettings) -> Pull:
    """Return the pull of a place [16], with a leap a grain."""
    return Pull(1.0 / max(settings.grain_seconds, LEAST_GRAIN_SECONDS), place, grip, settings.reach, settings.key)


def _free_pull(settings: SourceSettings) -> Pull:
    """Return the pull of no place. With a tempo leaps count by the beat; in a bar they come on it.

    More than a leap a beat come on halves of it, more than two on quarters, and so on. Pinned
    latents attract, and then any kind of sound may come.
    """
    beats = settings.tempo / 60.0 if settings.tempo > 0 else 1.0
    kinds = WALK_KINDS if settings.rules >= BY_KIND_SINCE else None
    pull = Pull(settings.leaps * beats, reach=settings.reach, key=settings.key, kinds=kinds, fair=True)
    if settings.pins and settings.offsets is not None:
        place = settings.offsets[:KEY_LATENTS]
        pull = replace(pull, place=place, grip=settings.grip, pins=settings.pins, kinds=1.0, fair=False)
    if settings.beats is None:
        return pull
    step = 2.0 ** -max(0, math.ceil(math.log2(max(settings.leaps, _LEAST_LEAPS))))
    before, after = (math.floor(beat / step) for beat in settings.beats)
    return replace(pull, grid=step * settings.leaps, on_grid=before != after)


def _with_pins(place: Float64Array, settings: SourceSettings) -> Float64Array:
    """Return a place [16] whose pinned latents stand where they are pinned."""
    if not settings.pins or settings.offsets is None:
        return place
    pins = [pin for pin in settings.pins if pin < len(place)]
    place = place.copy()
    place[pins] = settings.offsets[pins]
    return place


class StretchSource:
    """A source that plays stretches near a place, or the place itself where the grain is 0.

    Args:
        player: of the path.
        places: where the corpus lies.
    """

    def __init__(self, player: StretchPlayer, places: Places) -> None:
        self._player, self._places = player, places
        self._plays: _Plays | None = None

    @property
    def pitch(self) -> float:
        """The pitch of the place that plays, a MIDI note number; 0 for none."""
        return self._player.pitch

    @property
    def before(self) -> Latent | None:
        """The latents [D, n] that the corpus has before an attack at this hop; None without one."""
        return self._player.before

    def strike(self) -> None:
        """Begin a sound at the next hop."""
        self._player.strike()

    def _stretch_or_point(self, pull: Pull, own: Latent | None, settings: SourceSettings) -> tuple[Latent, int]:
        """Return the latent [D] of this hop and the hops to fade into it.

        `own` [D] is that of the source's place without the map, None for the stretch.
        """
        latent, fade = self._player.next(pull, freeze=settings.freeze)
        led, mapped = settings.rules >= LED_SINCE, settings.place is not None
        plays = _Plays.STRETCH
        if settings.grain_seconds < LEAST_GRAIN_SECONDS and (own is not None or (led and mapped)):
            plays, fade = _Plays.MAP if led and mapped else _Plays.PLACE, 0
            self._player.before = None
            latent = latent if own is None else own
            if led and settings.place is not None:
                latent = latent + settings.place_grip * (self._places.point(settings.place) - latent)
        if led and self._plays not in (None, plays):
            fade = max(fade, JUMP_HOPS)
        self._plays = plays
        return latent, fade

    def restart(self) -> None:
        self._player.restart()

    def find_again(self, other: StretchSource) -> None:
        """Go on at the place of another source, in this path, where theirs is another one."""
        self._player.find_again(other._player)

    def state(self) -> StateDict:
        plays = {} if self._plays is None else {"plays": np.array(int(self._plays))}
        return self._player.state() | plays

    def restore(self, state: StateDict) -> None:
        if "frame" in state:
            self._player.restore(state)
        self._plays = _Plays(int(state["plays"].item())) if "plays" in state else None


class _Plays(IntEnum):
    """What a source of stretches plays."""

    STRETCH = 0
    PLACE = 1
    MAP = 2


class WalkSource(StretchSource):
    """The `walk` source: the corpus's own stretches, one after another that is like it.

    A place of the map takes over from it, with the map's amount as its grip.
    """

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, int]:
        if settings.place is not None:
            pull = _pull_to(_with_pins(settings.place, settings), settings.place_grip, settings)
        else:
            pull = _free_pull(settings)
        return self._stretch_or_point(pull, None, settings)


class AttractedSource(StretchSource):
    """Stretches of the corpus near a place that another source gives, as `drift` and `hold` do.

    Args:
        player: of the path.
        place: a source whose latents [16 or more] are the place.
        places: where the corpus lies, for a grain of 0.
        kinds: share of the kinds of sound that leaps may go to, see `Pull`; the map's place may
            have any.
    """

    def __init__(
        self,
        player: StretchPlayer,
        place: LatentSource,
        places: Places,
        kinds: float = 1.0,
    ) -> None:
        super().__init__(player, places)
        self._place, self._kinds = place, kinds

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, int]:
        alone, _ = self._place.next(settings, samples)
        place = alone if settings.offsets is None else alone + settings.offsets[: len(alone)]
        place = _with_pins(place, settings)
        kinds = self._kinds if settings.rules >= BY_KIND_SINCE else 1.0
        pull = replace(_pull_to(place, settings.grip, settings), kinds=kinds)
        if settings.place is not None:
            pull = _pull_to(_with_pins(settings.place, settings), settings.place_grip, settings)
        own = None
        if settings.grain_seconds < LEAST_GRAIN_SECONDS:
            own = self._places.point(place)
            if settings.rules >= LEVELLED_SINCE:  # what the offsets do to the level remains
                own = own + self._places.levelling(alone)
        return self._stretch_or_point(pull, own, settings)

    def restart(self) -> None:
        self._place.restart()
        super().restart()

    def state(self) -> StateDict:
        return {f"place.{name}": value for name, value in self._place.state().items()} | super().state()

    def restore(self, state: StateDict) -> None:
        if place := part_of(state, "place."):
            self._place.restore(place)
        super().restore(state)


@dataclass(frozen=True)
class Places:
    """Where the corpus lies.

    Attributes:
        centre: of its latents [D].
        root: a root [16, 16] of the covariance of its first latents.
        skeleton: of the model.
        levels: the least and the highest level of a place that plays, in nats.
    """

    centre: Float64Array
    root: Float64Array
    skeleton: Skeleton
    levels: tuple[float, float]

    def point(self, place: Float64Array) -> Float64Array:
        """Return the whole latent [D] of a place [16]: the rest is the centre's."""
        latent = self.centre.copy()
        latent[: len(place)] = place
        return latent

    def levelling(self, place: Float64Array) -> Float64Array:
        """Return what brings the sound of a place [16] within `levels`: a latent [D].

        That is the level before a decoder's ceiling, above which far places lie.
        """
        mel, gain = self.skeleton.decode(self.point(place)[:, None]), 0.0
        wanted = float(np.clip(_level(mel), *self.levels))
        for _ in range(LEVEL_STEPS):
            gain += wanted - _level(mel + gain * self._raised)
        return gain * self.skeleton.louder

    @cached_property
    def _raised(self) -> Float64Array:
        """What the latent `louder` adds to the bands [bands, 1]: about a nat."""
        return self.skeleton.change(self.skeleton.louder)[:, None].astype(np.float64)


def _level(mel: Float64Array) -> float:
    return float(frame_levels(np.maximum(mel, FLOOR))[0])


def stretch_sources(search: LeapSearch, places: Places, seed: int, frame_rate: float) -> dict[str, LatentSource]:
    """Return new sources that play stretches of a corpus, each with a player of its own."""

    def player() -> StretchPlayer:
        return StretchPlayer(search, seed, frame_rate)

    centre = places.centre[: len(places.root)]
    return {
        "hold": AttractedSource(player(), HoldSource(centre), places),
        "drift": AttractedSource(player(), DriftSource(centre, seed, frame_rate, places.root), places, DRIFT_KINDS),
        "corpus": CorpusSource(search.path.latents, seed, frame_rate, 1, search.pitches),
        "walk": WalkSource(player(), places),
    }
