"""The changes whose way from an OSC message to the sound is measured, and when each counts as heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from live_support.osc import packet

WINDOW_SECONDS = 0.003
"""Length of the windows in which levels are compared."""
SILENCE = 1e-5
"""Level (full scale 1) that is no sound."""
SETTLED_SECONDS = 0.3
"""Time after which a change has arrived at its new level."""
Samples = np.ndarray
Heard = Callable[[Samples, int, int], int | None]
"""(samples [n], index of the message, sample rate) -> index of the first sample of its effect.

None where nothing was heard, or where the sound before does not allow to tell.
"""


def first_sound(samples: Samples, sent: int, rate: int) -> int | None:
    """Return the first sample of sound behind silence."""
    if np.abs(samples[:sent]).max() > SILENCE:
        return None
    loud = np.flatnonzero(np.abs(samples[sent:]) > SILENCE)
    return sent + int(loud[0]) if len(loud) else None


def brighter(samples: Samples, sent: int, rate: int) -> int | None:
    """Return where the level of the high frequencies is halfway (in dB) to its new value.

    Twice differentiated, so that the high frequencies prevail.
    """
    size = round(WINDOW_SECONDS * rate)
    high = np.square(np.diff(samples.astype(np.float64), 2))
    power = np.convolve(high, np.ones(size) / size)[: len(high)]  # of the window that ends here
    before, after = np.median(power[:sent]), np.median(power[sent + round(SETTLED_SECONDS * rate) :])
    if after < 4 * before or power[sent] > np.sqrt(before * after):  # less than 6 dB, or there before
        return None
    over = np.flatnonzero(power[sent:] > np.sqrt(before * after))
    return sent + int(over[0]) if len(over) else None


def half_of_peak(samples: Samples, sent: int, rate: int) -> int | None:
    """Return where an attack behind silence has half of its peak."""
    if np.abs(samples[:sent]).max() > 1e-3:
        return None
    after = np.abs(samples[sent : sent + round(SETTLED_SECONDS * rate)])
    return sent + int(np.argmax(after >= after.max() / 2)) if after.max() > 1e-3 else None


@dataclass(frozen=True)
class Change:
    """What is sent once, before each measurement and to be measured; and when it counts as heard."""

    first: tuple[bytes, ...]
    off: tuple[bytes, ...]
    on: bytes
    heard: Heard


_STILL = (
    packet("/distill/play"),
    packet("/distill/source", "hold"),
    packet("/distill/source/grain", 0.0),
    packet("/distill/gain", 0.0),
)
_BRIGHT = "/distill/control/brightness"
CHANGES = {
    "gain": Change(_STILL, (packet("/distill/gain", -90.0),), packet("/distill/gain", 0.0), first_sound),
    "brightness": Change(_STILL, (packet(_BRIGHT, -1.0),), packet(_BRIGHT, 1.0), brighter),
    "a note, to half of its peak": Change(
        (packet(_BRIGHT, 0.0), packet("/distill/source", "walk"), packet("/distill/note/release", 0.01)),
        (packet("/distill/note", 60.0, 0.0),),
        packet("/distill/note", 60.0, 100.0),
        half_of_peak,
    ),
}
