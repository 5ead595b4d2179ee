"""What the temporal controls do: they steer how the source moves, since a held sound has no attack and no density.

`SourceModulation` is read by the synthesiser each hop: `speed` multiplies the source's own speed and rate, the rest is
applied to the source's latents by `Motion`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill_engine.analysis.region import Region
from distill_engine.audio.arrays import Float64Array
from distill_engine.audio.mel import DEFAULT_MEL

_FAST_SECONDS, _SLOW_SECONDS = 0.06, 0.8
_FLUTTER_HZ = 5.0
_KICK_SECONDS = 0.06
_KICK_SIGMA = 2.5


@dataclass(frozen=True)
class SourceModulation:
    """How a source's movement is changed; the defaults change nothing.

    Attributes:
        speed: factor on the source's speed (corpus) and rate (drift), 0.25 to 4.
        depth: factor on the slow departures of the latents from their mean over the last second, 0 to 4.
        edge: factor on the fast departures, which carry the attacks, 0 to 6.
        flutter: standard deviation, in sigma units, of a seeded random movement that is added, 0 to 2.
        kicks: seeded random strokes per second that are added, 0 to 12.
    """

    speed: float = 1.0
    depth: float = 1.0
    edge: float = 1.0
    flutter: float = 0.0
    kicks: float = 0.0


NEUTRAL = SourceModulation()


def modulation_from(amounts: Float64Array) -> SourceModulation:
    """The modulation of summed amounts [5]: octaves of speed, depth and edge, flutter in sigma, kicks per second."""
    speed, depth, edge = 2.0 ** np.clip(amounts[:3], [-2.0, -5.0, -5.0], [2.0, 2.0, 2.6])
    flutter, kicks = np.clip(amounts[3:], 0.0, [2.0, 12.0])
    return SourceModulation(float(speed), float(depth), float(edge), float(flutter), float(kicks))


class Motion:
    """Shapes the path of a source, one latent per hop. A function of the seed and of what it was given, nothing else."""

    def __init__(self, region: Region, *, seed: int = 0, frame_rate: float = DEFAULT_MEL.frame_rate) -> None:
        self._region, self._seed, self._frame_rate = region, seed, frame_rate
        self._fast, self._slow = (1 - np.exp(-1 / (frame_rate * seconds)) for seconds in (_FAST_SECONDS, _SLOW_SECONDS))
        self._pole = float(np.exp(-2 * np.pi * _FLUTTER_HZ / frame_rate))
        self._gain = float(np.sqrt((1 - self._pole**2) ** 3 / (1 + self._pole**2)))  # two poles in a row: unit variance
        self._decay = float(np.exp(-1 / (frame_rate * _KICK_SECONDS)))
        self.restart()

    def restart(self) -> None:
        """As new."""
        self._vectors = np.zeros((5, self._region.dimensions))  # fast mean, slow mean, two poles of the flutter, stroke
        self._hops, self._phase = 0, 0.0

    def state(self) -> Float64Array:
        """The whole state, one array [5 * D + 2]."""
        return np.concatenate([self._vectors.ravel(), [self._hops, self._phase]])

    def restore(self, state: Float64Array) -> None:
        """Goes on from a state."""
        self._vectors = state[:-2].reshape(self._vectors.shape).copy()
        self._hops, self._phase = int(state[-2]), float(state[-1])

    def step(self, latent: Float64Array, modulation: SourceModulation) -> Float64Array:
        """The shaped latent [D] of this hop; exactly the given one while the modulation is neutral and nothing rings.

        A latent that is not finite would stay in the means for ever: it changes nothing, and the fast mean sounds instead.
        """
        fast, slow, _, flutter, stroke = self._vectors
        if not np.isfinite(latent).all():
            return fast.copy()
        if not self._hops:
            fast[:], slow[:] = latent, latent
        fast += self._fast * (latent - fast)
        slow += self._slow * (fast - slow)
        ringing = self._stir(modulation)
        self._hops += 1
        if not ringing and modulation.depth == 1.0 and modulation.edge == 1.0:
            return latent
        shaped = slow + modulation.depth * (fast - slow) + modulation.edge * (latent - fast)
        return self._region.limited(latent, shaped + modulation.flutter * flutter + stroke)[0]

    def _stir(self, modulation: SourceModulation) -> bool:
        """Moves flutter and strokes on by one hop; whether any of them sounds."""
        _, _, pole, flutter, stroke = self._vectors
        stroke *= self._decay
        self._phase += modulation.kicks / self._frame_rate
        if self._phase >= 1.0:
            self._phase -= 1.0
            stroke += _KICK_SIGMA * (self._region.colouring @ self._draw(1))
        if modulation.flutter > 0.0:
            pole *= self._pole
            pole += self._region.colouring @ self._draw(0)
            flutter *= self._pole
            flutter += self._gain * pole
        return modulation.flutter > 0.0 or float(np.abs(stroke).max()) > 1e-4

    def _draw(self, stream: int) -> Float64Array:
        """Gaussian numbers [D] that depend on the seed, the hop and the stream alone."""
        key = np.array([self._seed & 0xFFFFFFFFFFFFFFFF, 7 + stream], np.uint64)
        generator = np.random.Generator(np.random.Philox(counter=np.array([0, 0, self._hops, 0], np.uint64), key=key))
        return generator.standard_normal(self._region.dimensions)
