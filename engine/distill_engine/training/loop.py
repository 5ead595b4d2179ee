"""The training loop: budget, progress, validation, checkpoints, stop and exact resume.

With a budget in epochs everything depends on step counts alone. On the CPU a run that is
interrupted and resumed then equals an uninterrupted one bit for bit. With a budget in seconds the
learning rate and the stages follow the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from distill_engine.errors import ConfigError
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.events import Finished, Listener, Progress, Validated
from distill_engine.training.verdict import Verdict

REPORT_SECONDS = 0.5
CHECKPOINT_SECONDS = 120.0
STEPS_BETWEEN_VALIDATIONS = 100  # rounded to whole epochs, at least one
Enough = Callable[[Sequence[float]], bool]
"""Tells by the scores of the validations so far, lower is better, whether a training may end."""


@dataclass(frozen=True)
class Budget:
    """Length of a training: `epochs`, or `seconds` of wall clock from now on.

    `spent` seconds of earlier runs count as part of the course, so that learning rate and stages
    continue where those ended. Raises ConfigError unless exactly one of the two is given, above 0.
    """

    epochs: int | None = None
    seconds: float | None = None
    spent: float = 0.0

    def __post_init__(self) -> None:
        if (self.epochs is None) == (self.seconds is None):
            raise ConfigError("training needs a number of epochs or of minutes, one of them")
        nothing = self.seconds is not None and (self.seconds < 0 or self.seconds + self.spent <= 0)
        if nothing or (self.epochs is not None and self.epochs < 1):
            raise ConfigError("training needs at least one epoch or more than 0 minutes")

    def to_dict(self) -> dict[str, Any]:
        """Return the length of the whole course: `epochs`, or `seconds` including those spent."""
        return {"epochs": self.epochs, "seconds": None if self.seconds is None else self.spent + self.seconds}


def left_until(deadline: float | None, reserve: float = 0.0) -> float | None:
    """Return the seconds from now to `deadline`, less `reserve` seconds; at least 1.

    `deadline` is an instant of `time.monotonic`. Without one the result is None.
    """
    return None if deadline is None else max(1.0, deadline - time.monotonic() - reserve)


def budget_for_resume(
    begun: tuple[Checkpoint, Mapping[str, Any]] | None, epochs: int | None, seconds: float | None, default: Budget
) -> Budget:
    """Return the budget of a training, new or resumed.

    It is `epochs` or `seconds` if one is given. Otherwise it is what remains of the budget stored
    beside the checkpoint `begun`, and if there is none, `default`.
    """
    checkpoint, about = begun or (None, {})
    spent = float(checkpoint.metadata["position"]["seconds"]) if checkpoint is not None else 0.0
    if epochs is None and seconds is None:
        epochs, total = about.get("epochs"), about.get("seconds")
        seconds = None if total is None else max(0.0, total - spent)
    if epochs is None and seconds is None:
        return replace(default, spent=spent)
    return Budget(epochs, seconds, spent)


class Task(Protocol):
    """A network to train, the sounds for it, and the measure of its quality.

    `progress` is the share of the budget that is used up, 0 to 1.
    """

    steps_per_epoch: int
    audio_seconds_per_step: float

    def stage(self, progress: float) -> str:
        """Return the name of the stage at `progress`, for the display."""

    def step(self, progress: float) -> Mapping[str, float]:
        """Train on one batch; return its losses by name."""

    def validate(self) -> Mapping[str, float]:
        """Measure the averaged network on held-out sounds; return figures by name."""

    def score(self, figures: Mapping[str, float]) -> float:
        """Return one number for the figures of a validation; lower is better."""

    def verdict(self, history: list[Mapping[str, float]]) -> Verdict:
        """Judge the course of the training from the figures of all validations, oldest first."""

    def keep_best(self) -> None:
        """Keep the averaged network as it is now as the best state so far."""

    def agree(self, progress: float, stopped: bool) -> tuple[float, bool]:
        """Return the progress and the stop that all processes of this training follow."""

    def save(self, checkpoint: Checkpoint) -> None:
        """Add the complete state to a checkpoint."""

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from the state in a checkpoint."""


