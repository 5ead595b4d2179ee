"""Bindings of controls to addresses, and the map that holds those of one controller."""

import math
from dataclasses import dataclass, field
from typing import Literal

from distill_control.midi.controls import Control
from distill_control.midi.maps.takeover import TakeoverMode
from distill_engine.errors import ControlError
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import GLIDE_LIMIT_SECONDS, Row

Action = Literal["absolute", "relative", "gate", "toggle", "trigger"]
ACTIONS: tuple[Action, ...] = ("absolute", "relative", "gate", "toggle", "trigger")
Encoding = Literal["twos", "offset", "sign"]
ENCODINGS: tuple[Encoding, ...] = ("twos", "offset", "sign")
Curve = Literal["linear", "exponential", "logarithmic", "s"]
CURVES: tuple[Curve, ...] = ("linear", "exponential", "logarithmic", "s")
Word = str | float | int

_STEEPNESS = 4.0  # exponent of the curves: the slope at one end is e^4 = 55 times that at the other


@dataclass(frozen=True)
class Scale:
    """Convert a control's position 0..1 to a value `low`..`high`, and back.

    `exponential` has its finest resolution at the low end, `logarithmic` at the high end, `s` at
    both ends. `invert` reverses the control's direction.

    Raises:
        ControlError: if the range is empty or not finite.
    """

    low: float = 0.0
    high: float = 1.0
    curve: Curve = "linear"
    invert: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high)) or self.low == self.high:
            raise ControlError(f"range [{self.low}, {self.high}] is empty or not finite: give two different numbers")

    def value(self, position: float) -> float:
        """Return the value at a position 0..1.

        >>> [round(Scale(-60.0, 6.0, curve).value(0.5), 1) for curve in CURVES]
        [-27.0, -52.1, -1.9, -27.0]
        """
        position = min(max(position, 0.0), 1.0)
        shaped = _shape(self.curve, 1.0 - position if self.invert else position)
        if shaped == 1.0:
            return self.high
        return self.low + (self.high - self.low) * shaped

    def position(self, value: float) -> float:
        """Return the position 0..1 of a value; for a value out of range that of the nearest end."""
        share = (value - self.low) / (self.high - self.low)
        share = _unshape(self.curve, min(max(share, 0.0), 1.0))
        return 1.0 - share if self.invert else share


def _shape(curve: Curve, x: float) -> float:
    if curve == "exponential":
        return math.expm1(_STEEPNESS * x) / math.expm1(_STEEPNESS)
    if curve == "logarithmic":
        return 1.0 - math.expm1(_STEEPNESS * (1.0 - x)) / math.expm1(_STEEPNESS)
    if curve == "s":
        return 0.5 - 0.5 * math.cos(math.pi * x)
    return x


def _unshape(curve: Curve, y: float) -> float:
    if curve == "exponential":
        return math.log1p(y * math.expm1(_STEEPNESS)) / _STEEPNESS
    if curve == "logarithmic":
        return 1.0 - math.log1p((1.0 - y) * math.expm1(_STEEPNESS)) / _STEEPNESS
    if curve == "s":
        return math.acos(1.0 - 2.0 * y) / math.pi
    return y


