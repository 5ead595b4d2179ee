"""Commands that wait for the engine's answer, limited in number and time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from distill_control.arguments import Value
from distill_control.session.engine_protocol import EngineProtocol
from distill_engine.errors import ControlError

Answer = Callable[[str | None], None]
"""`answer(reason)`: called when a command has ended; `reason` is None on success, else why it failed."""

PENDING_LIMIT = 64
END_LIMIT = PENDING_LIMIT + 128  # for what ends a sound, of every key once: refused, it would sound on
TIMEOUT_SECONDS = 120.0


@dataclass
class _Pending:
    """A command that the engine has not answered. `deadline` is a time of the clock, in seconds."""

    address: str
    arguments: Sequence[Value]
    answer: Answer
    deadline: float
    is_setting: bool


class Requests:
    """Commands sent to the engine and not yet answered.

    A setting has one pending request at a time. Later values wait behind it, and a newer value
    replaces the one that waits. Not thread-safe: `SessionState` calls it with its lock held.
    """

    def __init__(self, engine: EngineProtocol, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._pending: dict[int, _Pending] = {}
        self._waiting: dict[str, tuple[tuple[Value, ...], Answer]] = {}
        self._last_identifier = 0

    def __len__(self) -> int:
        return len(self._pending)

    def command(self, address: str, arguments: tuple[Value, ...], answer: Answer) -> None:
        """Send a command.

        Raises:
            ControlError: if too many are pending, or the engine accepts none.
        """
        self._send(address, arguments, answer, is_setting=False)

    def setting(self, address: str, arguments: tuple[Value, ...], answer: Answer) -> None:
        """Request a setting; queue it behind a pending request for the same setting.

        Raises:
            ControlError: if too many are pending, or the engine accepts none.
        """
        if self._pending_setting(address) is None:
            self._send(address, arguments, answer, is_setting=True)
            return
        replaced = self._waiting.pop(address, None)
        self._waiting[address] = (arguments, answer)
        if replaced is not None:
            replaced[1]("replaced by a later value before it was carried out")

    def requested(self, address: str) -> Sequence[Value] | None:
        """Return the arguments last requested for a setting; None if no request is pending."""
        pending = self._pending_setting(address)
        waiting = self._waiting.get(address)
        return waiting[0] if waiting else pending.arguments if pending else None

    def answered(self, identifier: object) -> Answer | None:
        """Remove the request that the engine has answered and send the next value of its setting.

        Returns the function to call with the outcome; None for an unknown identifier.
        """
        if not isinstance(identifier, int):
            return None
        pending = self._pending.pop(identifier, None)
        if pending is None:
            return None
        if pending.is_setting:
            self._send_waiting(pending.address)
        return pending.answer

    def expire(self) -> list[Callable[[], None]]:
        """Remove the requests that have timed out; return the calls that report them."""
        now = self._clock()
        expired = [identifier for identifier, pending in self._pending.items() if pending.deadline < now]
        reason = f"the engine did not answer within {TIMEOUT_SECONDS:g} s"
        answers = [self.answered(identifier) for identifier in expired]
        return [partial(answer, reason) for answer in answers if answer is not None]

    def _pending_setting(self, address: str) -> _Pending | None:
        found = (pending for pending in self._pending.values() if pending.is_setting and pending.address == address)
        return next(found, None)

    def _send(self, address: str, arguments: Sequence[Value], answer: Answer, *, is_setting: bool) -> None:
        if len(self._pending) >= (END_LIMIT if _ends(address, arguments) else PENDING_LIMIT):
            raise ControlError(
                f"{len(self._pending)} commands are waiting for the engine already; try again in a moment"
            )
        self._last_identifier += 1
        identifier = self._last_identifier
        if not self._engine.request(identifier, address.removeprefix("/distill/"), arguments):
            raise ControlError("the engine accepts no commands at the moment; try again")
        self._pending[identifier] = _Pending(address, arguments, answer, self._clock() + TIMEOUT_SECONDS, is_setting)

    def _send_waiting(self, address: str) -> None:
        waiting = self._waiting.pop(address, None)
        if waiting is None:
            return
        try:
            self._send(address, waiting[0], waiting[1], is_setting=True)
        except ControlError as error:
            waiting[1](str(error))


def _ends(address: str, arguments: Sequence[Value]) -> bool:
    """Return whether a command lets a key go, or silences everything."""
    return address == "/distill/panic" or (address == "/distill/note" and len(arguments) > 1 and arguments[1] == 0)
