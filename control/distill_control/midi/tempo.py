"""Tempo from MIDI clock: 24 ticks per quarter note, a line through those of the last two beats.

The line's slope is the mean of the middle half of the slopes between ticks a beat apart, which
ticks that come late or in bunches hardly bend: Bluetooth and network MIDI hold some up and then
send all.
"""

from collections import deque
from statistics import fmean, median

TICKS_PER_BEAT = 24  # MIDI clock messages per quarter note
LOST_SECONDS = 1.0
"""The measurement starts again after a pause of this length."""
SLOWEST_BPM, FASTEST_BPM = 20.0, 300.0  # beats per minute; other tempos are ignored
_LEAST_CHANGE_BPM = 0.1  # smaller changes are not reported
_AFTER_GAP_COUNT = 7  # ticks that show whether those before them were lost or are only late
_GAP_RATIO = 1.5  # of a tick's length, which a lost tick leaves at least
_LOST_RATIO = 0.6  # lateness of these ticks, in ticks, from which some before them were lost
_CATCHING_UP_RATIO = 0.7  # of a tick's length: where ticks follow each other faster, they come late
_MOST_LOST_RATIO = 1.25  # ticks sent per tick received, above which the tempo has rather changed


class TempoTracker:
    """Measure the tempo of a stream of MIDI clock messages."""

    def __init__(self) -> None:
        self._ticks: deque[tuple[int, float]] = deque(maxlen=2 * TICKS_PER_BEAT + 1)
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
        if len(self._ticks) <= TICKS_PER_BEAT:
            return None
        self._count_lost()
        interval = self._interval()
        bpm = round(60.0 / (TICKS_PER_BEAT * interval), 2) if interval > 0.0 else 0.0
        if not SLOWEST_BPM <= bpm <= FASTEST_BPM or abs(bpm - self._reported) < _LEAST_CHANGE_BPM:
            return None
        self._reported = bpm
        return bpm

    def _interval(self) -> float:
        """Return the seconds per tick, of pairs of ticks half the memory apart."""
        ticks = list(self._ticks)
        pairs = zip(ticks, ticks[len(ticks) // 2 :], strict=False)
        slopes = sorted((t1 - t0) / (n1 - n0) for (n0, t0), (n1, t1) in pairs)
        quarter = len(slopes) // 4
        return fmean(slopes[quarter : len(slopes) - quarter])

    def _count_lost(self) -> None:
        """Number the last ticks anew if some were lost before them.

        They were if these ticks stay behind the line. Ticks that were only held up follow each
        other faster, until they have caught up.
        """
        ticks, interval = list(self._ticks), self._interval()
        before, after = ticks[-3 * _AFTER_GAP_COUNT : -_AFTER_GAP_COUNT], ticks[-_AFTER_GAP_COUNT:]
        late = median(t - n * interval for n, t in after) - median(t - n * interval for n, t in before)
        gap, pace = after[0][1] - before[-1][1], after[-1][1] - after[0][1]
        if (
            gap < _GAP_RATIO * interval
            or late < _LOST_RATIO * interval
            or pace < _CATCHING_UP_RATIO * interval * (_AFTER_GAP_COUNT - 1)
        ):
            return
        lost = round(late / interval)
        ticks[-_AFTER_GAP_COUNT:] = [(n + lost, t) for n, t in after]
        if ticks[-1][0] - ticks[0][0] > _MOST_LOST_RATIO * len(ticks):
            ticks = list(enumerate(t for _, t in after))
        self._ticks = deque(ticks, self._ticks.maxlen)
