"""Blending in latent space: models that share a decoder and a vocoder sound through one voice, at a slot between their latents.

Two instruments share when the tensors that the decoder reads (its weights, and the statistics of mel and latents) have the same
digest, and so have the vocoder's: the same model analysed on two corpora, for instance. A voice at the slots 1 to 3 that shares
with the first slot's is its guest: its own networks rest, its latents are weighed into the host's. That is decided when it comes
to its slot. When the first slot is given to another model, guests go on in sound, by their own networks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float64Array
from distill_engine.synthesis.voice import Voice

Samples = Float64Array


@dataclass(frozen=True)
class Guest:
    """What a guest adds at one hop: its latent [D], its gain at each sample [hop] and its model's trim (a factor)."""

    latent: Samples
    gain: Samples
    trim: float

    def frozen(self) -> Samples:
        """Weight at the end of the hop, trim and latent in one row [2 + D]."""
        return np.concatenate([[self.gain[-1], self.trim], self.latent])


@dataclass(frozen=True)
class VoiceHop:
    """One voice moved on by one hop: its latent [D], its gain at each sample [hop], and the curve of its fade in that gain."""

    voice: Voice
    latent: Samples
    gain: Samples
    curve: Samples | float = 1.0


def space_of(shared: Iterable[bool]) -> int:
    """How slots are blended, as an index of the vocabulary's `BLEND_SPACES`; `shared`: of each slot but the first, whether
    it shares with that."""
    ways = set(shared)
    return 0 if not ways else 3 if len(ways) > 1 else 1 if True in ways else 2


def fading_guests(rows: Samples, curve: Samples | float, hop: int) -> list[Guest]:
    """Guests as they were when their host was given up (rows [n, 2 + D]), fading out with it."""
    line = np.broadcast_to(np.asarray(curve, np.float64), (hop,))
    return [Guest(row[2:], row[0] * line, float(row[1])) for row in rows]


def blend_latents(latent: Samples, gain: Samples, trim: float, guests: Sequence[Guest]) -> tuple[Samples, Samples]:
    """Latent [D] and gain [hop] of a host with its guests: the mean of the latents by weight, at the level that the blend would
    have in sound (the root of the sum of powers), each model at its own trim."""
    if not guests:
        return latent, gain
    weights = np.array([gain[-1], *(guest.gain[-1] for guest in guests)])
    total = float(weights.sum())
    power = np.square(gain) + sum(np.square(guest.gain * (guest.trim / trim)) for guest in guests)
    if total > 1e-9:
        latent = np.asarray(weights / total @ np.stack([latent, *(guest.latent for guest in guests)]))
    return latent, np.sqrt(power)
