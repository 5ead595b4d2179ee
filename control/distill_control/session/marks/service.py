"""The service that lists marks, and records and repeats how the place among them moves."""

import math
import time
from collections.abc import Callable
from typing import Literal

from distill_control.arguments import Value
from distill_control.session.marks.way import LONGEST_WAY_SECONDS, Place, Way
from distill_control.session.service import Notify
from distill_control.session.session import Session
from distill_control.settings import ControlSettings
from distill_engine.errors import ControlError
from distill_engine.library.marks import MarkStore

PLACE, X, Y, AMOUNT = (f"/distill/marks{end}" for end in ("", "/x", "/y", "/amount"))
WAY = "/distill/marks/way"
ORIGIN = "way"  # of the values that a repeated way sets
GLIDE_SECONDS = 1 / 30  # to the next place: as long as a tick
_ROUNDING = 1e-6  # of a place that a client sends back, of the plane's coordinates

State = Literal["none", "still", "recording", "repeating"]


class MarksService:
    """Answer `/distill/marks/list` and `saved`, and carry out `record` and `repeat`.

    A place that is moved by hand while a way is repeated stops it.
    """

    def __init__(self, session: Session, store: MarkStore, notify: Notify, clock: Callable[[], float]) -> None:
        self._session, self._store, self._notify, self._clock = session, store, notify, clock
        self._way = Way()
        self._state: State = "none"
        self._began = 0.0
        self._last: Place = (0.0, 0.0)
        session.register(f"{PLACE}/list", lambda arguments, origin: [v for mark in session.marks for v in mark])
        session.register(f"{PLACE}/saved", lambda arguments, origin: self.saved())
        session.register(f"{PLACE}/record", lambda arguments, origin: self.record(bool(arguments[0])))
        session.register(f"{PLACE}/repeat", lambda arguments, origin: self.repeat(bool(arguments[0])))
        session.on_tick(self.move)

    async def stop(self) -> None:
        """Do nothing: the service opens nothing."""

    def status(self) -> dict[str, float | int | str]:
        """Return no figures."""
        return {}

    def saved(self) -> list[Value]:
        """Return the names of the loaded model's saved marks."""
        model = self._session.model
        return [marks.name for marks in self._store.of_model(model.name, model.digest)]

    def record(self, on: bool) -> None:
        """Record from now on, or end that and repeat what was recorded.

        Raises ControlError if the place has not moved meanwhile.
        """
        if on:
            self._way, self._began = Way(), self._clock()
            self._way.add(0.0, self._place())
            self._become("recording")
        elif self._state == "recording":
            self._note()
            if not self._way.moves:
                self._way = Way()
                self._become("none")
                raise ControlError(f"the place among the marks has not moved: send {PLACE} x y while it is recorded")
            self._become("still")
            self.repeat(True)

    def repeat(self, on: bool) -> None:
        """Repeat the recorded way, or stop. Raises ControlError if none was recorded."""
        if on and self._state == "recording":
            return self.record(False)
        if on and not self._way.moves:
            raise ControlError(f"no way among the marks was recorded: send {PLACE}/record 1, move, then 0")
        if on:
            self._began = self._clock()
            self._go_to(self._way.at(0.0), 0.0)
        if on or self._state == "repeating":
            self._become("repeating" if on else "still")
        return None

    def move(self) -> None:
        """Record or repeat the place of this moment. Called at each tick."""
        if self._state == "recording":
            self._note()
            if self._way.length >= LONGEST_WAY_SECONDS:
                self._notify("info", f"the way among the marks is {LONGEST_WAY_SECONDS:.0f} s long now: it is repeated")
                self.record(False)
        elif self._state == "repeating":
            if not _near(self._place(), self._last) or self._session.get(AMOUNT) == 0.0:
                self._become("still")
            else:
                self._go_to(self._way.at(self._clock() - self._began + GLIDE_SECONDS), GLIDE_SECONDS)

    def _note(self) -> None:
        self._way.add(self._clock() - self._began, self._place())

    def _place(self) -> Place:
        return float(self._session.get(X)), float(self._session.get(Y))

    def _go_to(self, place: Place, glide_seconds: float) -> None:
        self._session.set(PLACE, (*place, glide_seconds), ORIGIN)
        self._last = place

    def _become(self, state: State) -> None:
        self._state = state
        self._session.state.setting_changed(WAY, state)


def _near(place: Place, other: Place) -> bool:
    return all(math.isclose(a, b, abs_tol=_ROUNDING) for a, b in zip(place, other, strict=True))


async def start(session: Session, settings: ControlSettings, notify: Notify) -> MarksService:
    """Start the service with the saved marks of the library."""
    return MarksService(session, MarkStore(), notify, time.monotonic)
