"""MPE: controllers that give every note a channel, with its own bend, pressure and slide.

Source: MIDI Polyphonic Expression, version 1.0 (MMA, 2018): zones, RPN 6, the default bend range.
"""

from dataclasses import dataclass, field

LOWER_MASTER, UPPER_MASTER = 1, 16  # channels that speak for a whole zone
MOST_MEMBERS = 15  # channels of a zone
MEMBER_BEND, MASTER_BEND = 48.0, 2.0  # semitones of the wheel, up or down, until RPN 0 says otherwise
CONFIGURATION, BEND_RANGE = 6, 0  # numbers of the RPNs that MPE uses


class PerNote:
    """A message about single notes: pressure on a key, or how a controller tells notes apart."""


@dataclass(frozen=True)
class KeyPressure(PerNote):
    """The pressure on one key (polyphonic aftertouch), 0 to 1."""

    key: int
    position: float
    channel: int


@dataclass(frozen=True)
class Registered(PerNote):
    """A registered parameter (RPN) was set on a channel: `value` is its coarse half, 0 to 127."""

    number: int
    value: int
    channel: int


@dataclass
class Zones:
    """The zones of a controller: the members of each master channel, and their bend ranges.

    Without zones the controller is an ordinary keyboard.
    """

    members: dict[int, int] = field(default_factory=dict)
    _ranges: dict[int, float] = field(default_factory=dict)

    def configure(self, message: Registered) -> None:
        """Take a zone's size (RPN 6 on a master channel; 0 removes it) or a bend range (RPN 0)."""
        if message.number == CONFIGURATION and message.channel in (LOWER_MASTER, UPPER_MASTER):
            self.set(message.channel, message.value)
        elif message.number == BEND_RANGE and self.is_member(message.channel):
            self._ranges[self._master(message.channel)] = float(message.value)

    def set(self, master: int, count: int) -> None:
        """Give a master channel so many members; the other zone keeps what is left."""
        count = min(count, MOST_MEMBERS)
        self.members[master] = count
        other = UPPER_MASTER if master == LOWER_MASTER else LOWER_MASTER
        left = max(0, MOST_MEMBERS - 1 - count)
        self.members[other] = min(self.members.get(other, 0), left)
        self._ranges.pop(master, None)

    def is_member(self, channel: int) -> bool:
        """Return whether a channel belongs to a single note."""
        return bool(self._master(channel))

    def _master(self, channel: int) -> int:
        """Return the master of a member channel, 0 if it is none."""
        if LOWER_MASTER < channel <= LOWER_MASTER + self.members.get(LOWER_MASTER, 0):
            return LOWER_MASTER
        if UPPER_MASTER > channel >= UPPER_MASTER - self.members.get(UPPER_MASTER, 0):
            return UPPER_MASTER
        return 0

    def bend_range(self, channel: int) -> float:
        """Return the semitones of a member channel's wheel, up or down."""
        return self._ranges.get(self._master(channel), MEMBER_BEND)
