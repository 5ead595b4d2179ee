"""The beats of a performance, kept in step with the place in the bar of another program.

Messages about that place come a few times a second and a little unevenly. The clock runs at the
tempo between them and makes a difference up by hastening or lingering, so that no source jumps.
"""

from __future__ import annotations

from dataclasses import dataclass

BAR_BEATS = 4.0  # of the bar in which `phase` is a place
EASE_BEATS = 2.0  # in which a difference falls to 1/e
MOST_HASTE = 0.2  # share of the tempo by which a difference is made up, at most
FAR_BEATS = 0.5  # difference from which on the clock is set: the other program has begun elsewhere


@dataclass(frozen=True)
class BeatState:
    """The state of a `BeatClock`.

    `beats` counts from the beginning of a bar; `behind` is what is still to be made up, in beats.
    `seen` is the last place in the bar that was set, -1 without one.
    """

    beats: float = 0.0
    behind: float = 0.0
    seen: float = -1.0


class BeatClock:
    """Count beats hop by hop. `frame_rate` is hops a second."""

    def __init__(self, frame_rate: float) -> None:
        self._frame_rate, self._state = frame_rate, BeatState()

    def advance(self, tempo: float, phase: float) -> tuple[float, tuple[float, float] | None]:
        """Advance by one hop; return the tempo of this hop, and the beats before and after it.

        `tempo` is in bpm; 0 runs free, without beats. `phase` is the place in the bar, 0 to 4
        beats, that this hop should have; it counts at the hop at which it changes. Without one
        (below 0) the tempo stays as it is, and there are no beats.
        """
        if tempo <= 0.0 or phase < 0.0:
            self._state = BeatState()
            return tempo, None
        beats, behind, seen = self._state.beats, self._state.behind, self._state.seen
        if phase != seen:
            behind = (phase - beats + BAR_BEATS / 2) % BAR_BEATS - BAR_BEATS / 2
            if seen < 0.0 or abs(behind) > FAR_BEATS:
                beats, behind = beats + behind, 0.0
        haste = min(max(behind / EASE_BEATS, -MOST_HASTE), MOST_HASTE)
        step = tempo / 60.0 / self._frame_rate
        after = beats + step * (1.0 + haste)
        self._state = BeatState(after, behind - step * haste, phase)
        return tempo * (1.0 + haste), (beats, after)

    def state(self) -> BeatState:
        """Return the state."""
        return self._state

    def restore(self, state: BeatState | None) -> None:
        """Continue from a `state`; None is the beginning."""
        self._state = state or BeatState()
