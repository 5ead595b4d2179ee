"""Typed events of a running training.

The command line draws them or writes them as JSON lines; nothing is printed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from distill_engine.training.verdict import Verdict


@dataclass(frozen=True)
class PlannedPart:
    """A part of a command: its name, the seconds it gets at most, and what it brings.

    `seconds` is None where nothing limits them.
    """

    name: str
    seconds: float | None
    brings: str


@dataclass(frozen=True)
class Planned:
    """The command is about to begin with these parts, in this order."""

    parts: tuple[PlannedPart, ...]


@dataclass(frozen=True)
class Started:
    """A training begins.

    Attributes:
        what: "model", or the kind of vocoder: "vocoder (vocos)", "vocoder (hifigan)".
        clips: number of clips to train on.
        seconds: their duration.
        steps_per_epoch: steps that draw about that duration once.
        notes: sentences about choices made for the user.
    """

    what: str
    clips: int
    seconds: float
    steps_per_epoch: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """Where the training stands, about twice a second.

    Attributes:
        stage: name of the stage that the step belongs to.
        epoch: epochs completed, from 0.
        step: steps completed.
        fraction: share of the budget used, 0 to 1.
        steps_per_second: mean speed since this run began.
        eta_seconds: estimated seconds to the end of the budget.
        losses: means since the last event of this kind, by name.
    """

    stage: str
    epoch: int
    step: int
    fraction: float
    steps_per_second: float
    eta_seconds: float
    losses: Mapping[str, float]


@dataclass(frozen=True)
class Validated:
    """The network was measured on held-out sounds.

    Attributes:
        epoch: epochs completed, from 0.
        step: steps completed.
        figures: held-out figures by name (`mel` is a mean L1 of log-mels in nats).
        best: whether no earlier state scored better.
        verdict: state of the training; its text is for the user.
    """

    epoch: int
    step: int
    figures: Mapping[str, float]
    best: bool
    verdict: Verdict


@dataclass(frozen=True)
class Preview:
    """A held-out clip was written to `path` as the vocoder renders it now; `original` is itself."""

    epoch: int
    path: Path
    original: Path | None = None


@dataclass(frozen=True)
class Saved:
    """A checkpoint was written into the model file; `final` with the finished network."""

    path: Path
    epoch: int
    final: bool = False


@dataclass(frozen=True)
class Warned:
    """The user should know `message`, a sentence."""

    message: str


@dataclass(frozen=True)
class Finished:
    """The training ended.

    Attributes:
        completed: False if it was stopped before the end of its budget. A checkpoint was saved if
            this run made a step.
        epochs: epochs completed, of all runs.
        steps: steps completed, of all runs.
        seconds: duration of this run.
        audio_seconds_per_second: duration of the sound trained on per second of this run.
        figures: those of the last validation, empty if there was none.
    """

    completed: bool
    epochs: int
    steps: int
    seconds: float
    audio_seconds_per_second: float
    figures: Mapping[str, float] = field(default_factory=dict)


TrainingEvent = Planned | Started | Progress | Validated | Preview | Saved | Warned | Finished
Listener = Callable[[TrainingEvent], None]
