"""What a control does when it stands elsewhere than the parameter it steers.

* `none`: the parameter jumps to the control.
* `pickup`: nothing moves until the control crosses the parameter's place. Crossing counts, not closeness: a fast move
  from one side to the other takes hold however few messages it sends.
* `scaling`: the parameter moves from where it is, in the control's direction, in proportion to the way both have left;
  they meet at the end of the travel at the latest.

In `pickup` and `scaling` nothing moves before the first touch, nor by it: a control's place is unknown until it has sent once.
"""

from typing import Literal

TakeoverMode = Literal["none", "pickup", "scaling"]
TAKEOVER_MODES: tuple[TakeoverMode, ...] = ("none", "pickup", "scaling")

_SAME = 1e-3


class Takeover:
    """Takeover of one parameter by one control; positions are 0..1 on the control's scale."""

    def __init__(self, mode: TakeoverMode) -> None:
        self.mode = mode
        self._last: float | None = None
        self._engaged = False
        self._expected = 0.0

    def release(self) -> None:
        """Forget where the control stands (it was unplugged or reset)."""
        self._last = None
        self._engaged = False

    def move(self, position: float, current: float, step: float = 1.0 / 127) -> float | None:
        """The control moved to `position` while the parameter stands at `current`.

        Returns the parameter's new position, or None while it stays. `step` is the control's resolution.
        """
        last, self._last = self._last, position
        if self.mode == "none":
            return position
        if self.mode == "scaling":
            return None if last is None else _scaled(last, position, current)
        if self._engaged and abs(current - self._expected) > _SAME:
            self._engaged = False
        if not self._engaged:
            self._engaged = _crossed(last, position, current, step)
        if not self._engaged:
            return None
        self._expected = position
        return position

    def applied(self, position: float) -> None:
        """Tell where the parameter really went (after clipping), so that only others' changes let go of it."""
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
