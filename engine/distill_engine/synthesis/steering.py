"""From a source to the latent of a hop: motion, map, named controls and latent offsets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from distill_engine.analysis.controls import Controls
from distill_engine.analysis.map import LatentMap
from distill_engine.analysis.motion import SourceModulation
from distill_engine.analysis.stretches.shaping import Shaping
from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.state import altered
from distill_engine.synthesis.marks.plane import Marked
from distill_engine.synthesis.sources.latent_sources import LEAST_GRAIN_SECONDS, Latent, SourceSettings
from distill_engine.synthesis.sources.source_bank import SourceBank
from distill_engine.takes.take import LED_SINCE

SOFT_LIMIT, HARD_LIMIT = 3.0, 4.5  # sigma


@dataclass(frozen=True)
class HopValues:
    """The parameter values of one hop.

    `latents` [64] are offsets in sigma, `controls` [32] values from -1 to 1. `map_point` is x, y on
    the map, `map_amount` how far the latent is moved to it (0 to 1). `semitones` transpose. `key`
    is the MIDI note that sounds, None while the instrument plays by itself. Without `retold` what
    controls move at once sounds as an attack, as it did in takes up to version 5. Without `primed`
    the vocoder does not know what the corpus has before an attack, as in takes up to version 7.
    """

    settings: SourceSettings
    latents: Float64Array
    controls: Float64Array
    map_point: tuple[float, float] = (0.0, 0.0)
    map_amount: float = 0.0
    semitones: float = 0.0
    key: float | None = None
    marked: Marked | None = None
    retold: bool = True
    primed: bool = True


@dataclass(frozen=True)
class SteeringState:
    """The state of the temporal controls' `Motion` [5 * D + 2], None for a model without controls.

    `asked` are the values of controls and latents at the last hop, `added` [D] is what they added.
    Both are None where nothing is retold (see `Steering`). `level` is what attacks rise from (see
    `Shaping`).
    """

    motion: Float64Array | None
    asked: Float64Array | None = None
    added: Float64Array | None = None
    level: float | None = None


class Steering:
    """Apply the parameters of a hop to a voice's source.

    Without controls and map it only adds the latent offsets. With a `skeleton` the map's point and
    the temporal controls move the player of stretches, and `Shaping` reshapes what it plays.
    `strain` says how far the named controls push out of the corpus's region at this hop: 0 inside,
    1 at the limit. `space` is the instrument's `latent_space`: marks of another are ignored. With a
    skeleton, `move` [D] is how far a change of the controls moved what they add since the last hop;
    None where it did not. `before` [D, n] is what comes before an attack at this hop, with what
    they add.
    """

    strain = 0.0
    move: Latent | None = None
    before: Latent | None = None

    def __init__(
        self,
        controls: Controls | None,
        latent_map: LatentMap | None,
        seed: int,
        *,
        skeleton: Skeleton | None = None,
        space: str = "",
    ) -> None:
        self._controls, self._map, self._stretches, self._space = controls, latent_map, skeleton is not None, space
        self._motion = controls.motion(seed) if controls is not None and skeleton is None else None
        self._shaping = Shaping(skeleton, controls.names) if controls is not None and skeleton is not None else None
        self._asked: Float64Array | None = None
        self._added: Float64Array | None = None

    def latent(self, sources: SourceBank, values: HopValues, samples: Float32Array | None) -> Latent:
        """Return the latent [D] of this hop (sigma) and advance the source by one hop.

        `samples` [hop] is this hop of live input, mono; None without one.
        """
        controls = values.controls[: len(self._controls)] if self._controls is not None else values.controls[:0]
        self.move = self.before = None  # also where the source fails
        if self._stretches:
            source = self._stretch(sources, values, controls, samples)
            latent = self._moved(source, values, controls)
            if self._shaping is not None:
                latent = self._shaping.noisier(latent[:, None], controls)[:, 0]
            if sources.before is not None and values.primed:
                self.before = sources.before + (latent - source)[:, None]
            self._notice(np.concatenate([controls, values.latents]), latent - source, retold=values.retold)
            return latent if self._shaping is None else latent + self._shaping.attack(source, controls)
        latent = self._source_latent(sources, values.settings, controls, samples)
        place, grip = self._place(values)
        if place is not None:
            latent = latent + grip * (place - latent)
        self.strain = 0.0
        if self._controls is not None and controls.any():
            offset, self.strain = self._controls.steer(latent, controls)
            latent = latent + offset
        return np.asarray(latent + values.latents[: len(latent)], np.float64)

    def _notice(self, asked: Float64Array, added: Latent, *, retold: bool) -> None:
        """Set `move` from what is `asked` for now and what that has `added` [D]."""
        before = self._added
        if not retold:
            return
        if self._asked is not None and before is not None and not np.array_equal(asked, self._asked):
            self.move = added - before
        self._asked, self._added = asked, added

    def _stretch(
        self, sources: SourceBank, values: HopValues, controls: Latent, samples: Float32Array | None
    ) -> Latent:
        """Return the latent [D] of a stretch, which plays as it was recorded."""
        settings = values.settings
        place, grip = self._place(values)
        if place is not None:
            settings = altered(settings, place=place, place_grip=grip)
        if self._controls is not None and controls.any():
            settings = _quickened(settings, self._controls.source_modulation(controls))
        return sources.next(settings, samples)

    def _moved(self, latent: Latent, values: HopValues, controls: Latent) -> Latent:
        """Return the latent [D] of a stretch with what controls and offsets add, limited."""
        self.strain = 0.0
        if not controls.any() and not values.latents.any():
            return latent
        added = np.zeros(len(latent))
        count = min(len(added), len(values.latents))
        added[:count] = values.latents[:count]
        if self._controls is None:
            return latent + added
        added += self._controls.unlimited(latent, controls)
        if not added.any():
            return latent
        moved, self.strain = self._controls.region.limited(latent, latent + added)
        return moved

    def _place(self, values: HopValues) -> tuple[Latent | None, float]:
        """Return the place [K] that the source goes to, and how far: the map's, then the marks'."""
        place: Latent | None = None
        grip = 0.0
        if self._map is not None and values.map_amount > 0.0:
            place, grip = self._map.latent_at(*values.map_point), values.map_amount
        marked = values.marked
        if marked is None or marked.space != self._space:
            return place, grip
        share = marked.latent_share
        if place is None:
            return marked.latent, share
        return place + share * (marked.latent - place), grip + share * (1.0 - grip)

    def _source_latent(
        self, sources: SourceBank, settings: SourceSettings, controls: Latent, samples: Float32Array | None
    ) -> Latent:
        """Return the source's latent [D] with the motion that the temporal controls ask for."""
        if self._controls is None or self._motion is None:
            return sources.next(settings, samples)
        modulation = self._controls.source_modulation(controls)
        if modulation.speed != 1.0:
            settings = altered(settings, rate=settings.rate * modulation.speed, speed=settings.speed * modulation.speed)
        return self._motion.step(sources.next(settings, samples), modulation)

    def continue_from(self, other: Steering) -> None:
        """Continue from the steering of another voice of the same model."""
        self.restore(other.state())

    def state(self) -> SteeringState:
        """Return the state."""
        motion = None if self._motion is None else self._motion.state()
        level = None if self._shaping is None else self._shaping.level
        return SteeringState(motion, self._asked, self._added, level)

    def restore(self, state: SteeringState) -> None:
        """Continue from a `state`."""
        if self._motion is not None and state.motion is not None:
            self._motion.restore(state.motion)
        self._asked, self._added = state.asked, state.added
        if self._shaping is not None and state.level is not None:
            self._shaping.level = state.level


def _quickened(settings: SourceSettings, modulation: SourceModulation) -> SourceSettings:
    """Return the settings with density (speed) and movement (depth) of temporal controls."""
    grain = settings.grain_seconds / modulation.speed
    if settings.rules >= LED_SINCE and settings.grain_seconds >= LEAST_GRAIN_SECONDS:
        grain = max(grain, LEAST_GRAIN_SECONDS)  # a stretch stays one
    return altered(
        settings,
        rate=settings.rate * modulation.speed,
        leaps=settings.leaps * modulation.speed,
        grain_seconds=grain,
        reach=min(1.0, max(0.0, settings.reach + 0.25 * math.log2(modulation.depth))),
    )


def soft_limit(latent: Latent) -> Latent:
    """Limit a latent [D] softly: unchanged within 3 sigma, compressed with tanh to at most 4.5.

    This bounds what controls and offsets can ask of the decoder.
    """
    over = np.abs(latent) - SOFT_LIMIT
    if over.max(initial=-1.0) <= 0:
        return latent
    span = HARD_LIMIT - SOFT_LIMIT
    bent = np.sign(latent) * (SOFT_LIMIT + span * np.tanh(np.maximum(over, 0.0) / span))
    return np.where(over > 0, bent, latent)
