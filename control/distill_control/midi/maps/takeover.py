"""Soft takeover: what happens when a control's position differs from its parameter's value.

* `none`: the parameter jumps to the control's position.
* `pickup`: the parameter stays until the control crosses its value. A fast move past the value
  counts as a crossing, however few messages it sends.
* `scaling`: the parameter moves in the control's direction, in proportion to the travel that both
  have left. They meet at the end of the travel at the latest.

In `pickup` and `scaling` the first message moves nothing: it only shows where the control is.
"""

from typing import Literal

TakeoverMode = Literal["none", "pickup", "scaling"]
TAKEOVER_MODES: tuple[TakeoverMode, ...] = ("none", "pickup", "scaling")

_TOLERANCE = 1e-3  # difference of two positions 0..1 that are taken as equal


class Takeover:
    """Soft takeover of one parameter by one control; positions are 0..1 on the control's scale."""

    def __init__(self, mode: TakeoverMode) -> None:
        self.mode = mode
        self._last: float | None = None
        self._engaged = False
        self._expected = 0.0

    def release(self) -> None:
        """Forget the control's position, after it was unplugged or reset."""
        self._last = None
        self._engaged = False

    def move(self, position: float, current: float, step: float = 1.0 / 127) -> float | None:
        """Return the parameter's new position, or None while it stays.

        `position` is the control's, `current` the parameter's. `step` is the control's resolution:
        two positions closer than half a step count as crossed.
        """
        last, self._last = self._last, position
        if self.mode == "none":
            return position
        if self.mode == "scaling":
            return None if last is None else _scaled(last, position, current)
        if self._engaged and abs(current - self._expected) > _TOLERANCE:
            self._engaged = False
        if not self._engaged:
            self._engaged = _crossed(last, position, current, step)
        if not self._engaged:
            return None
        self._expected = position
        return position

    def applied(self, position: float) -> None:
        """Record the parameter's clipped position; a later change by others ends a pickup."""
        self._expected = position


def _crossed(last: float | None, position: float, current: float, step: float) -> bool:
    if abs(position - current) <= 0.5 * step:
        return True
    return last is not None and (last - current) * (position - current) <= 0.0


def _scaled(last: float, position: float, current: float) -> float:
    if position > last:
        return current + (position - last) * (1.0 - current) / (1.0 - last)
    if position < last:
        return current * position / last
    return current
