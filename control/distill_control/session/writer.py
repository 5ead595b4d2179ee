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

    def parameter(self, parameter_index: int, address: str, checked: Checked, origin: str, reply: Reply) -> Value:
        """Moves one parameter; its value, clipped, is also the answer if it was out of range."""
        value = float(checked.values[0])
        glide = float(checked.values[1]) if len(checked.values) > 1 else 0.0
        self._set(parameter_index, address, value, glide, origin)
        if checked.clipped:
            self._echo(parameter_index, address, value, origin, reply)
        return value

    def group(self, row: Row, checked: Checked, origin: str, reply: Reply, resolve: Resolve) -> None:
        """Moves the parameters of a group, as many as there are values."""
        numbers = [float(value) for value in checked.values]
        glide = 0.0
        if not row.arguments[-1].repeated and len(numbers) > len(row.targets):
            glide = numbers.pop()
        for target, value in zip(row.targets, numbers, strict=False):
            _, parameter_index = resolve(target)
            if parameter_index is not None:
                self._set(parameter_index, target, value, glide, origin)
                if checked.clipped:
                    self._echo(parameter_index, target, value, origin, reply)
        if row.wakes is not None:
            self._wake(row.wakes)

    def _set(self, parameter_index: int, address: str, value: float, glide: float, origin: str) -> None:
        moved = self._values.parameters[parameter_index] != value
        self._values.parameters[parameter_index] = value
        self._link.set(parameter_index, value, glide)
        self._subscriptions.mark(self._told(parameter_index, address), origin)
        wakes = vocabulary.PARAMETERS[parameter_index].row.wakes
        if moved and wakes is not None:
            self._wake(wakes)

    def _wake(self, address: str) -> None:
        parameter_index = vocabulary.index_of(address)
        if self._values.parameters[parameter_index] == 0.0:
            self._set(parameter_index, address, vocabulary.PARAMETERS[parameter_index].maximum, 0.0, "")

    def _told(self, parameter_index: int, address: str) -> str:
        """The address under which a change is told: a control's own name, also when it was moved by its number."""
        named = vocabulary.PARAMETERS[parameter_index].row.family == "name"
        return (self._public(parameter_index) if named else None) or address

    def _echo(self, parameter_index: int, address: str, value: Value, origin: str, reply: Reply) -> None:
        """Tells the sender of a clipped value what became of it."""
        if self._subscriptions.listens(origin):
            self._subscriptions.mark(self._told(parameter_index, address), "")
        else:
            reply(address, value)
