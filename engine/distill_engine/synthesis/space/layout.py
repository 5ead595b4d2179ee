"""The channels of the output, and what is heard on them."""

from __future__ import annotations

from dataclasses import dataclass, field

from distill_engine.errors import ConfigError
from distill_engine.vocabulary.table import BLEND_SLOTS, MOST_VOICES

NOTES = BLEND_SLOTS  # index of the first note; the slots come before
ROOM = NOTES + MOST_VOICES  # index of the room's first direction
OBJECTS = ROOM + 4  # everything that has a place
MOST_OUTPUTS = 8  # channels: a pair for each slot
AMBISONIC_CHANNELS = 4  # of first order: W, Y, Z, X
PAIRS = ("slots", "layers")


@dataclass(frozen=True)
class Layout:
    """`channels` outputs in pairs: the first pair alone, a pair for each of the `slots`, or layers.

    With "layers" the first pair has the sound at its places, the second what width and room add.
    Slots beyond the last pair share it. Notes sound where slot 0 does.
    """

    channels: int = 2
    pairs: str = "slots"

    def __post_init__(self) -> None:
        if self.channels not in range(2, MOST_OUTPUTS + 1, 2):
            raise ConfigError(f"{self.channels} outputs are not possible: give 2, 4, 6 or {MOST_OUTPUTS}")
        if self.pairs not in PAIRS:
            raise ConfigError(f"pairs of {self.pairs!r} are not possible: give {' or '.join(PAIRS)}")

    @property
    def count(self) -> int:
        """The number of pairs."""
        return self.channels // 2

    @property
    def full_sphere(self) -> bool:
        """Whether there are channels enough for Ambisonics."""
        return self.channels >= AMBISONIC_CHANNELS

    def pair_of(self, number: int) -> int:
        """Return the pair on which an object (slot, note, direction of the room) is heard."""
        if self.pairs == "layers":
            return int(number >= ROOM and self.count > 1)
        return min(number, self.count - 1) if number < NOTES else 0

    def side_of(self, pair: int) -> int:
        """Return the pair on which the width of `pair` is heard."""
        return min(1, self.count - 1) if self.pairs == "layers" else pair


@dataclass(frozen=True)
class Hearing:
    """How a performance is heard: the kind of space, None for its own, and the outputs."""

    space: str | None = None
    layout: Layout = field(default_factory=Layout)
