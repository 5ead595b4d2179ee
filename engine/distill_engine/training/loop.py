"""The loop that every training runs in: budget, progress, validation, checkpoints, stop and exact resume.

With an epoch budget the whole course depends on step counts alone, so an interrupted and resumed run equals an uninterrupted one bit for
bit on the CPU. With a time budget the course follows the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from distill_engine.errors import ConfigError
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.events import Finished, Listener, Progress, Validated

REPORT_SECONDS = 0.5


@dataclass(frozen=True)
class Budget:
    """`epochs` or `seconds` of wall clock from now on (one of them); `spent` seconds went before and are part of the course."""

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
        """The whole course: epochs, or seconds with those spent."""
        return {"epochs": self.epochs, "seconds": None if self.seconds is None else self.spent + self.seconds}


def left_until(deadline: float | None, reserve: float = 0.0) -> float | None:
    """Seconds from now to an instant of `time.monotonic`, less what is reserved for afterwards; at least one, None without an instant."""
    return None if deadline is None else max(1.0, deadline - time.monotonic() - reserve)


def budget_for_resume(
    begun: tuple[Checkpoint, Mapping[str, Any]] | None, epochs: int | None, seconds: float | None, default: Budget
) -> Budget:
    """The budget asked for; else what is left of the one that a checkpoint was `begun` with (told beside it); else the default."""
    checkpoint, about = begun or (None, {})
    spent = float(checkpoint.metadata["position"]["seconds"]) if checkpoint is not None else 0.0
    if epochs is None and seconds is None:
        epochs, total = about.get("epochs"), about.get("seconds")
        seconds = None if total is None else max(0.0, total - spent)
    if epochs is None and seconds is None:
        return replace(default, spent=spent)
    return Budget(epochs, seconds, spent)


class Task(Protocol):
    """What is trained. `step` returns losses by name; `validate` figures by name, of which `score` (lower is better) picks the best."""

    steps_per_epoch: int
    audio_seconds_per_step: float

    def stage(self, progress: float) -> str: ...
    def step(self, progress: float) -> Mapping[str, float]: ...
    def validate(self) -> Mapping[str, float]: ...
    def score(self, figures: Mapping[str, float]) -> float: ...
    def verdict(self, history: list[Mapping[str, float]]) -> str: ...
    def keep_best(self) -> None: ...
    def save(self, checkpoint: Checkpoint) -> None: ...
    def restore(self, checkpoint: Checkpoint) -> None: ...


@dataclass
class Position:
    """Where a training stands: everything the loop itself must remember."""

    step: int = 0
    seconds: float = 0.0
    best: float = float("inf")
    history: list[Mapping[str, float]] = field(default_factory=list)
    completed: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {**self.__dict__, "best": self.best if self.best < float("inf") else None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Position:
        best = values["best"]
        return cls(**{**values, "best": float("inf") if best is None else best})


class TrainingLoop:
    """Runs a task within a budget. `save(checkpoint, final)` is called every `checkpoint_seconds`, at a stop and at the end.

    `agree(progress, stopped)` is where several processes find out what they all do.
    """

    def __init__(
        self,
        task: Task,
        budget: Budget,
        save: Callable[[Checkpoint, bool], None],
        *,
        listen: Listener,
        stopped: Callable[[], bool] = lambda: False,
        checkpoint_seconds: float = 120.0,
        clock: Callable[[], float] = time.monotonic,
        agree: Callable[[float, bool], tuple[float, bool]] = lambda progress, stopped: (progress, stopped),
    ) -> None:
        self.task, self.budget, self._save, self._listen = task, budget, save, listen
        self._stopped, self._checkpoint_seconds, self._clock = stopped, checkpoint_seconds, clock
        self._agree = agree
        self.position = Position()
        self.validate_every = task.steps_per_epoch * max(1, round(100 / task.steps_per_epoch))

    @property
    def epoch(self) -> int:
        return self.position.step // self.task.steps_per_epoch

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continues where a checkpoint stands."""
        self.position = Position.from_dict(checkpoint.metadata["position"])
        self.position.completed = False
        self.task.restore(checkpoint)

    def run(self) -> Finished:
        """Trains to the end of the budget or until `stopped()`; the checkpoint is saved in both cases, unless no step was made."""
        began, base = self._clock(), self.position.seconds
        first_step, last_report, last_save = self.position.step, began, began
        sums: dict[str, list[float]] = {}
        while True:
            self.position.seconds = base + self._clock() - began
            progress, stopped = self._agree(self._progress(self._clock() - began), self._stopped())
            if stopped:
                break
            if progress >= 1:
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
            if now - last_save >= self._checkpoint_seconds:
                self._checkpoint(final=False)
                last_save = self._clock()
        return self._finish(began, first_step)

    def _finish(self, began: float, first_step: int) -> Finished:
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
        if self.budget.epochs is not None:
            return self.position.step / (self.budget.epochs * self.task.steps_per_epoch)
        return (self.budget.spent + elapsed) / (self.budget.spent + (self.budget.seconds or 0.0))

    def _report(self, progress: float, sums: Mapping[str, list[float]], rate: float, elapsed: float) -> None:
        losses = {name: sum(values) / len(values) for name, values in sums.items()}
        if self.budget.epochs is not None:
            eta = (self.budget.epochs * self.task.steps_per_epoch - self.position.step) / max(rate, 1e-9)
        else:
            eta = max(0.0, (self.budget.seconds or 0.0) - elapsed)
        stage = self.task.stage(progress)
        self._listen(Progress(stage, self.epoch, self.position.step, min(1.0, progress), rate, eta, losses))

    def _validate(self) -> None:
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
