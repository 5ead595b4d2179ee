"""The sources that play real stretches of the corpus: free, or attracted by a place."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.state import StateDict, part_of
from distill_engine.synthesis.sources.corpus_source import CorpusSource
from distill_engine.synthesis.sources.drift_source import DriftSource
from distill_engine.synthesis.sources.latent_sources import HoldSource, Latent, LatentSource, SourceSettings
from distill_engine.synthesis.sources.leap_search import LeapSearch
from distill_engine.synthesis.sources.stretch_player import Pull, StretchPlayer

_LEAST_LEAPS = 1e-3  # a beat; none is less where the grid is chosen
_LEAST_GRAIN = 0.02  # seconds; a shorter grain plays the place itself
WALK_KINDS, DRIFT_KINDS = 0.6, 0.75  # share of the kinds of sound that a leap may go to: those heard least


def _pull_to(place: Float64Array, grip: float, settings: SourceSettings) -> Pull:
    """Return the pull of a place [16], with a leap a grain."""
    return Pull(1.0 / max(settings.grain_seconds, _LEAST_GRAIN), place, grip, settings.reach, settings.key)


def _free_pull(settings: SourceSettings) -> Pull:
    """Return the pull of no place. With a tempo leaps count by the beat; in a bar they come on it.

    More than a leap a beat come on halves of it, more than two on quarters, and so on.
    """
    beats = settings.tempo / 60.0 if settings.tempo > 0 else 1.0
    kinds = WALK_KINDS if settings.by_kind else None
    pull = Pull(settings.leaps * beats, reach=settings.reach, key=settings.key, kinds=kinds, fair=True)
    if settings.beats is None:
        return pull
    step = 2.0 ** -max(0, math.ceil(math.log2(max(settings.leaps, _LEAST_LEAPS))))
    before, after = (math.floor(beat / step) for beat in settings.beats)
    return replace(pull, grid=step * settings.leaps, on_grid=before != after)


class _OfPlayer:
    """What a source of stretches says of its player, and asks of it."""

    def __init__(self, player: StretchPlayer) -> None:
        self._player = player

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


class WalkSource(_OfPlayer):
    """The `walk` source: the corpus's own stretches, one after another that is like it.

    A place of the map takes over from it, with the map's amount as its grip.
    """

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, int]:
        if settings.place is not None:
            pull = _pull_to(settings.place, settings.place_grip, settings)
        else:
            pull = _free_pull(settings)
        return self._player.next(pull, freeze=settings.freeze)

    def restart(self) -> None:
        self._player.restart()

    def state(self) -> StateDict:
        return self._player.state()

    def restore(self, state: StateDict) -> None:
        self._player.restore(state)


class AttractedSource(_OfPlayer):
    """Stretches of the corpus near a place that another source gives, as `drift` and `hold` do.

    Args:
        player: of the path.
        place: a source whose latents [16 or more] are the place.
        point: returns the whole latent [D] of a place [16], for a grain of 0.
        kinds: share of the kinds of sound that leaps may go to, see `Pull`; the map's place may
            have any.
    """

    def __init__(
        self,
        player: StretchPlayer,
        place: LatentSource,
        point: Callable[[Float64Array], Float64Array],
        kinds: float = 1.0,
    ) -> None:
        super().__init__(player)
        self._place, self._point, self._kinds = place, point, kinds

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, int]:
        place, _ = self._place.next(settings, samples)
        if settings.offsets is not None:
            place = place + settings.offsets[: len(place)]
        pull = replace(_pull_to(place, settings.grip, settings), kinds=self._kinds if settings.by_kind else 1.0)
        if settings.place is not None:
            pull = _pull_to(settings.place, settings.place_grip, settings)
        latent, fade = self._player.next(pull, freeze=settings.freeze)
        if settings.grain_seconds < _LEAST_GRAIN:
            self._player.before = None
            return self._point(place), 0
        return latent, fade

    def restart(self) -> None:
        self._place.restart()
        self._player.restart()

    def state(self) -> StateDict:
        return {f"place.{name}": value for name, value in self._place.state().items()} | self._player.state()

    def restore(self, state: StateDict) -> None:
        if place := part_of(state, "place."):
            self._place.restore(place)
        if "frame" in state:
            self._player.restore(state)


@dataclass(frozen=True)
class Place:
    """Where the corpus lies: centre [D], and a root [16, 16] of the first latents' covariance."""

    centre: Float64Array
    root: Float64Array

    def point(self, place: Float64Array) -> Float64Array:
        """Return the whole latent [D] of a place [16]: the rest is the centre's."""
        latent = self.centre.copy()
        latent[: len(place)] = place
        return latent


def stretch_sources(search: LeapSearch, place: Place, seed: int, frame_rate: float) -> dict[str, LatentSource]:
    """Return new sources that play stretches of a corpus, each with a player of its own."""

    def player() -> StretchPlayer:
        return StretchPlayer(search, seed, frame_rate)

    centre = place.centre[: len(place.root)]
    return {
        "hold": AttractedSource(player(), HoldSource(centre), place.point),
        "drift": AttractedSource(player(), DriftSource(centre, seed, frame_rate, place.root), place.point, DRIFT_KINDS),
        "corpus": CorpusSource(search.path.latents, seed, frame_rate, 1, search.pitches),
        "walk": WalkSource(player()),
    }
