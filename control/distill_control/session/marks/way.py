"""A way among the marks: how their place was moved by hand, recorded and repeated."""

from bisect import bisect_right
from dataclasses import dataclass, field

LONGEST_WAY_SECONDS = 120.0
SHORTEST_WAY_SECONDS = 0.1

Place = tuple[float, float]


@dataclass
class Way:
    """Places on the plane and the seconds at which they were passed, from 0 on."""

    seconds: list[float] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    def add(self, seconds: float, place: Place) -> None:
        """Add the place that is passed now."""
        self.seconds.append(seconds)
        self.places.append(place)

    @property
    def length(self) -> float:
        """The duration in seconds."""
        return self.seconds[-1] if self.seconds else 0.0

    @property
    def moves(self) -> bool:
        """Whether it is long enough to be repeated, and leads anywhere."""
        return self.length >= SHORTEST_WAY_SECONDS and len(set(self.places)) > 1

    def at(self, seconds: float) -> Place:
        """Return the place at a time, on and on: it begins again after its length.

        >>> way = Way([0.0, 1.0, 2.0], [(0.0, 0.0), (1.0, 0.5), (1.0, 1.0)])
        >>> way.at(0.5), way.at(3.0)
        ((0.5, 0.25), (1.0, 0.5))
        """
        now = seconds % self.length
        after = min(max(bisect_right(self.seconds, now), 1), len(self.seconds) - 1)
        before = after - 1
        share = (now - self.seconds[before]) / max(self.seconds[after] - self.seconds[before], 1e-9)
        (x, y), (to_x, to_y) = self.places[before], self.places[after]
        return (x + share * (to_x - x), y + share * (to_y - y))
