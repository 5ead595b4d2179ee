"""Tempo from MIDI clock: 24 ticks per quarter note, a line through those of the last three beats.

The line is fitted twice: by the median slope of ticks half the memory apart, then by least squares
through the ticks near that first line. Ticks that are held up and then come at once lie far behind
it and do not count, so no stall bends the line. Jitter averages out: its error falls with the
1.5th power of the number of ticks.
"""

from collections import deque
from collections.abc import Sequence
from statistics import linear_regression, median

TICKS_PER_BEAT = 24  # MIDI clock messages per quarter note
LOST_SECONDS = 1.0
"""The measurement starts again after a pause of this length."""
SLOWEST_BPM, FASTEST_BPM = 20.0, 300.0  # beats per minute; other tempos are ignored
_LEAST_CHANGE_BPM = 0.1  # smaller changes are not reported
_MEMORY_TICKS = 3 * TICKS_PER_BEAT  # a small change of tempo is followed within these
_NEAR_SPREADS, _NEAR_RATIO = 4.0, 0.25
"""Ticks count that lie near the line: within so many median distances, or this part of a tick."""
_STRAY_COUNT, _STRAY_RATIO = TICKS_PER_BEAT, 1.5
"""So many ticks, each further from the line than so many ticks' lengths, show another tempo."""
_AFTER_GAP_COUNT = 7  # ticks that show whether those before them were lost or are only late
_GAP_RATIO = 1.5  # of a tick's length, which a lost tick leaves at least
_LOST_RATIO = 0.5  # lateness of each of these ticks, in ticks, from which some before them were lost
_EVEN_RATIO = 0.6  # of a tick's length: they are late by the same, not less and less
Tick = tuple[int, float]
"""A tick's number and its time in s."""


class TempoTracker:
    """Measure the tempo of a stream of MIDI clock messages."""

    def __init__(self) -> None:
        self._ticks: deque[Tick] = deque(maxlen=_MEMORY_TICKS)
        self._reported = 0.0

    def reset(self) -> None:
        """Start the measurement again, because the sequencer has started."""
        self._ticks.clear()

    def tick(self, now: float) -> float | None:
        """Count one clock message at `now` seconds.

        Returns the tempo in bpm if it is new or has changed by 0.1 bpm or more, else None.
        """
        if self._ticks and now - self._ticks[-1][1] > LOST_SECONDS:
            self._ticks.clear()
        self._ticks.append((self._ticks[-1][0] + 1 if self._ticks else 0, now))
        if len(self._ticks) >= 2 * _AFTER_GAP_COUNT:
            self._count_lost()
        if len(self._ticks) <= TICKS_PER_BEAT:
            return None
        interval = self._interval()
        bpm = round(60.0 / (TICKS_PER_BEAT * interval), 2) if interval > 0.0 else 0.0
        if not SLOWEST_BPM <= bpm <= FASTEST_BPM or abs(bpm - self._reported) < _LEAST_CHANGE_BPM:
            return None
        self._reported = bpm
        return bpm

    def _interval(self) -> float:
        """Return the seconds per tick; a beat far from the line is the start of another tempo."""
        ticks = list(self._ticks)
        interval, start = _line(ticks)
        newest = ticks[-_STRAY_COUNT:]
        if any(abs(time - start - number * interval) <= _STRAY_RATIO * interval for number, time in newest):
            return interval
        self._ticks = deque(newest, _MEMORY_TICKS)
        return _line(newest)[0]

    def _count_lost(self) -> None:
        """Number the last ticks anew if some were lost before them.

        They were if each of these ticks is late by about the same. Ticks that were only held up are
        late by less and less, until they have caught up.
        """
        ticks = list(self._ticks)
        before, after = ticks[:-_AFTER_GAP_COUNT], ticks[-_AFTER_GAP_COUNT:]
        interval, start = _line(before)
        if interval <= 0.0 or after[0][1] - before[-1][1] < _GAP_RATIO * interval:
            return
        late = [(time - start) / interval - number for number, time in after]
        if min(late) >= _LOST_RATIO and max(late) - min(late) <= _EVEN_RATIO:
            lost = round(median(late))
            self._ticks = deque(before + [(number + lost, time) for number, time in after], _MEMORY_TICKS)


def _line(ticks: Sequence[Tick]) -> tuple[float, float]:
    """Return the seconds per tick and the time of tick 0, of ticks [n]."""
    half = len(ticks) // 2
    pairs = zip(ticks, ticks[half:], strict=False)
    interval = median((later - time) / (number - first) for (first, time), (number, later) in pairs)
    start = median(time - number * interval for number, time in ticks)
    distances = [abs(time - start - number * interval) for number, time in ticks]
    reach = max(_NEAR_SPREADS * median(distances), _NEAR_RATIO * interval)
    near = [tick for tick, distance in zip(ticks, distances, strict=True) if distance <= reach]
    fitted = linear_regression(*zip(*near, strict=True))
    return float(fitted.slope), float(fitted.intercept)
