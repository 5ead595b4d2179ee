"""Present values: one number per parameter, one value per setting, and the names under which they are known."""

from collections.abc import Mapping
from functools import lru_cache

from distill_control.arguments import Value
from distill_control.session.engine_protocol import Link, ModelInfo
from distill_engine.errors import ControlError
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import Row

CONTROL_PREFIX = "/distill/control/"
LATENT_PREFIX = "/distill/latent/"
_FIRST_CONTROL = vocabulary.index_of(f"{CONTROL_PREFIX}0")
_FIRST_LATENT = vocabulary.index_of(f"{LATENT_PREFIX}0")
_READINGS = tuple(row for row in vocabulary.ROWS if row.kind == "reading")


class Values:
    """Present values: `parameters` in the vocabulary's order, `settings` and `readings` by address."""

    def __init__(self) -> None:
        self.parameters: list[float] = vocabulary.default_values()
        self.settings: dict[str, Value] = {
            row.address: _default(row) for row in vocabulary.ROWS if row.kind == "setting"
        }
        self.readings: dict[str, Value] = {row.address: _default(row) for row in _READINGS}

    def addresses(self, model: ModelInfo) -> list[str]:
        """Every address with a value, controls by the model's names."""
        static = [p.address for p in vocabulary.PARAMETERS if p.row.family is None]
        static += [*self.settings, *self.readings]
        static += [f"{CONTROL_PREFIX}{name}" for name in model.controls]
        static += [f"{LATENT_PREFIX}{index}" for index in range(model.latents)]
        return static + [f"/distill/blend/{index}" for index in range(vocabulary.BLEND_SLOTS)]

    def resolve(self, address: str, model: ModelInfo) -> tuple[Row, int | None]:
        """Row and parameter index of an address (see `Session.resolve`)."""
        row, parameter_index, member = _locate(address)
        if parameter_index is not None and not address.startswith((CONTROL_PREFIX, LATENT_PREFIX)):
            return row, parameter_index
        if row.family == "name":
            return row, self._control_index(member, model)
        if address.startswith(LATENT_PREFIX) and model.name and int(member) >= model.latents:
            raise ControlError(f"{address}: the model {model.name} has {model.latents} latent dimensions, from 0")
        return row, parameter_index

    def _control_index(self, name: str, model: ModelInfo) -> int:
        if name in model.controls:
            return _FIRST_CONTROL + model.controls.index(name)
        if name.isascii() and name.isdecimal() and len(name) < 3 and int(name) < len(model.controls):
            return _FIRST_CONTROL + int(name)
        known = ", ".join(model.controls) or "none"
        raise ControlError(f"the model {model.name or '(none)'} has no control {name[:40]!r}; it has: {known}")

    def public_address(self, parameter_index: int, model: ModelInfo) -> str | None:
        """Address of a parameter as the model names it."""
        parameter = vocabulary.PARAMETERS[parameter_index]
        if parameter.row.family == "name":
            index = parameter_index - _FIRST_CONTROL
            return f"{CONTROL_PREFIX}{model.controls[index]}" if index < len(model.controls) else None
        if parameter.row.prefix == LATENT_PREFIX and parameter_index - _FIRST_LATENT >= model.latents:
            return None
        return parameter.address

    def numbered(self, address: str, model: ModelInfo) -> str:
        """Address of a control by its number; any other address, and that of a control which is gone, as it is."""
        name = address.removeprefix(CONTROL_PREFIX)
        if name == address or name not in model.controls:
            return address
        return f"{CONTROL_PREFIX}{model.controls.index(name)}"

    def get(self, row: Row, parameter_index: int | None) -> Value:
        """Value of a parameter or setting."""
        if parameter_index is not None:
            return self.parameters[parameter_index]
        if row.kind == "setting":
            return self.settings[row.address]
        if row.kind == "reading":
            return self.readings[row.address]
        raise ControlError(f"{row.address} is a {row.kind}: it has no value")

    def read(self, figures: Mapping[str, Value]) -> list[str]:
        """Takes the readings among the engine's figures; the addresses of those that have changed."""
        changed = []
        for row in _READINGS:
            figure = figures.get(row.figure)
            if isinstance(figure, int | float) and self.readings[row.address] != (value := _shown(row, figure)):
                self.readings[row.address] = value
                changed.append(row.address)
        return changed

    def rename_controls(self, before: ModelInfo, now: ModelInfo, link: Link) -> None:
        """Carries control values over to another model by name; new controls start at 0. Before the first model, all stay."""
        if not before.name:
            return
        old = {name: self.parameters[_FIRST_CONTROL + index] for index, name in enumerate(before.controls)}
        for index in range(vocabulary.CONTROL_COUNT):
            name = now.controls[index] if index < len(now.controls) else None
            value = old.get(name, 0.0) if name is not None else 0.0
            if self.parameters[_FIRST_CONTROL + index] != value:
                self.parameters[_FIRST_CONTROL + index] = value
                link.set(_FIRST_CONTROL + index, value, 0.0)


def _shown(row: Row, figure: float) -> Value:
    """A figure as its reading tells it: a choice by its name, a number to the thousandth."""
    choices = row.value_argument.choices
    return choices[min(max(int(figure), 0), len(choices) - 1)] if choices else round(float(figure), 3)


def _default(row: Row) -> Value:
    if row.value_argument.type == "integer":
        return int(row.default or 0)
    return row.default if row.default is not None else ""


@lru_cache(maxsize=1024)
def _locate(address: str) -> tuple[Row, int | None, str]:
    """Row, parameter index and family member of an address; what does not depend on the model."""
    row = vocabulary.row(address)
    parameter_index = vocabulary.index_of(address) if vocabulary.is_parameter(address) else None
    return row, parameter_index, address.removeprefix(row.prefix)
