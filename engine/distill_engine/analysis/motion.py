"""Source modulation: temporal controls change how the source moves.

A held sound has no attack and no density, so these features need a moving source. The synthesiser
reads `SourceModulation` each hop: `speed` multiplies the source's own speed and rate; `Motion`
applies the rest to the source's latents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill_engine.analysis.region import Region
from distill_engine.audio.arrays import Float64Array
from distill_engine.audio.mel_config import DEFAULT_MEL

_FAST_SECONDS, _SLOW_SECONDS = 0.06, 0.8
_FLUTTER_HZ = 5.0
_KICK_SECONDS = 0.06
_KICK_SIGMA = 2.5  # standard deviation of an impulse, in sigma of the region


@dataclass(frozen=True)
class SourceModulation:
    """Changes to a source's movement; the defaults change nothing.

    Attributes:
        speed: factor on the source's speed (corpus) and rate (drift), 0.25 to 4.
        depth: factor on slow deviations of the latents from their mean over about a second, 0 to 4.
        edge: factor on fast deviations, which carry the attacks, 0 to 6.
        flutter: standard deviation of an added seeded random movement, 0 to 2 sigma.
        kicks: added seeded random impulses per second, 0 to 12.
    """

    speed: float = 1.0
    depth: float = 1.0
    edge: float = 1.0
    flutter: float = 0.0
    kicks: float = 0.0


def modulation_from(amounts: Float64Array) -> SourceModulation:
    """Return the modulation of summed amounts [5], within its ranges.

    Amounts are octaves of speed, depth and edge, flutter in sigma, and impulses per second.
    """
    speed, depth, edge = 2.0 ** np.clip(amounts[:3], [-2.0, -5.0, -5.0], [2.0, 2.0, 2.6])
    flutter, kicks = np.clip(amounts[3:], 0.0, [2.0, 12.0])
    return SourceModulation(float(speed), float(depth), float(edge), float(flutter), float(kicks))


class Motion:
    """Applies source modulation to the latents of a source, one latent per hop.

    The result depends on the seed and the inputs alone.
    """

    def __init__(self, region: Region, *, seed: int = 0, frame_rate: float = DEFAULT_MEL.frame_rate) -> None:
        self._region, self._seed, self._frame_rate = region, seed, frame_rate
        self._fast, self._slow = (1 - np.exp(-1 / (frame_rate * seconds)) for seconds in (_FAST_SECONDS, _SLOW_SECONDS))
        self._pole = float(np.exp(-2 * np.pi * _FLUTTER_HZ / frame_rate))
        self._gain = float(np.sqrt((1 - self._pole**2) ** 3 / (1 + self._pole**2)))  # two equal poles: unit variance
        self._decay = float(np.exp(-1 / (frame_rate * _KICK_SECONDS)))
        self.restart()

    def restart(self) -> None:
        """Reset the state to that of a new object."""
        self._vectors = np.zeros((5, self._region.dimensions))  # fast, slow mean, two poles of flutter, impulse
        self._hops, self._phase = 0, 0.0

    def state(self) -> Float64Array:
        """Return the whole state as one array [5 * D + 2]."""
        return np.concatenate([self._vectors.ravel(), [self._hops, self._phase]])

    def restore(self, state: Float64Array) -> None:
        """Continue from a state [5 * D + 2]."""
        self._vectors = state[:-2].reshape(self._vectors.shape).copy()
        self._hops, self._phase = int(state[-2]), float(state[-1])

    def step(self, latent: Float64Array, modulation: SourceModulation) -> Float64Array:
        """Return the modulated latent [D] of this hop, sigma units.

        It is the given latent [D] itself while the modulation is neutral and no impulse decays. A
        latent with NaN or infinity would stay in the means for ever: it changes nothing, and the
        fast mean is returned instead.
        """
        fast, slow, _, flutter, impulse = self._vectors
        if not np.isfinite(latent).all():
            return fast.copy()
        if not self._hops:
            fast[:], slow[:] = latent, latent
        fast += self._fast * (latent - fast)
        slow += self._slow * (fast - slow)
        active = self._advance_random(modulation)
        self._hops += 1
        if not active and modulation.depth == 1.0 and modulation.edge == 1.0:
            return latent
        shaped = slow + modulation.depth * (fast - slow) + modulation.edge * (latent - fast)
        return self._region.limited(latent, shaped + modulation.flutter * flutter + impulse)[0]

    def _advance_random(self, modulation: SourceModulation) -> bool:
        """Advance flutter and impulses by one hop; return whether either is not zero."""
        _, _, pole, flutter, impulse = self._vectors
        impulse *= self._decay
        self._phase += modulation.kicks / self._frame_rate
        if self._phase >= 1.0:
            self._phase -= 1.0
            impulse += _KICK_SIGMA * (self._region.colouring @ self._draw(1))
        if modulation.flutter > 0.0:
            pole *= self._pole
            pole += self._region.colouring @ self._draw(0)
            flutter *= self._pole
            flutter += self._gain * pole
        return modulation.flutter > 0.0 or float(np.abs(impulse).max()) > 1e-4

    def _draw(self, stream: int) -> Float64Array:
        """Return Gaussian numbers [D] that depend on the seed, the hop and the stream alone."""
        key = np.array([self._seed & 0xFFFFFFFFFFFFFFFF, 7 + stream], np.uint64)
        generator = np.random.Generator(np.random.Philox(counter=np.array([0, 0, self._hops, 0], np.uint64), key=key))
        return generator.standard_normal(self._region.dimensions)
