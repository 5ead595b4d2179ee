"""Where on the map of the corpus the sound is that plays."""

from __future__ import annotations

from distill_engine.errors import ControlError
from distill_engine.synthesis.synth import Synth

PLACE_SECONDS = 0.1  # of sound whose mean has a place


class SoundingPlace:
    """The place of what a synth played last. For one thread, which need not be the synth's."""

    def __init__(self) -> None:
        self._last = (0.0, 0.0)

    def figures(self, synth: Synth) -> dict[str, float]:
        """Return the place as figures of the engine's status."""
        x, y = self.now(synth)
        return {"place_x": x, "place_y": y}

    def now(self, synth: Synth) -> tuple[float, float]:
        """Return x and y from -1 to 1: the last ones while it is stopped, 0 without a map."""
        latent_map = synth.instrument.latent_map
        if latent_map is None:
            return (0.0, 0.0)
        if not synth.output.playing:
            return self._last
        try:
            latents = synth.codes.heard(PLACE_SECONDS)
        except ControlError:  # nothing has played yet
            return self._last
        mean = latents.mean(axis=1)
        if len(mean) >= len(latent_map.latents):
            self._last = latent_map.place_of(mean)
        return self._last
