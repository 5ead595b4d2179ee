"""What a training says while it runs: typed events, drawn by the command line and the web, never printed here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Started:
    """`what` "model", "vocoder (vocos)", ...; `clips` and `seconds` used; `notes` plain sentences about choices made."""

    what: str
    clips: int
    seconds: float
    steps_per_epoch: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """`fraction` 0 to 1 of the budget; `eta_seconds` to its end; `losses` means over the last steps."""

    stage: str
    epoch: int
    step: int
    fraction: float
    steps_per_second: float
    eta_seconds: float
    losses: Mapping[str, float]


@dataclass(frozen=True)
class Validated:
    """Held-out figures (nats for mel L1); `best` where this is the best so far; `verdict` in plain words."""

    epoch: int
    step: int
    figures: Mapping[str, float]
    best: bool
    verdict: str


@dataclass(frozen=True)
class Preview:
    """A held-out clip as it sounds now, written to `path`."""

    epoch: int
    path: Path


@dataclass(frozen=True)
class Saved:
    """A checkpoint was written into the model file."""

    path: Path
    epoch: int
    final: bool = False


@dataclass(frozen=True)
class Warned:
    """Something the user should know, in plain words."""

    message: str


@dataclass(frozen=True)
class Finished:
    """`completed` False where the user stopped it (a checkpoint is saved)."""

    completed: bool
    epochs: int
    steps: int
    seconds: float
    audio_seconds_per_second: float
    figures: Mapping[str, float] = field(default_factory=dict)


TrainingEvent = Started | Progress | Validated | Preview | Saved | Warned | Finished
Listener = Callable[[TrainingEvent], None]
