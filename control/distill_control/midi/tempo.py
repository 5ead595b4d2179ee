"""Tempo from MIDI clock: 24 ticks per quarter note, averaged over one or two beats."""

from collections import deque
from itertools import pairwise
from statistics import median

TICKS_PER_BEAT = 24  # MIDI clock messages per quarter note
LOST_SECONDS = 1.0
"""The measurement starts again after a pause of this length."""
SLOWEST_BPM, FASTEST_BPM = 20.0, 300.0  # beats per minute; other tempos are ignored
_LEAST_CHANGE_BPM = 0.1  # smaller changes are not reported
_AGREEMENT_RATIO = 0.02  # largest difference between one beat and two for a steady tempo


class TempoTracker:
    """Measure the tempo of a stream of MIDI clock messages."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=2 * TICKS_PER_BEAT + 1)
        self._reported = 0.0

    def reset(self) -> None:
        """Start the measurement again, because the sequencer has started."""
        self._times.clear()

    def tick(self, now: float) -> float | None:
        """Count one clock message at `now` seconds.

        Returns the tempo in bpm if it is new or has changed by 0.1 bpm or more, else None.
        """
        if self._times and now - self._times[-1] > LOST_SECONDS:
            self._times.clear()
        self._times.append(now)
        bpm = self._bpm()
        if bpm is None or abs(bpm - self._reported) < _LEAST_CHANGE_BPM:
            return None
        self._reported = bpm
        return bpm

    def _bpm(self) -> float | None:
        """Return the tempo in bpm of the last two beats if they agree, else of the last one."""
        times = list(self._times)
        if len(times) <= TICKS_PER_BEAT:
            return None
        latest = _average_interval(times[-TICKS_PER_BEAT - 1 :])
        longest = _average_interval(times)
        interval = longest if abs(longest - latest) < _AGREEMENT_RATIO * latest else latest
        if interval <= 0.0:
            return None
        bpm = 60.0 / (TICKS_PER_BEAT * interval)
        return round(bpm, 2) if SLOWEST_BPM <= bpm <= FASTEST_BPM else None


def _average_interval(times: list[float]) -> float:
    """Return the mean seconds between ticks; a long interval counts as several, for lost ticks."""
    intervals = [later - earlier for earlier, later in pairwise(times)]
    middle = median(intervals)
    if middle <= 0.0:
        return (times[-1] - times[0]) / max(len(times) - 1, 1)
    whole = sum(max(1, round(interval / middle)) for interval in intervals)
    return (times[-1] - times[0]) / whole
