"""Present values: one number per slot, one value per setting, and the names under which they are known."""

from functools import lru_cache

from distill_control.commands import Value
from distill_control.session.link import Link, ModelInfo
from distill_engine.errors import ControlError
from distill_engine.streaming import vocabulary
from distill_engine.streaming.vocabulary import Row

CONTROL_PREFIX = "/distill/control/"
LATENT_PREFIX = "/distill/latent/"
_FIRST_CONTROL = vocabulary.slot(f"{CONTROL_PREFIX}0")
_FIRST_LATENT = vocabulary.slot(f"{LATENT_PREFIX}0")


class Values:
    """`slots` holds the values of all parameters in slot order, `settings` those of the settings by address."""

    def __init__(self) -> None:
        self.slots: list[float] = vocabulary.default_values()
        self.settings: dict[str, Value] = {
            row.address: _default(row) for row in vocabulary.ROWS if row.kind == "setting"
        }

    def resolve(self, address: str, model: ModelInfo) -> tuple[Row, int | None]:
        """Row and slot of an address (see `Session.resolve`)."""
        row, slot, member = _locate(address)
        if slot is not None and not address.startswith((CONTROL_PREFIX, LATENT_PREFIX)):
            return row, slot
        if row.family == "name":
            return row, self._control_slot(member, model)
        if address.startswith(LATENT_PREFIX) and model.name and int(member) >= model.latents:
            raise ControlError(f"{address}: the model {model.name} has {model.latents} latent dimensions, from 0")
        return row, slot

    def _control_slot(self, name: str, model: ModelInfo) -> int:
        if name in model.controls:
            return _FIRST_CONTROL + model.controls.index(name)
        if name.isascii() and name.isdecimal() and len(name) < 3 and int(name) < len(model.controls):
            return _FIRST_CONTROL + int(name)
        known = ", ".join(model.controls) or "none"
        raise ControlError(f"the model {model.name or '(none)'} has no control {name[:40]!r}; it has: {known}")

    def public_address(self, slot: int, model: ModelInfo) -> str | None:
        """Address of a slot as the model names it."""
        parameter = vocabulary.PARAMETERS[slot]
        if parameter.row.family == "name":
            index = slot - _FIRST_CONTROL
            return f"{CONTROL_PREFIX}{model.controls[index]}" if index < len(model.controls) else None
        if parameter.row.prefix == LATENT_PREFIX and slot - _FIRST_LATENT >= model.latents:
            return None
        return parameter.address

    def get(self, row: Row, slot: int | None) -> Value:
        """Value of a parameter or setting."""
        if slot is not None:
            return self.slots[slot]
        if row.kind == "setting":
            return self.settings[row.address]
        raise ControlError(f"{row.address} is a {row.kind}: it has no value")

    def rename_controls(self, before: ModelInfo, now: ModelInfo, link: Link) -> None:
        """Carries control values over to another model by name; new controls start at 0."""
        old = {name: self.slots[_FIRST_CONTROL + index] for index, name in enumerate(before.controls)}
        for index in range(vocabulary.CONTROL_SLOTS):
            name = now.controls[index] if index < len(now.controls) else None
            value = old.get(name, 0.0) if name is not None else 0.0
            if self.slots[_FIRST_CONTROL + index] != value:
                self.slots[_FIRST_CONTROL + index] = value
                link.set(_FIRST_CONTROL + index, value, 0.0)


def _default(row: Row) -> Value:
    if row.value_argument.type == "integer":
        return int(row.default or 0)
    return row.default if row.default is not None else ""


@lru_cache(maxsize=1024)
def _locate(address: str) -> tuple[Row, int | None, str]:
    """Row, slot by number and family member of an address; what does not depend on the model."""
    row = vocabulary.row(address)
    slot = vocabulary.slot(address) if vocabulary.is_parameter(address) else None
    return row, slot, address.removeprefix(row.prefix)
