"""The order of codes: neighbours in a book sound alike.

Codes follow one another along a path through loudness and brightness of what they sound like: from
the quietest, always to the nearest that is left.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.stretches.skeleton import Skeleton, frame_levels
from distill_engine.audio.arrays import Float64Array
from distill_engine.codes.columns import latents_of


def sound_of(skeleton: Skeleton, columns: Float64Array) -> Float64Array:
    """Return loudness and brightness [2, C] of columns [4 * D, C] in nats, of their means.

    Loudness is in nats, brightness the centre of the spectrum in bands.
    """
    mels = skeleton.decode(latents_of(columns, skeleton.spread))
    power = np.exp(2.0 * np.minimum(mels, skeleton.ceiling[:, None]))
    centre = (np.arange(len(mels))[:, None] * power).sum(axis=0) / power.sum(axis=0)
    both = np.stack([frame_levels(mels), centre])
    return np.asarray(both.reshape(2, columns.shape[1], -1).mean(axis=2))


def order_of(places: Float64Array) -> npt.NDArray[np.int64]:
    """Return the order [C] of places [2, C]: the lowest in the first row, then the nearest left."""
    scaled = (places - places.mean(axis=1, keepdims=True)) / np.maximum(places.std(axis=1, keepdims=True), 1e-9)
    left = list(range(scaled.shape[1]))
    order = [left.pop(int(np.argmin(scaled[0])))]
    while left:
        apart = np.square(scaled[:, left] - scaled[:, order[-1], None]).sum(axis=0)
        order.append(left.pop(int(np.argmin(apart))))
    return np.array(order)
