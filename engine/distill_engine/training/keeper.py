"""Writing of checkpoints and results into a model file, while everything else in it stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from distill_engine.modelfile import Manifest, Part, save_model, update_model
from distill_engine.system.names import normalised
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.events import Listener, Saved, Warned
from distill_engine.training.loop import Position, Task
from distill_engine.training.storage import to_part


@dataclass(frozen=True)
class Result:
    """What a completed training writes together with its last checkpoint.

    Attributes:
        manifest: makes the new manifest of the file's current one.
        parts: parts by name; None removes one.
        graphs: ONNX graphs by name.
    """

    manifest: Callable[[Manifest], Manifest]
    parts: Mapping[str, Part | None]
    graphs: Mapping[str, bytes]


class FileEntry(Protocol):
    """A network's place in a model file, beside the checkpoint of its training."""

    checkpoint_part: str

    def interim_manifest(self, old: Manifest, position: Position) -> Manifest:
        """Return the manifest to write with a checkpoint of an unfinished training."""

    def interim_parts(self, existing: Path | None) -> Mapping[str, Part]:
        """Return the parts to write with a checkpoint of an unfinished training.

        `existing` is the file that they go into, None if a new one is written.
        """

    def result(self, output: Path, position: Position) -> Result:
        """Prepare the network in its best state, to be written into `output`."""


class Keeper:
    """Write the checkpoints of a training, and at its end the result, into a model file.

    Args:
        output: the file.
        entry: the network's place in it.
        task: what is trained.
        about: settings of the training, stored beside every checkpoint.
        listen: receives `Saved` and `Warned`.
        replaces: whether the first checkpoint replaces a file at `output`. Until then that file
            stays as it is.
    """

    def __init__(
        self,
        output: Path,
        entry: FileEntry,
        task: Task,
        about: dict[str, Any],
        listen: Listener,
        replaces: bool = False,
    ) -> None:
        self.output, self.entry, self.task, self.about = output, entry, task, about
        self._listen, self._replaces = listen, replaces
        self._last = Checkpoint()

    def save(self, checkpoint: Checkpoint, final: bool) -> None:
        """Write a checkpoint and the interim parts; send `Saved`, unless the result follows.

        The checkpoint counts as completed only once the result stands beside it.
        """
        checkpoint.metadata["position"]["completed"] = False
        self._last = checkpoint
        position = self._position()
        existing = self.output if self.output.exists() and not self._replaces else None
        parts = {self.entry.checkpoint_part: self._checkpoint_part(), **self.entry.interim_parts(existing)}
        if existing is not None:
            update_model(existing, manifest=lambda old: self.entry.interim_manifest(old, position), parts=parts)
        else:
            manifest = self.entry.interim_manifest(Manifest(name=normalised(self.output.stem)), position)
            save_model(self.output, manifest, parts)
            self._replaces = False
        if not final:
            self._listen(Saved(self.output, position.epoch(self.task)))

    def conclude(self) -> None:
        """Write the result together with the last checkpoint, which is now completed.

        Sends `Saved`, and `Warned` if the verdict calls for it.
        """
        position = self._position()
        result = self.entry.result(self.output, position)
        self._last.metadata["position"]["completed"] = True
        parts = {self.entry.checkpoint_part: self._checkpoint_part(), **result.parts}
        update_model(self.output, manifest=result.manifest, parts=parts, graphs=result.graphs)
        self._listen(Saved(self.output, position.epoch(self.task), final=True))
        if position.history:
            verdict = self.task.verdict(position.history)
            if verdict.is_warning:
                self._listen(Warned(verdict.value))

    def _position(self) -> Position:
        """Return where the training stood at the last checkpoint."""
        return Position.from_dict(self._last.metadata["position"])

    def _checkpoint_part(self) -> Part:
        return to_part(self._last, self.about)
