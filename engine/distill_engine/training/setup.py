"""Setting up and running a training: the same steps for latent models and vocoders."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.training.batches import Augmentation, Batches
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.device import faster_threads
from distill_engine.training.events import Finished, Listener, Started
from distill_engine.training.keeper import FileEntry, Keeper
from distill_engine.training.loop import CHECKPOINT_SECONDS, Budget, Enough, Task, TrainingLoop
from distill_engine.training.storage import StoredTraining

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus


def training_batches(corpus: Corpus, batch_size: int, frames: int, seed: int, *, augment: bool) -> Batches:
    """Return batches of the corpus's training clips, with the default augmentation if asked for."""
    clips = [corpus.clips[i].stored for i in corpus.training]
    return Batches(clips, batch_size, frames, seed, Augmentation() if augment else None)


@dataclass(frozen=True)
class Setup:
    """A training that is ready to run.

    Attributes:
        what: its name in events: "model", "vocoder (vocos)", "vocoder (hifigan)".
        corpus: the sounds.
        output: the model file to write.
        task: what is trained.
        entry: the network's place in the file.
        budget: how long.
        about: settings, corpus and budget, stored beside every checkpoint.
        listen: receives the events.
        stopped: returns True once the user asked for a stop.
        begun: the checkpoint to resume; None for a new training.
        checkpoint_seconds: least time between two checkpoints.
        replaces: whether the first checkpoint replaces a file at `output`.
        saves: whether this process writes the file. In a group of processes the first one does.
        best: score of the state that the training starts from; only a lower one is a new best.
        notes: sentences about choices made for the user.
        enough: ends the training before its budget is used up; None never does.
        validate_every: steps between two validations; None is the loop's own choice.
    """

    what: str
    corpus: Corpus
    output: Path
    task: Task
    entry: FileEntry
    budget: Budget
    about: dict[str, Any]
    listen: Listener
    stopped: Callable[[], bool]
    begun: StoredTraining | None = None
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    replaces: bool = False
    saves: bool = True
    best: float = math.inf
    notes: tuple[str, ...] = ()
    enough: Enough | None = None
    validate_every: int | None = None

    def run(self) -> Finished:
        """Train to the end of the budget or a stop; at the end write the result into the file."""
        keeper = Keeper(self.output, self.entry, self.task, self.about, self.listen, self.replaces)
        loop = TrainingLoop(
            self.task,
            self.budget,
            keeper.save if self.saves else _discard,
            listen=self.listen,
            stopped=self.stopped,
        )
        loop.checkpoint_seconds = self.checkpoint_seconds
        loop.position.best, loop.enough = self.best, self.enough
        loop.validate_every = self.validate_every or loop.validate_every
        if self.begun is not None:
            loop.restore(self.begun.checkpoint)
            if self.begun.about["corpus"] != self.corpus.digest:
                loop.position.best = self.best  # other sounds may be held out now
        self.listen(self._started())
        with faster_threads() if self.budget.seconds is not None else nullcontext():
            done = loop.run()
            if done.completed and self.saves:
                keeper.conclude()
        return done

    def _started(self) -> Started:
        clips = [self.corpus.clips[i].stored for i in self.corpus.training]
        seconds = sum(len(clip) for clip in clips) / DEFAULT_MEL.sample_rate
        return Started(self.what, len(clips), seconds, self.task.steps_per_epoch, self.notes)


def _discard(checkpoint: Checkpoint, final: bool) -> None:
    """Ignore a checkpoint: all processes of a group have the same, and the first writes it."""
