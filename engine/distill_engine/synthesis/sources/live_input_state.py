"""The state of the live input, and its form in takes of version 1."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.synthesis.sources.latent_sources import Latent


@dataclass(frozen=True)
class LiveInputState:
    """The state of a `InputSource`.

    `hop` hops and `made` latents so far; `pending` [n] samples of an unfinished mel frame
    (`started`: it is not the first one); mel `frames` [bands, n] that wait for the encoder; the
    last latents `history`, each [D]; the state of the `encoder`.
    """

    hop: int
    made: int
    pending: Float32Array
    started: bool
    frames: Float32Array
    history: tuple[Latent, ...]
    encoder: dict[str, Float32Array]


def unpack_state(packed: Latent, bands: int, dimensions: int, encoder: Mapping[str, np.ndarray]) -> LiveInputState:
    """Return a state from its form in version 1: one vector [n] that ends with the encoder's state.

    `bands` is the size of a mel frame, `dimensions` that of a latent. `encoder` is any state of the
    encoder, each array of the shape [...] to read.
    """
    hop, made, count, waiting, started, frames = (int(v) for v in packed[:6])
    parts = _Reader(packed[6:])
    return LiveInputState(
        hop=hop,
        made=made,
        pending=parts.take((waiting,)).astype(np.float32),
        started=bool(started),
        frames=parts.take((bands, frames)).astype(np.float32),
        history=tuple(parts.take((dimensions,)) for _ in range(count)),
        encoder={name: parts.take(value.shape).astype(value.dtype) for name, value in encoder.items()},
    )


class _Reader:
    """Reads arrays one after the other from a vector."""

    def __init__(self, data: Latent) -> None:
        self._data, self._at = data, 0

    def take(self, shape: tuple[int, ...]) -> Latent:
        """Return the next array, of this shape."""
        size = math.prod(shape)
        part = self._data[self._at : self._at + size].reshape(shape).copy()
        self._at += size
        return part
