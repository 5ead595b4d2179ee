"""Notes: keys that are pressed, and the level and transposition that follow from them.

One note sounds at a time. The last key that was pressed counts; when it is let go, the one before
it sounds again. A key pressed while another is held changes the pitch only (legato).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.errors import ControlError

RECORDED_KEY = 60.0  # plays a place without a pitch as it was recorded
MOST_SEMITONES = 24.0  # of transposition, up or down
HIGHEST = 127  # key and velocity
MOST_HELD = 32  # keys that are remembered; an older one is forgotten
SILENT = 1e-4  # level (-80 dB) at which a released note has ended
RELEASED = 1e-3  # level (-60 dB) that a note has reached after its release time


@dataclass(frozen=True)
class NotesState:
    """The state of `Notes`.

    `keys` and `velocities` [n] are held, oldest first; `key` sounds or sounded last. `level` is
    linear.
    """

    keys: npt.NDArray[np.float64]
    velocities: npt.NDArray[np.float64]
    played: bool
    key: float
    velocity: float
    level: float


def from_place(key: float | None, place: float) -> float:
    """Return the semitones from the pitch of the place that plays to a key.

    Both are MIDI note numbers; 0 is a place without a pitch. Without a key it is 0.
    """
    return 0.0 if key is None else key - (place or RECORDED_KEY)


def transposition(semitones: float) -> float:
    """Return the frequency ratio of semitones, limited to MOST_SEMITONES up or down."""
    return float(2.0 ** (min(max(semitones, -MOST_SEMITONES), MOST_SEMITONES) / 12.0))


class Notes:
    """The keys that are held. Before the first one and after `free` the instrument plays alone.

    `level` is the linear gain at the end of the hop, 1 while it plays by itself.
    """

    def __init__(self, frame_rate: float) -> None:
        self._frame_rate = frame_rate
        self.free()

    def free(self) -> None:
        """Forget all keys: the instrument plays by itself."""
        self._held: dict[float, float] = {}
        self._played, self._key, self._velocity, self.level = False, RECORDED_KEY, 0.0, 1.0

    @property
    def key(self) -> float | None:
        """The key that sounds or sounded last; None while the instrument plays by itself."""
        return self._key if self._played else None

    @staticmethod
    def check(key: float, velocity: float) -> None:
        """Raise ControlError for a key or velocity outside 0 to 127."""
        if not (0 <= key <= HIGHEST and 0 <= velocity <= HIGHEST):
            raise ControlError(f"note {key:g} {velocity:g}: key and velocity are 0 to {HIGHEST}")

    def change(self, key: float, velocity: float) -> bool:
        """Press a key, or let it go with velocity 0; return whether a sound begins."""
        self.check(key, velocity)
        begins = not self._held and velocity > 0
        self._held.pop(key, None)
        if velocity > 0:
            if len(self._held) >= MOST_HELD:
                self._held.pop(next(iter(self._held)))
            self._held[key] = velocity
            self._played = True
        if self._held:
            self._key, self._velocity = next(reversed(self._held.items()))
        return begins

    def advance(self, release_seconds: float, *, hold: bool) -> None:
        """Move the level by one hop. With `hold` a note sounds on after its key was let go."""
        if not self._played:
            return
        if self._held or (hold and self.level > 0):
            self.level = (self._velocity / HIGHEST) ** 2  # DLS level 2: 40 dB a decade of velocity
            return
        self.level *= RELEASED ** (1.0 / max(1.0, release_seconds * self._frame_rate))
        if self.level < SILENT:
            self.level = 0.0

    def state(self) -> NotesState:
        """Return the state."""
        keys, velocities = np.array(list(self._held)), np.array(list(self._held.values()))
        return NotesState(keys, velocities, self._played, self._key, self._velocity, self.level)

    def restore(self, state: NotesState) -> None:
        """Continue from a `state`. Raises ControlError for keys that no keyboard has."""
        pairs = [*zip(state.keys.tolist(), state.velocities.tolist(), strict=True), (state.key, state.velocity)]
        for key, velocity in pairs:
            self.check(key, velocity)
        self._held = dict(pairs[:-1])
        self._played, self._key, self._velocity = state.played, state.key, state.velocity
        self.level = min(max(state.level, 0.0), 1.0)
