"""What a row of the vocabulary is made of; the rows themselves stand in `vocabulary`."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["parameter", "group", "setting", "command", "query", "reading"]
ArgumentType = Literal["float", "integer", "toggle", "text", "name", "choice", "any"]
Access = Literal["read", "write", "both"]

CONTROL_COUNT = 32
LATENT_COUNT = 64
BLEND_SLOTS = 4
GLIDE_LIMIT_SECONDS = 60.0
SEED_LIMIT = 2**31 - 1


@dataclass(frozen=True)
class Argument:
    """One argument of a message: its type, and the range or the choices that bound it.

    `minimum` and `maximum` bound numbers (toggles are 0 or 1). `repeated` arguments (the last one only) may come any
    number of times. `optional` ones may be left out. A `name` is a text, or an integer that stands for its index;
    `any` is a number or a text. An `open` choice takes names beyond its `choices` too: of what was added on this machine.
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
        return self.type in ("float", "integer", "toggle")


@dataclass(frozen=True)
class Row:
    """One address of the vocabulary.

    `address` may hold `{index}` or `{name}`: a family of `count` members. `default` is the value of the first argument.
    `excluded_from_presets` marks what a preset neither stores nor recalls. `targets` are the parameters that a group
    writes. `wakes` is a parameter that jumps from 0 to its maximum when this one is first moved. `figure` is the figure of the
    engine's status that a reading shows.
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

    @property
    def family(self) -> Literal["index", "name"] | None:
        """What stands between the braces of the address, or None."""
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
        return self.arguments[0].minimum if self.arguments else None

    @property
    def maximum(self) -> float | None:
        return self.arguments[0].maximum if self.arguments else None

    @property
    def unit(self) -> str:
        return self.arguments[0].unit if self.arguments else ""


@dataclass(frozen=True)
class Parameter:
    """One parameter of the table: `address`, its bounds and its default."""

    index: int
    address: str
    row: Row
    minimum: float
    maximum: float
    default: float

    @property
    def ramped(self) -> bool:
        return self.row.ramped

    @property
    def unit(self) -> str:
        return self.row.unit

    @property
    def toggle(self) -> bool:
        return self.row.value_argument.type == "toggle"

    def clip(self, value: float) -> float:
        """`value` within the bounds; a toggle becomes 0 or 1."""
        if self.toggle:
            return 1.0 if value >= 0.5 else 0.0
        return min(max(value, self.minimum), self.maximum)


GLIDE = Argument("glide_seconds", "float", 0.0, GLIDE_LIMIT_SECONDS, unit="s", optional=True)
