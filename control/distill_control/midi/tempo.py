"""Tempo from MIDI clock: 24 ticks to a quarter note, averaged over one, with drop-outs and jitter kept out."""

from collections import deque
from itertools import pairwise
from statistics import median

TICKS_PER_BEAT = 24
LOST_SECONDS = 1.0
SLOWEST_BPM, FASTEST_BPM = 20.0, 300.0


class TempoTracker:
    """Beats per minute of a stream of clock ticks."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=2 * TICKS_PER_BEAT + 1)
        self._reported = 0.0

    def reset(self) -> None:
        """Start measuring again (the clock was started anew)."""
        self._times.clear()

    def tick(self, now: float) -> float | None:
        """One clock message at `now` seconds. Returns the tempo in bpm when it is new or has changed by 0.1 or more."""
        if self._times and now - self._times[-1] > LOST_SECONDS:
            self._times.clear()
        self._times.append(now)
        bpm = self._bpm()
        if bpm is None or abs(bpm - self._reported) < 0.1:
            return None
        self._reported = bpm
        return bpm

    def _bpm(self) -> float | None:
        """Tempo of the last beat; of the last two while they agree, for steadiness."""
        times = list(self._times)
        if len(times) <= TICKS_PER_BEAT:
            return None
        latest = _average_interval(times[-TICKS_PER_BEAT - 1 :])
        longest = _average_interval(times)
        interval = longest if abs(longest - latest) < 0.02 * latest else latest
        if interval <= 0.0:
            return None
        bpm = 60.0 / (TICKS_PER_BEAT * interval)
        return round(bpm, 2) if SLOWEST_BPM <= bpm <= FASTEST_BPM else None


def _average_interval(times: list[float]) -> float:
    """Mean interval, with those that a lost tick or a stall made far too long left out."""
    intervals = [later - earlier for earlier, later in pairwise(times)]
    middle = median(intervals)
    if middle <= 0.0:
        return (times[-1] - times[0]) / max(len(times) - 1, 1)
    whole = sum(max(1, round(interval / middle)) for interval in intervals)
    return (times[-1] - times[0]) / whole
