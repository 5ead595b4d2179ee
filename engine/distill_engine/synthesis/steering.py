"""From a source to the latent that sounds: its motion, the map, the named controls and the latent offsets, hop by hop."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from distill_engine.analysis.controls import Controls
from distill_engine.analysis.map import LatentMap
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.synthesis.sources.latent_sources import Latent, SourceSettings
from distill_engine.synthesis.sources.source_bank import SourceBank


@dataclass(frozen=True)
class HopValues:
    """What the parameters say at one hop. `latents` [64] and `controls` [32] are offsets; `map_point` is the point on the map."""

    settings: SourceSettings
    latents: Float64Array
    controls: Float64Array
    map_point: tuple[float, float] = (0.0, 0.0)
    map_amount: float = 0.0


@dataclass(frozen=True)
class SteeringState:
    """The state of the temporal controls' `Motion` [5 * D + 2]; None for a model without controls."""

    motion: Float64Array | None


class Steering:
    """Applies the parameters of a hop to a voice's source. Without controls or map it adds the latent offsets alone.

    `strain` says how far the named controls push out of the corpus' region at this hop: 0 inside, 1 at the limit.
    """

    strain = 0.0

    def __init__(self, controls: Controls | None, latent_map: LatentMap | None, seed: int) -> None:
        self._controls, self._map = controls, latent_map
        self._motion = controls.motion(seed) if controls is not None else None

    def latent(self, sources: SourceBank, values: HopValues, samples: Float32Array | None) -> Latent:
        """The latent [D] of this hop; every source moves on by one."""
        wanted = values.controls[: len(self._controls)] if self._controls is not None else values.controls[:0]
        latent = self._moved(sources, values.settings, wanted, samples)
        if self._map is not None and values.map_amount > 0.0:
            latent = latent + values.map_amount * (self._map.latent_at(*values.map_point) - latent)
        self.strain = 0.0
        if self._controls is not None and wanted.any():
            offset, self.strain = self._controls.steer(latent, wanted)
            latent = latent + offset
        return np.asarray(latent + values.latents[: len(latent)], np.float64)

    def _moved(
        self, sources: SourceBank, settings: SourceSettings, wanted: Latent, samples: Float32Array | None
    ) -> Latent:
        """The source's latent, moving as the temporal controls want it."""
        if self._controls is None or self._motion is None:
            return sources.next(settings, samples)
        modulation = self._controls.source_modulation(wanted)
        if modulation.speed != 1.0:
            settings = replace(settings, rate=settings.rate * modulation.speed, speed=settings.speed * modulation.speed)
        return self._motion.step(sources.next(settings, samples), modulation)

    def continue_from(self, other: Steering) -> None:
        """Go on from the steering of another voice of the same model."""
        self.restore(other.state())

    def state(self) -> SteeringState:
        """Return the state."""
        return SteeringState(None if self._motion is None else self._motion.state())

    def restore(self, state: SteeringState) -> None:
        """Go on from a `state`."""
        if self._motion is not None and state.motion is not None:
            self._motion.restore(state.motion)
