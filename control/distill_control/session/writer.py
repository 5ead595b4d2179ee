"""Checked values on their way into the state, the shared memory and the subscriptions."""

from collections.abc import Callable

from distill_control.arguments import Checked, Value
from distill_control.session.engine_protocol import Link
from distill_control.session.subscriptions import Subscriptions
from distill_control.session.types import Reply
from distill_control.session.values import Values
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import Row

Resolve = Callable[[str], tuple[Row, int | None]]


class Writer:
    """Writes parameters and groups. Guarded by the session's lock."""

    def __init__(
        self, values: Values, link: Link, subscriptions: Subscriptions, public: Callable[[int], str | None]
    ) -> None:
        self._values = values
        self._link = link
        self._subscriptions = subscriptions
        self._public = public

    def parameter(self, slot: int, address: str, checked: Checked, origin: str, reply: Reply) -> Value:
        """Moves one parameter; its value, clipped, is also the answer if it was out of range."""
        value = float(checked.values[0])
        glide = float(checked.values[1]) if len(checked.values) > 1 else 0.0
        self._slot(slot, address, value, glide, origin)
        if checked.clipped:
            self._echo(slot, address, value, origin, reply)
        return value

    def group(self, row: Row, checked: Checked, origin: str, reply: Reply, resolve: Resolve) -> None:
        """Moves the parameters of a group, as many as there are values."""
        numbers = [float(value) for value in checked.values]
        glide = 0.0
        if not row.arguments[-1].repeated and len(numbers) > len(row.targets):
            glide = numbers.pop()
        for target, value in zip(row.targets, numbers, strict=False):
            _, slot = resolve(target)
            if slot is not None:
                self._slot(slot, target, value, glide, origin)
                if checked.clipped:
                    self._echo(slot, target, value, origin, reply)
        if row.wakes is not None:
            self._wake(row.wakes)

    def _slot(self, slot: int, address: str, value: float, glide: float, origin: str) -> None:
        moved = self._values.slots[slot] != value
        self._values.slots[slot] = value
        self._link.set(slot, value, glide)
        self._subscriptions.mark(self._told(slot, address), origin)
        wakes = vocabulary.PARAMETERS[slot].row.wakes
        if moved and wakes is not None:
            self._wake(wakes)

    def _wake(self, address: str) -> None:
        slot = vocabulary.slot(address)
        if self._values.slots[slot] == 0.0:
            self._slot(slot, address, vocabulary.PARAMETERS[slot].maximum, 0.0, "")

    def _told(self, slot: int, address: str) -> str:
        """The address under which a change is told: a control's own name, also when it was moved by its number."""
        named = vocabulary.PARAMETERS[slot].row.family == "name"
        return (self._public(slot) if named else None) or address

    def _echo(self, slot: int, address: str, value: Value, origin: str, reply: Reply) -> None:
        """Tells the sender of a clipped value what became of it."""
        if self._subscriptions.listens(origin):
            self._subscriptions.mark(self._told(slot, address), "")
        else:
            reply(address, value)
