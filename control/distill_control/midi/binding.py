"""What steers what: bindings of controls to addresses of the vocabulary, and the map that holds a controller's."""

from dataclasses import dataclass, field
from typing import Literal

from distill_control.midi.controls import Control
from distill_control.midi.scaling import Curve, Scale
from distill_control.midi.takeover import TakeoverMode
from distill_engine.errors import ControlError
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import GLIDE_LIMIT_SECONDS, Row

Action = Literal["absolute", "relative", "gate", "toggle", "trigger"]
ACTIONS: tuple[Action, ...] = ("absolute", "relative", "gate", "toggle", "trigger")
Encoding = Literal["twos", "offset", "sign"]
ENCODINGS: tuple[Encoding, ...] = ("twos", "offset", "sign")
Word = str | float | int


@dataclass(frozen=True)
class Binding:
    """One control steers one address.

    `absolute` follows the control; `relative` takes an endless encoder's steps (in one of three encodings); `gate` is
    `high` while pressed and `low` after (a note's velocity sets how high, where `velocity` says so); `toggle` changes sides
    at every press; `trigger` sends the address once per press. `arguments` go with commands and settings, `release` is what
    a gate sends to them when let go. `low` and `high` default to the parameter's whole range.

    Raises:
        ControlError: if the address is unknown or cannot be steered this way.
    """

    control: Control
    target: str
    action: Action = "absolute"
    low: float | None = None
    high: float | None = None
    curve: Curve = "linear"
    invert: bool = False
    takeover: TakeoverMode | None = None
    glide_seconds: float | None = None
    velocity: bool = False
    encoding: Encoding = "twos"
    arguments: tuple[Word, ...] = ()
    release: tuple[Word, ...] = ()
    feedback: bool = True

    def __post_init__(self) -> None:
        row = self.row
        if row.kind not in ("parameter", "setting", "command"):
            raise ControlError(f"{self.target} cannot be steered by MIDI: it is no parameter, setting or command")
        if row.family == "index" or row.kind == "parameter":
            if self.arguments or self.release:
                raise ControlError(f"{self.target} is a parameter and takes no arguments from a map")
            self.scale()
        elif self.action in ("relative", "toggle"):
            raise ControlError(f"{self.target} is no parameter: its action is absolute, gate or trigger")
        elif self.action == "absolute" and self.swept is None:
            raise ControlError(f'{self.target} has no value to sweep: give it `action = "trigger"` or "gate"')
        if self.glide_seconds is not None and not 0.0 <= self.glide_seconds <= GLIDE_LIMIT_SECONDS:
            raise ControlError(f"a glide of {self.glide_seconds} s is outside 0 to {GLIDE_LIMIT_SECONDS:g}")

    @property
    def row(self) -> Row:
        """The vocabulary's row of the target."""
        return vocabulary.row(self.target)

    @property
    def is_parameter(self) -> bool:
        return self.row.kind == "parameter"

    @property
    def swept(self) -> vocabulary.Argument | None:
        """The argument of a command or setting that an absolute control sweeps: the first one not given, if it can be."""
        if len(self.arguments) >= len(self.row.arguments):
            return None
        argument = self.row.arguments[len(self.arguments)]
        bounded = argument.minimum is not None and argument.maximum is not None
        return argument if argument.choices or (argument.numeric and bounded) else None

    def scale(self) -> Scale:
        """The scale between the control and the target's value."""
        argument = self.row.value_argument if self.is_parameter else self.swept
        low = argument.minimum if argument else 0.0
        high = argument.maximum if argument else 1.0
        return Scale(
            self.low if self.low is not None else float(low or 0.0),
            self.high if self.high is not None else float(1.0 if high is None else high),
            self.curve,
            self.invert,
        )


def learned_binding(control: Control, target: str) -> Binding:
    """The binding that learning makes: a control sweeps a parameter, a note or a button gates or triggers.

    Raises:
        ControlError: if the target cannot be learned.
    """
    row = vocabulary.row(target)
    if row.kind == "command" and row.arguments and not row.arguments[0].optional:
        raise ControlError(f"{target} needs arguments: bind it in a map file, with `arguments = [...]`")
    if row.kind == "command":
        return Binding(control, target, "trigger")
    if row.kind == "parameter" and (control.kind == "note" or row.value_argument.type == "toggle"):
        momentary = control.kind == "note" and row.address.endswith("/gate")
        return Binding(control, target, "gate" if momentary else "toggle")
    return Binding(control, target)


@dataclass(frozen=True)
class MidiMap:
    """All of one controller: which ports are meant, which channel, and the bindings.

    `port` is a part of the port's name (empty: any port). `channel` 0 listens to all. `transport` lets a sequencer's
    start and stop play and stop the instrument, `clock` its tempo set the sources', `programs` its program changes recall
    presets, gliding for `preset_glide_seconds`.
    """

    name: str = "default"
    port: str = ""
    output: str = ""
    channel: int = 0
    takeover: TakeoverMode = "pickup"
    glide_seconds: float = 0.02
    clock: bool = True
    transport: bool = True
    programs: bool = True
    preset_glide_seconds: float = 0.0
    feedback: bool = True
    bindings: tuple[Binding, ...] = field(default=())

    def find(self, control: Control) -> tuple[int, ...]:
        """Indices of the bindings that take what `control` sends."""
        return tuple(index for index, binding in enumerate(self.bindings) if binding.control.covers(control))

    def claims(self, channel: int, number: int) -> bool:
        """Whether a CC is bound by itself (then it is no half of a pair)."""
        return any(
            binding.control.kind == "cc"
            and binding.control.number == number
            and binding.control.channel in (0, channel)
            for binding in self.bindings
        )

    def pairs(self, channel: int, number: int) -> bool:
        """Whether a CC is bound as the coarse half of a pair."""
        return any(
            binding.control.kind == "cc14"
            and binding.control.number == number
            and binding.control.channel in (0, channel)
            for binding in self.bindings
        )
