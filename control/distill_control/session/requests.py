"""Commands on their way to the engine and back: bounded in number and time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from distill_control.arguments import Value
from distill_control.session.engine_protocol import Link
from distill_engine.errors import ControlError

Answer = Callable[[str | None], None]
"""Called with None when a command is done, or with the reason why it failed."""

LIMIT = 64
TIMEOUT_SECONDS = 120.0


@dataclass
class _Pending:
    address: str
    arguments: Sequence[Value]
    answer: Answer
    deadline: float
    is_setting: bool


class Requests:
    """Commands in flight. A setting has one request in flight at a time; of those that wait, the last one wins."""

    def __init__(self, link: Link, clock: Callable[[], float]) -> None:
        self._link = link
        self._clock = clock
        self._pending: dict[int, _Pending] = {}
        self._waiting: dict[str, tuple[tuple[Value, ...], Answer]] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._pending)

    def command(self, address: str, arguments: tuple[Value, ...], answer: Answer) -> None:
        """Sends a command.

        Raises:
            ControlError: if too many are in flight, or the engine takes none.
        """
        self._send(address, arguments, answer, is_setting=False)

    def setting(self, address: str, arguments: tuple[Value, ...], answer: Answer) -> None:
        """Asks for a setting; behind one in flight it waits, and replaces the one that waited before."""
        if self._in_flight(address) is None:
            self._send(address, arguments, answer, is_setting=True)
            return
        replaced = self._waiting.pop(address, None)
        self._waiting[address] = (arguments, answer)
        if replaced is not None:
            replaced[1]("replaced by a later value before it was carried out")

    def asked(self, address: str) -> Sequence[Value] | None:
        """What a setting was last asked to be, while that is not answered; None where nothing is open."""
        pending = self._in_flight(address)
        waiting = self._waiting.get(address)
        return waiting[0] if waiting else pending.arguments if pending else None

    def answered(self, identifier: object) -> Answer | None:
        """The answer to call for a reply of the engine; sends on what waited behind it."""
        if not isinstance(identifier, int):
            return None
        pending = self._pending.pop(identifier, None)
        if pending is None:
            return None
        if pending.is_setting:
            self._send_waiting(pending.address)
        return pending.answer

    def expire(self) -> list[Callable[[], None]]:
        """Answers to call for commands that the engine never answered."""
        now = self._clock()
        expired = [identifier for identifier, pending in self._pending.items() if pending.deadline < now]
        reason = f"the engine did not answer within {TIMEOUT_SECONDS:g} s"
        answers = [self.answered(identifier) for identifier in expired]
        return [partial(answer, reason) for answer in answers if answer is not None]

    def _in_flight(self, address: str) -> _Pending | None:
        found = (pending for pending in self._pending.values() if pending.is_setting and pending.address == address)
        return next(found, None)

    def _send(self, address: str, arguments: Sequence[Value], answer: Answer, *, is_setting: bool) -> None:
        if len(self._pending) >= LIMIT:
            raise ControlError(f"{LIMIT} commands wait for the engine already; try again in a moment")
        self._last += 1
        if not self._link.request(self._last, address.removeprefix("/distill/"), arguments):
            raise ControlError("the engine takes no commands now; try again in a moment")
        self._pending[self._last] = _Pending(address, arguments, answer, self._clock() + TIMEOUT_SECONDS, is_setting)

    def _send_waiting(self, address: str) -> None:
        waiting = self._waiting.pop(address, None)
        if waiting is None:
            return
        try:
            self._send(address, waiting[0], waiting[1], is_setting=True)
        except ControlError as error:
            waiting[1](str(error))