@dataclass(frozen=True)
class Binding:
    """One control sets one address.

    The actions:

    * `absolute`: the value follows the control's position.
    * `relative`: an endless encoder adds its steps, in one of three encodings.
    * `gate`: `high` while pressed, `low` after; with `velocity`, a note's velocity is the position
      instead.
    * `toggle`: each press changes between `low` and `high`.
    * `trigger`: each press sends the address once.

    `arguments` are sent with commands and settings, `release` is sent to them at the end of a gate.
    `low` and `high` default to the parameter's range. `takeover` and `glide_seconds` default to the
    map's.

    Raises:
        ControlError: if the address does not exist or the action does not apply to it.
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
            raise ControlError(
                f"{self.target} is a {row.kind}: MIDI can set parameters and settings, and send commands"
            )
        if row.family == "index" or row.kind == "parameter":
            if self.arguments or self.release:
                raise ControlError(f"{self.target} is a parameter and takes no arguments from a map")
            self.scale()
        elif self.action in ("relative", "toggle"):
            raise ControlError(f"{self.target} is a {row.kind}: its action is absolute, gate or trigger")
        elif self.action == "absolute" and self.swept is None:
            raise ControlError(f'{self.target} has no value to sweep: give it `action = "trigger"` or "gate"')
        if self.glide_seconds is not None and not 0.0 <= self.glide_seconds <= GLIDE_LIMIT_SECONDS:
            raise ControlError(f"a glide of {self.glide_seconds} s is outside 0 to {GLIDE_LIMIT_SECONDS:g} s")

    @property
    def row(self) -> Row:
        """The vocabulary's row of the target."""
        return vocabulary.row(self.target)

    @property
    def is_parameter(self) -> bool:
        """Whether the target is a parameter."""
        return self.row.kind == "parameter"

    @property
    def swept(self) -> vocabulary.Argument | None:
        """The argument of a command or setting that an absolute control sweeps.

        It is the first one that `arguments` leaves open; None if it has neither choices nor a
        range.
        """
        if len(self.arguments) >= len(self.row.arguments):
            return None
        argument = self.row.arguments[len(self.arguments)]
        bounded = argument.minimum is not None and argument.maximum is not None
        return argument if argument.choices or (argument.numeric and bounded) else None

    def scale(self) -> Scale:
        """Return the scale between the control's position and the target's value."""
        argument = self.row.value_argument if self.is_parameter else self.swept
        low = argument.minimum if argument else 0.0
        high = argument.maximum if argument else 1.0
        return Scale(
            self.low if self.low is not None else float(low or 0.0),
            self.high if self.high is not None else float(1.0 if high is None else high),
            self.curve,
            self.invert,
        )


def encoder_steps(raw: int, encoding: Encoding) -> int:
    """Return the signed steps in an encoder's raw value 0..127.

    Encodings: `twos` (two's complement, 127 is -1), `offset` (63 is -1), `sign` (sign bit, 65 is
    -1).
    """
    if encoding == "offset":
        return raw - 64
    if encoding == "sign":
        return 64 - raw if raw > 64 else raw
    return raw - 128 if raw >= 64 else raw


def learned_binding(control: Control, target: str) -> Binding:
    """Return the binding that MIDI learn makes of a control and an address.

    A command is triggered. A note gates the source's gate and toggles any other parameter. A
    parameter with two states is toggled by any control. All other bindings are absolute.

    Raises:
        ControlError: if the address cannot be learned.
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
    """The map of one controller: its port, its channel, and the bindings.

    `port` is a part of the input port's name (empty: any port), `output` one of the output port's.
    Channel 0 is every channel. With `transport`, MIDI start and stop play and stop the instrument.
    With `clock`, the tempo of MIDI clock sets the source's tempo. With `programs`, program changes
    recall presets, over `preset_glide_seconds`. With `notes`, keys that no binding names play
    notes, the pitch wheel bends them and the sustain pedal holds them. With `mpe`, channels 2 to 16
    belong to one note each, also if the controller does not say so.
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
    notes: bool = True
    mpe: bool = False
    feedback: bool = True
    bindings: tuple[Binding, ...] = field(default=())

    def find(self, control: Control) -> tuple[int, ...]:
        """Return the indices of the bindings to `control`."""
        return tuple(index for index, binding in enumerate(self.bindings) if binding.control.covers(control))

    def claims(self, channel: int, number: int) -> bool:
        """Return whether a CC is bound itself, so that it is not half of a 14-bit CC."""
        return self._binds("cc", channel, number)

    def pairs(self, channel: int, number: int) -> bool:
        """Return whether a CC is bound as the coarse half of a 14-bit CC."""
        return self._binds("cc14", channel, number)

    def _binds(self, kind: str, channel: int, number: int) -> bool:
        return any(
            binding.control.kind == kind
            and binding.control.number == number
            and binding.control.channel in (0, channel)
            for binding in self.bindings
        )
