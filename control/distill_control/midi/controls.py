"""A controller's controls by name: `cc 16`, `cc14 1`, `nrpn 257`, `bend`, `pressure`, `note 60`.

Channels are 1 to 16, as printed on controllers; 0 stands for any channel. `note *` is every note.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from distill_engine.errors import ControlError
from distill_engine.system.names import printable

ControlKind = Literal["cc", "cc14", "nrpn", "bend", "pressure", "note"]

ANY_CHANNEL = 0  # in place of a channel
ANY_NOTE = -1  # in place of a note number
CHANNELS = 16  # MIDI channels
LIMITS: dict[str, int] = {"cc": 119, "cc14": 31, "nrpn": 16383, "bend": 0, "pressure": 0, "note": 127}
"""Highest number of each kind of control. CC 120 to 127 are channel mode messages, not controls."""

RESERVED_CCS = frozenset({6, 38, 96, 97, 98, 99, 100, 101, *range(120, 128)})
"""CCs that MIDI learn ignores: data entry, RPN and NRPN selection, channel mode."""


@dataclass(frozen=True)
class Control:
    """One physical control: its kind, its number (0 if the kind has none), its channel (0: any)."""

    kind: ControlKind
    number: int = 0
    channel: int = ANY_CHANNEL

    def __str__(self) -> str:
        channel = f" ch {self.channel}" if self.channel else ""
        return self.name + channel

    @property
    def name(self) -> str:
        """The control without its channel, as map files spell it."""
        if self.kind in ("bend", "pressure"):
            return self.kind
        return f"{self.kind} {'*' if self.number == ANY_NOTE else self.number}"

    def on(self, channel: int) -> "Control":
        """Return the same control on another channel."""
        return replace(self, channel=channel)

    def covers(self, other: "Control") -> bool:
        """Return whether a binding to this control gets the movements of `other`.

        Any channel and any note match all of them; a `cc14` matches the CC of its coarse half.
        """
        if self.channel not in (ANY_CHANNEL, other.channel):
            return False
        if self.kind == "cc14" and other.kind == "cc":
            return self.number == other.number
        return self.kind == other.kind and self.number in (other.number, ANY_NOTE)


def parse_control(text: str, channel: int = ANY_CHANNEL) -> Control:
    """Return the control that `text` names.

    Raises:
        ControlError: if it is not a control's name.
    """
    kind, _, rest = text.strip().lower().partition(" ")
    if kind not in get_args(ControlKind):
        raise ControlError(
            f"`{printable(text, 40)}` is not a control: use {', '.join(get_args(ControlKind))} and a number"
        )
    rest = rest.strip()
    if kind in ("bend", "pressure"):
        if rest:
            raise ControlError(f"`{printable(text, 40)}`: {kind} takes no number")
        return Control(kind, 0, channel)  # type: ignore[arg-type]
    if kind == "note" and rest == "*":
        return Control("note", ANY_NOTE, channel)
    if not rest.isascii() or not rest.isdigit() or int(rest[:6]) > LIMITS[kind]:
        raise ControlError(f"`{printable(text, 40)}`: the number of a {kind} must be 0 to {LIMITS[kind]}")
    return Control(kind, int(rest[:6]), channel)  # type: ignore[arg-type]


def to_position(raw: int, steps: int) -> float:
    """Return the position 0..1 of a raw value 0..`steps` (127 or 16383).

    The middle value (64 or 8192) is exactly 0.5.
    """
    middle = (steps + 1) // 2
    raw = min(max(raw, 0), steps)
    if raw <= middle:
        return raw / (2 * middle)
    return 0.5 + 0.5 * (raw - middle) / (steps - middle)


def to_raw(position: float, steps: int) -> int:
    """Return the nearest raw value 0..`steps` of a position 0..1; the inverse of `to_position`."""
    middle = (steps + 1) // 2
    position = min(max(position, 0.0), 1.0)
    if position <= 0.5:
        return round(position * 2 * middle)
    return middle + round((position - 0.5) * 2 * (steps - middle))
