"""Blend models in latent space: models that share a decoder and a vocoder sound through one voice.

Two instruments share a decoder if all tensors that it reads (weights, statistics of mel and
latents) have the same digest, and a vocoder if their vocoder digests are equal. An example is one
model that was analysed on two corpora. A voice in slots 1 to 3 that shares both with the voice in
slot 0 is its guest: the guest's networks rest, and its latents are averaged into the host's. This
is decided when the voice enters its slot. When slot 0 changes to another model, the guests continue
on their own networks and are mixed as sound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float64Array
from distill_engine.synthesis.voices.voice import Voice
from distill_engine.vocabulary.table import BLEND_SPACES

Samples = Float64Array


@dataclass(frozen=True)
class Guest:
    """A guest's contribution to one hop.

    `latent` is [D] in sigma, `gain` [hop] is linear per sample, `trim` is the model's linear gain.
    """

    latent: Samples
    gain: Samples
    trim: float

    def frozen(self) -> Samples:
        """Return the gain at the end of the hop, the trim and the latent as one row [2 + D]."""
        return np.concatenate([[self.gain[-1], self.trim], self.latent])


@dataclass(frozen=True)
class VoiceHop:
    """One voice at one hop: latent [D] (sigma) and linear gain per sample [hop].

    `curve` is the factor of its fade [hop] that `gain` already includes; a number if it is
    constant. `ratio` transposes the hop.
    """

    voice: Voice
    latent: Samples
    gain: Samples
    curve: Samples | float = 1.0
    ratio: float = 1.0


def space_of(shared: Iterable[bool]) -> int:
    """Return how the slots are blended, as an index into the vocabulary's `BLEND_SPACES`.

    `shared` says of each occupied slot but slot 0 whether its voice is a guest of slot 0.
    """
    names = {"latents" if one else "sound" for one in shared} or {"one"}
    return BLEND_SPACES.index(names.pop() if len(names) == 1 else "both")


def fading_guests(rows: Samples, curve: Samples | float, hop: int) -> list[Guest]:
    """Return the guests of a host that is fading out, as they were when it was replaced.

    Each row of `rows` [n, 2 + D] is a `Guest.frozen`. The gain of each guest follows the host's
    fade `curve` ([hop] or a number); `hop` is the number of samples in a hop.
    """
    line = np.broadcast_to(np.asarray(curve, np.float64), (hop,))
    return [Guest(row[2:], row[0] * line, float(row[1])) for row in rows]


def blend_latents(latent: Samples, gain: Samples, trim: float, guests: Sequence[Guest]) -> tuple[Samples, Samples]:
    """Return latent [D] and gain [hop] of a host blended with its guests.

    The latent is the mean of all latents, weighted by the gains at the end of the hop. The gain is
    the root of the sum of squared gains: the level that the same blend has as a mix of uncorrelated
    sounds. Each guest's gain counts relative to the host: times its trim over the host's `trim`.
    """
    if not guests:
        return latent, gain
    weights = np.array([gain[-1], *(guest.gain[-1] for guest in guests)])
    total = float(weights.sum())
    power = np.square(gain) + sum(np.square(guest.gain * (guest.trim / trim)) for guest in guests)
    if total > 1e-9:
        latent = np.asarray(weights / total @ np.stack([latent, *(guest.latent for guest in guests)]))
    return latent, np.sqrt(power)
