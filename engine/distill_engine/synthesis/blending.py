"""Blend models before the vocoder: models that share one sound through one voice.

Models with a skeleton are mixed in the mel: the powers of their bands add up, as they do in a sum
of sounds, and one vocoder plays the sum. Models of version 1 that share a decoder too are averaged
in latents. Two instruments share a decoder if all tensors that it reads (weights, statistics of mel
and latents) have the same digest, and a vocoder if their vocoder digests are equal.

A voice in slots 1 to 3 that shares these with the voice in slot 0 is its guest: the guest's vocoder
rests. This is decided when the voice enters its slot. When slot 0 changes to a model with which
they cannot be mixed, the guests continue on their own networks and are mixed as sound. So they do
when a key is pressed, since a key transposes each voice by the pitch of its own place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.synthesis.voices.voice import Voice
from distill_engine.vocabulary.table import BLEND_SPACES

Samples = Float64Array

_SILENT = 1e-18  # power below which all weights count as 0


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


@dataclass(frozen=True)
class MelGuest:
    """A voice that is mixed into its host's mels: latents [D, n], shares of the power [n]."""

    voice: Voice
    latents: Float32Array
    shares: Samples


def space_of(spaces: Iterable[str]) -> int:
    """Return how the slots are blended, as an index into the vocabulary's `BLEND_SPACES`.

    `spaces` are those of the occupied slots but slot 0: "mel", "latents" or "sound".
    """
    names = set(spaces) or {"one"}
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


def mel_shares(gain: Samples, trim: float, guests: Sequence[VoiceHop]) -> tuple[Samples, Samples]:
    """Return the shares [1 + guests] of the power, the host's first, and the host's gain [hop].

    The gain is the root of the sum of squared gains, each guest's times its trim over the host's.
    """
    gains = [gain, *(guest.gain * (guest.voice.instrument.trim / trim) for guest in guests)]
    powers = np.square(np.stack(gains))
    total = float(powers[:, -1].sum())
    shares = powers[:, -1] / total if total > _SILENT else np.eye(len(powers))[0]
    return shares, np.sqrt(powers.sum(axis=0))


def mix_mels(mel: Float32Array, guests: Sequence[MelGuest]) -> Float32Array:
    """Return a host's log-mels [bands, n] with those of its guests: the sum of their powers."""
    if not guests:
        return mel
    host = 1.0 - np.sum([guest.shares for guest in guests], axis=0)
    power = np.maximum(host, 0.0) * np.exp(2.0 * mel.astype(np.float64))
    for guest in guests:
        power += guest.shares * np.exp(2.0 * guest.voice.mels(guest.latents).astype(np.float64))
    return np.asarray(0.5 * np.log(power), np.float32)
