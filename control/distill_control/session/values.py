"""The addresses that exist while a model is loaded, and their current values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from distill_control.arguments import Value
from distill_control.session.engine_protocol import EngineProtocol, ModelInfo
from distill_engine.errors import ControlError
from distill_engine.system.names import normalised, printable, printable_line
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import Row

CONTROL_PREFIX = "/distill/control/"
LATENT_PREFIX = "/distill/latent/"
_FIRST_CONTROL_INDEX = vocabulary.index_of(f"{CONTROL_PREFIX}0")
_FIRST_LATENT_INDEX = vocabulary.index_of(f"{LATENT_PREFIX}0")
_READINGS = tuple(row for row in vocabulary.ROWS if row.kind == "reading")


@dataclass(frozen=True)
class AddressSpace:
    """The vocabulary's addresses as `model` has them: its controls by name, its latent dimensions.

    Immutable; another model gets another `AddressSpace`.
    """

    model: ModelInfo

    def addresses(self) -> list[str]:
        """Return every address that has a value."""
        static = [p.address for p in vocabulary.PARAMETERS if p.row.family is None]
        for kind in ("setting", "reading"):
            static += [row.address for row in vocabulary.ROWS if row.kind == kind]
        static += [f"{CONTROL_PREFIX}{name}" for name in self.model.controls]
        static += [f"{LATENT_PREFIX}{index}" for index in range(self.model.latents)]
        static += [
            p.address for p in vocabulary.PARAMETERS if p.row.family == "index" and p.row.prefix != LATENT_PREFIX
        ]
        return static

    def resolve(self, address: str) -> tuple[Row, int | None]:
        """Return the row of an address and its parameter index (None if it is not a parameter).

        Raises:
            ControlError: if the address, control or latent dimension does not exist; names those
                that do.
        """
        whole = f"/distill/{address.lstrip('/')}"
        if not address.startswith("/distill/") and whole.startswith((CONTROL_PREFIX, LATENT_PREFIX)):
            self.resolve(whole)  # if the whole address does not exist either, this says what does
        if address.startswith(LATENT_PREFIX) and self.model.name:
            self._check_latent(address)
        row, parameter_index, member = _locate(address)
        if row.family == "name":
            return row, self._control_index(member)
        return row, parameter_index

    def public_address(self, parameter_index: int) -> str | None:
        """Return a parameter's address (controls by name); None if the model does not have it."""
        parameter = vocabulary.PARAMETERS[parameter_index]
        if parameter.row.family == "name":
            index = parameter_index - _FIRST_CONTROL_INDEX
            return f"{CONTROL_PREFIX}{self.model.controls[index]}" if index < len(self.model.controls) else None
        if parameter.row.prefix == LATENT_PREFIX and parameter_index - _FIRST_LATENT_INDEX >= self.model.latents:
            return None
        return parameter.address

    def numbered(self, address: str) -> str:
        """Return a control's address with its number for its name; any other address unchanged."""
        name = normalised(address.removeprefix(CONTROL_PREFIX))
        if not address.startswith(CONTROL_PREFIX) or name not in self.model.controls:
            return address
        return f"{CONTROL_PREFIX}{self.model.controls.index(name)}"

    def _check_latent(self, address: str) -> None:
        """Refuse a latent dimension that the model does not have. Raises ControlError."""
        member = address.removeprefix(LATENT_PREFIX)
        if member.isascii() and member.isdecimal() and int(member[:6]) < self.model.latents:
            return
        last = f", 0 to {self.model.latents - 1}" if self.model.latents else ""
        raise ControlError(
            f"there is no {printable(address, 80)}: "
            f"the model {self.model.name} has {self.model.latents} latent dimensions{last}"
        )

    def _control_index(self, name: str) -> int:
        """Return the parameter index of a control, by its name or number. Raises ControlError."""
        name, controls = normalised(name), self.model.controls
        if name in controls:
            return _FIRST_CONTROL_INDEX + controls.index(name)
        if name.isascii() and name.isdecimal() and len(name) < 3 and int(name) < len(controls):
            return _FIRST_CONTROL_INDEX + int(name)
        if name in self.model.withheld:
            raise ControlError(f"{CONTROL_PREFIX}{name} is not offered: {printable_line(self.model.withheld[name])}")
        known = ", ".join(controls) or "none"
        raise ControlError(
            f"the model {self.model.name or '(none)'} has no control '{printable(name, 40)}'; it has: {known}"
        )