@dataclass
class Position:
    """The loop's own state in a checkpoint.

    Attributes:
        step: steps completed.
        seconds: wall-clock seconds spent, of all runs.
        best: the lowest score so far, infinite before the first validation.
        history: figures of every validation and its `step`, oldest first.
        judged_from: validations of earlier courses, by which this one is not ended.
        completed: whether the training reached the end of its budget. In a file it is True only
            once the result stands beside the checkpoint.
    """

    step: int = 0
    seconds: float = 0.0
    best: float = float("inf")
    history: list[Mapping[str, float]] = field(default_factory=list)
    completed: bool = False
    judged_from: int = 0

    def epoch(self, task: Task) -> int:
        """Return the number of epochs completed."""
        return self.step // task.steps_per_epoch

    def to_dict(self) -> dict[str, Any]:
        """Return values that JSON can hold, under the field names; an infinite `best` is None."""
        return {**self.__dict__, "best": self.best if self.best < float("inf") else None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Position:
        """Return the position that `to_dict` described."""
        best = values["best"]
        return cls(**{**values, "best": float("inf") if best is None else best})


class TrainingLoop:
    """Run a task within a budget.

    Args:
        task: what is trained.
        budget: how long.
        save: `(checkpoint, final)`, called every `checkpoint_seconds`, at a stop and at the end;
            `final` is True at the end of the budget.
        listen: receives the events.
        stopped: returns True once the user asked for a stop.
        clock: seconds, monotonic.

    Attributes:
        position: the loop's own state.
        checkpoint_seconds: least time between two checkpoints.
        validate_every: steps between two validations.
        enough: ends the training before its budget is used up; None never does.
    """

    def __init__(
        self,
        task: Task,
        budget: Budget,
        save: Callable[[Checkpoint, bool], None],
        *,
        listen: Listener,
        stopped: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.task, self.budget, self._save, self._listen = task, budget, save, listen
        self._stopped, self._clock = stopped, clock
        self.position = Position()
        self.checkpoint_seconds = CHECKPOINT_SECONDS
        epochs = max(1, round(STEPS_BETWEEN_VALIDATIONS / task.steps_per_epoch))
        self.validate_every = task.steps_per_epoch * epochs
        self.enough: Enough | None = None

    @property
    def epoch(self) -> int:
        """Number of epochs completed."""
        return self.position.epoch(self.task)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from the state in a checkpoint."""
        self.position = Position.from_dict(checkpoint.metadata["position"])
        if self.position.completed:
            self.position.judged_from = len(self.position.history)
        self.position.completed = False
        self.task.restore(checkpoint)

    def run(self) -> Finished:
        """Train to the end of the budget, or until `stopped()` returns True.

        A checkpoint is saved in both cases, but not at a stop before the first step of this run.
        """
        began, base = self._clock(), self.position.seconds
        first_step, last_report, last_save = self.position.step, began, began
        sums: dict[str, list[float]] = {}
        while True:
            self.position.seconds = base + self._clock() - began
            progress, stopped = self.task.agree(self._progress(self._clock() - began), self._stopped())
            if stopped:
                break
            if progress >= 1 or self._is_enough():
                self.position.completed = True
                break
            for name, value in self.task.step(progress).items():
                sums.setdefault(name, []).append(value)
            self.position.step += 1
            now = self._clock()
            if now - last_report >= REPORT_SECONDS or self.position.step == first_step + 1:
                self._report(progress, sums, (self.position.step - first_step) / max(now - began, 1e-9), now - began)
                last_report, sums = now, {}
            if self.position.step % self.validate_every == 0:
                self._validate()
            if now - last_save >= self.checkpoint_seconds:
                self._checkpoint(final=False)
                last_save = self._clock()
        return self._finish(began, first_step)

    def _finish(self, began: float, first_step: int) -> Finished:
        """Validate the last state of a completed training, save a checkpoint, send `Finished`."""
        history = self.position.history
        if self.position.completed and (not history or history[-1]["step"] != self.position.step):
            self._validate()
        elapsed = max(self._clock() - began, 1e-9)
        steps = self.position.step - first_step
        if steps or self.position.completed:
            self._checkpoint(final=self.position.completed)
        rate = steps * self.task.audio_seconds_per_step / elapsed
        figures = self.position.history[-1] if self.position.history else {}
        done = Finished(self.position.completed, self.epoch, self.position.step, elapsed, rate, figures)
        self._listen(done)
        return done

    def _progress(self, elapsed: float) -> float:
        """Return the share of the budget that is used up after `elapsed` seconds of this run."""
        if self.budget.epochs is not None:
            return self.position.step / (self.budget.epochs * self.task.steps_per_epoch)
        return (self.budget.spent + elapsed) / (self.budget.spent + (self.budget.seconds or 0.0))

    def _is_enough(self) -> bool:
        scores = [self.task.score(figures) for figures in self.position.history[self.position.judged_from :]]
        return self.enough is not None and self.enough(scores)

    def _report(self, progress: float, sums: Mapping[str, list[float]], rate: float, elapsed: float) -> None:
        losses = {name: sum(values) / len(values) for name, values in sums.items()}
        if self.budget.epochs is not None:
            eta = (self.budget.epochs * self.task.steps_per_epoch - self.position.step) / max(rate, 1e-9)
        else:
            eta = max(0.0, (self.budget.seconds or 0.0) - elapsed)
        stage = self.task.stage(progress)
        self._listen(Progress(stage, self.epoch, self.position.step, min(1.0, progress), rate, eta, losses))

    def _validate(self) -> None:
        """Measure the network, keep it if it is the best so far, and send `Validated`."""
        figures = dict(self.task.validate())
        score = self.task.score(figures)
        best = score < self.position.best
        if best:
            self.position.best = score
            self.task.keep_best()
        self.position.history.append({**figures, "step": float(self.position.step)})
        verdict = self.task.verdict(self.position.history)
        self._listen(Validated(self.epoch, self.position.step, figures, best, verdict))

    def _checkpoint(self, *, final: bool) -> None:
        checkpoint = Checkpoint()
        self.task.save(checkpoint)
        checkpoint.metadata["position"] = self.position.to_dict()
        self._save(checkpoint, final)
