"""The types that the vocabulary's table is made of; the rows themselves stand in `table`."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["parameter", "group", "setting", "command", "query", "reading"]
ArgumentType = Literal["float", "integer", "toggle", "text", "name", "choice", "any"]
Access = Literal["read", "write", "both"]

CONTROL_COUNT = 32
LATENT_COUNT = 64
BLEND_SLOTS = 4  # models that play together at most
MOST_VOICES = 8  # notes that play together at most
MOST_MARKS = 50  # that a player places by hand
CODE_LEVELS = 4  # of codes, at most
MOST_CODE_COLUMNS = (1 << 20) - 1  # number of the last column that a sequence of codes may have
GLIDE_LIMIT_SECONDS = 60.0
SEED_LIMIT = 2**31 - 1


@dataclass(frozen=True)
class Argument:
    """One argument of a message: its type, and the range or the choices that bound it.

    Attributes:
        name: what it is called in help texts and in OSCQuery.
        type: a `name` is a text or the index of one; `any` is a number or a text.
        minimum, maximum: bounds of a number (a toggle is 0 or 1).
        choices: the texts that a choice takes.
        unit: the unit of a number.
        optional: may be left out.
        repeated: may come any number of times (the last argument only).
        open: takes names beyond `choices`, those of things added on this machine.
    """

    name: str
    type: ArgumentType
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    optional: bool = False
    repeated: bool = False
    open: bool = False

    @property
    def numeric(self) -> bool:
        """Whether the argument is a number."""
        return self.type in ("float", "integer", "toggle")


@dataclass(frozen=True)
class Row:
    """One address of the vocabulary.

    Attributes:
        address: may end with `{index}` or `{name}`; the row is then a family of `count` members.
        kind: where the value lives (see `table`).
        description: one sentence for people.
        arguments: what a message to this address carries.
        default: the value of the first argument at the start.
        access: whether it can be read, written or both.
        ramped: glides instead of jumping.
        excluded_from_presets: presets neither store nor recall it.
        count: the number of members of a family.
        targets: the parameters that a group writes.
        wakes: a parameter that jumps from 0 to its maximum when this one is first moved.
        figure: the figure of the engine's status that a reading shows.
        on_request: a reading that `/distill/subscribe` leaves out; clients query it or subscribe to
            it alone.
        interval: seconds between two changes of a reading that are sent, at least.
        step: change of a reading that is sent, at least, in its unit.
    """

    address: str
    kind: Kind
    description: str
    arguments: tuple[Argument, ...] = ()
    default: float | str | None = None
    access: Access = "both"
    ramped: bool = False
    excluded_from_presets: bool = False
    count: int = 1
    targets: tuple[str, ...] = ()
    wakes: str | None = None
    figure: str = ""
    on_request: bool = False
    interval: float = 0.0
    step: float = 0.0

    @property
    def family(self) -> Literal["index", "name"] | None:
        """The word between the braces of the address, None for a single address."""
        if self.address.endswith("{index}"):
            return "index"
        return "name" if self.address.endswith("{name}") else None

    @property
    def prefix(self) -> str:
        """The address up to the braces (the whole address of a single one)."""
        return self.address.split("{")[0]

    @property
    def value_argument(self) -> Argument:
        """The argument that holds the value of a parameter or setting."""
        return self.arguments[0]

    @property
    def minimum(self) -> float | None:
        """The lower bound of the first argument, None where it has none."""
        return self.arguments[0].minimum if self.arguments else None

    @property
    def maximum(self) -> float | None:
        """The upper bound of the first argument, None where it has none."""
        return self.arguments[0].maximum if self.arguments else None

    @property
    def unit(self) -> str:
        """The unit of the first argument, "" where it has none."""
        return self.arguments[0].unit if self.arguments else ""


@dataclass(frozen=True)
class Parameter:
    """One parameter: its number in shared memory, its address, bounds and default."""

    index: int
    address: str
    row: Row
    minimum: float
    maximum: float
    default: float

    @property
    def ramped(self) -> bool:
        """Whether it glides instead of jumping."""
        return self.row.ramped

    @property
    def unit(self) -> str:
        """The unit of its value, "" where it has none."""
        return self.row.unit

    @property
    def toggle(self) -> bool:
        """Whether it is a switch, 0 or 1."""
        return self.row.value_argument.type == "toggle"

    def clip(self, value: float) -> float:
        """Return `value` within the bounds; a toggle becomes 0 or 1."""
        if self.toggle:
            return 1.0 if value >= 0.5 else 0.0
        return min(max(value, self.minimum), self.maximum)


GLIDE = Argument("glide_seconds", "float", 0.0, GLIDE_LIMIT_SECONDS, unit="s", optional=True)