class Values:
    """Current values: `parameters` in the vocabulary's order, `settings` and `readings` by address.

    Not thread-safe: `SessionState` calls it with its lock held.
    """

    def __init__(self) -> None:
        self.parameters: list[float] = vocabulary.default_values()
        self.settings: dict[str, Value] = {
            row.address: _default(row) for row in vocabulary.ROWS if row.kind == "setting"
        }
        self.readings: dict[str, Value] = {row.address: _default(row) for row in _READINGS}
        self._rests_until: dict[str, float] = {}  # readings with an interval, by address

    def get(self, row: Row, parameter_index: int | None) -> Value:
        """Return the value of a parameter, setting or reading.

        Raises:
            ControlError: if the row is a group, command or query: it has no value.
        """
        if parameter_index is not None:
            return self.parameters[parameter_index]
        if row.kind == "setting":
            return self.settings[row.address]
        if row.kind == "reading":
            return self.readings[row.address]
        raise ControlError(f"{row.address} is a {row.kind}: it has no value")

    def update_readings(self, figures: Mapping[str, Value], now: float) -> list[str]:
        """Take the readings from figures by name; return the addresses that have changed.

        A reading changes by its row's `step` and after its `interval` at least; `now` is in
        seconds.
        """
        changed = []
        for row in _READINGS:
            figure = figures.get(row.figure)
            if figure is None or now < self._rests_until.get(row.address, now):
                continue
            value = _reading(row, figure)
            if _differs(value, self.readings[row.address], row.step):
                self.readings[row.address] = value
                self._rests_until[row.address] = now + row.interval
                changed.append(row.address)
        return changed

    def carry_over_controls(self, before: Sequence[str], now: Sequence[str], engine: EngineProtocol) -> None:
        """Move control values to another model's controls of the same names; set the others to 0.

        `before` and `now` are the control names of the two models, in their order.
        """
        old = {name: self.parameters[_FIRST_CONTROL_INDEX + index] for index, name in enumerate(before)}
        for index in range(vocabulary.CONTROL_COUNT):
            name = now[index] if index < len(now) else None
            value = old.get(name, 0.0) if name is not None else 0.0
            parameter_index = _FIRST_CONTROL_INDEX + index
            if self.parameters[parameter_index] != value:
                self.parameters[parameter_index] = value
                engine.set(parameter_index, value, 0.0)


def _reading(row: Row, figure: Value) -> Value:
    """Return a reading's value: a text, the name of a choice, a number with three decimals."""
    argument = row.value_argument
    if argument.choices:
        return argument.choices[min(max(int(figure), 0), len(argument.choices) - 1)]
    if argument.type == "toggle":
        return int(figure)
    return round(float(figure), 3) if argument.numeric else str(figure)


def _differs(value: Value, before: Value, step: float) -> bool:
    if isinstance(value, str) or isinstance(before, str):
        return value != before
    return value != before and abs(value - before) >= step


def _default(row: Row) -> Value:
    if row.value_argument.type in ("integer", "toggle"):
        return int(row.default or 0)
    return row.default if row.default is not None else ""


@lru_cache(maxsize=1024)
def _locate(address: str) -> tuple[Row, int | None, str]:
    """Return row, parameter index and family member of an address, independent of the model."""
    row = vocabulary.row(address)
    parameter_index = vocabulary.index_of(address) if vocabulary.is_parameter(address) else None
    return row, parameter_index, address.removeprefix(row.prefix)
