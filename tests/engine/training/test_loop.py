"""The loop's budget: what a resumed course goes on with, where it stands in it, and that its last state is validated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from distill_engine.errors import ConfigError
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.loop import Budget, Enough, TrainingLoop, budget_for_resume
from distill_engine.training.verdict import Verdict


class Counting:
    """A task of nothing, whose every step takes one second."""

    steps_per_epoch, audio_seconds_per_step = 2, 1.0

    def __init__(self) -> None:
        self.now, self.progress, self.validations = 0.0, [], 0  # type: float, list[float], int

    def clock(self) -> float:
        return self.now

    def stage(self, progress: float) -> str:
        return ""

    def step(self, progress: float) -> Mapping[str, float]:
        self.now += 1.0
        self.progress.append(progress)
        return {}

    def validate(self) -> Mapping[str, float]:
        self.validations += 1
        return {"mel": 1.0}

    def score(self, figures: Mapping[str, float]) -> float:
        return figures["mel"]

    def verdict(self, history: list[Mapping[str, float]]) -> Verdict:
        return Verdict.IMPROVING

    def agree(self, progress: float, stopped: bool) -> tuple[float, bool]:
        return progress, stopped

    def keep_best(self) -> None: ...
    def save(self, checkpoint: Checkpoint) -> None: ...
    def restore(self, checkpoint: Checkpoint) -> None: ...


class Run:
    """One run of the loop, its last checkpoint kept."""

    def __init__(
        self, budget: Budget, begun: Checkpoint | None = None, stop_after: int = 1000, enough: Enough | None = None
    ) -> None:
        self.task, self.checkpoint = Counting(), begun
        loop = TrainingLoop(
            self.task,
            budget,
            self.keep,
            listen=lambda event: None,
            clock=self.task.clock,
            stopped=lambda: len(self.task.progress) >= stop_after,
        )
        loop.enough, loop.validate_every = enough, 1 if enough else loop.validate_every
        if begun is not None:
            loop.restore(begun)
        self.done = loop.run()

    def keep(self, checkpoint: Checkpoint, final: bool) -> None:
        self.checkpoint = checkpoint


def begun_with(budget: Budget, steps: int) -> tuple[Checkpoint, dict[str, Any]]:
    run = Run(budget, stop_after=steps)
    assert run.checkpoint is not None
    return run.checkpoint, budget.to_dict()


def test_a_resumed_course_of_seconds_goes_on_where_it_stood() -> None:
    begun = begun_with(Budget(seconds=10), 4)
    run = Run(budget_for_resume(begun, None, None, Budget(epochs=1)), begun[0])
    assert (run.done.completed, run.done.steps) == (True, 10)
    assert run.task.progress == pytest.approx([0.4, 0.5, 0.6, 0.7, 0.8, 0.9])


def test_a_resumed_course_of_epochs_keeps_their_number() -> None:
    begun = begun_with(Budget(epochs=3), 4)
    run = Run(budget_for_resume(begun, None, None, Budget(seconds=100)), begun[0])
    assert (run.done.completed, run.done.steps) == (True, 6)


@pytest.mark.parametrize(
    ("epochs", "seconds", "steps", "first"), [(5, None, 10, 0.4), (None, 4.0, 8, 0.5), (2, None, 4, None)]
)
def test_what_is_asked_for_on_resuming_counts(
    epochs: int | None, seconds: float | None, steps: int, first: float | None
) -> None:
    begun = begun_with(Budget(epochs=3), 4)
    run = Run(budget_for_resume(begun, epochs, seconds, Budget(epochs=1)), begun[0])
    assert run.done.steps == steps
    assert (run.task.progress[0] if run.task.progress else None) == first


def test_a_checkpoint_that_knows_no_length_goes_on_with_the_default() -> None:
    checkpoint, _ = begun_with(Budget(epochs=3), 4)
    assert budget_for_resume((checkpoint, {}), None, None, Budget(seconds=6)) == Budget(seconds=6, spent=4)
    assert budget_for_resume(None, None, None, Budget(seconds=6)) == Budget(seconds=6)
    assert Run(budget_for_resume((checkpoint, {}), None, None, Budget(epochs=4)), checkpoint).done.steps == 8


def test_a_course_that_is_over_is_completed_without_a_step() -> None:
    begun = begun_with(Budget(seconds=3), 8)
    run = Run(budget_for_resume(begun, None, None, Budget(epochs=1)), begun[0])
    assert (run.done.completed, run.task.progress) == (True, [])


def test_a_stop_after_the_last_step_still_has_its_state_validated_once() -> None:
    begun = begun_with(Budget(epochs=3), 6)
    run = Run(budget_for_resume(begun, None, None, Budget(epochs=1)), begun[0])
    assert (run.done.completed, run.done.steps, run.task.validations) == (True, 6, 1)
    assert run.checkpoint is not None
    assert Run(Budget(epochs=3), run.checkpoint).task.validations == 0


def test_a_stop_before_the_first_step_writes_nothing() -> None:
    assert Run(Budget(epochs=3), stop_after=0).checkpoint is None


def test_no_time_at_all_is_no_budget() -> None:
    with pytest.raises(ConfigError, match="more than 0 minutes"):
        Budget(seconds=0)


def test_what_a_vocoder_validates_on_sounds() -> None:
    from distill_engine.training.vocoder.train_vocoder import _first_audible

    late = np.concatenate((np.zeros(100), np.ones(50)))
    assert _first_audible(late, 60).tolist() == [1.0] * 50
    assert len(_first_audible(late, 110)) == 110
    assert _first_audible(late, 110)[0] == 0.0


def test_a_training_ends_when_it_is_enough_and_one_that_is_asked_for_more_is_judged_anew() -> None:
    def enough(scores: Sequence[float]) -> bool:
        return len(scores) >= 3

    run = Run(Budget(epochs=50), enough=enough)
    assert (run.done.completed, run.done.steps) == (True, 3)
    assert run.checkpoint is not None
    assert Run(Budget(epochs=50), run.checkpoint, enough=enough).done.steps == 6
    run.checkpoint.metadata["position"]["completed"] = False  # as in a file whose result was not written
    assert Run(Budget(epochs=50), run.checkpoint, enough=enough).done.steps == 3
    assert Run(Budget(epochs=1), enough=enough).done.steps == 2
