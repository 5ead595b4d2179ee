"""Resynthesise a folder of recordings into another folder."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from distill_engine.dataset.discovery import NO_SOUND, find_files
from distill_engine.dataset.left_out import LEFT_OUT
from distill_engine.errors import AudioFileError, CorpusError, NotWrittenError
from distill_engine.rendering.batches.playing import Playing, playing
from distill_engine.rendering.batches.pool import Workers
from distill_engine.rendering.exporting.sound_files import target_from_plain
from distill_engine.rendering.loaded_model import load_model
from distill_engine.rendering.recipe import Recipe, batch_recipe
from distill_engine.rendering.render import RenderTarget
from distill_engine.rendering.resynth import resynth
from distill_engine.system.regular_files import sha256_of

Recording = tuple[Path, str]
"""A sound file, and the name of the file to write, below the folder."""


@dataclass(frozen=True)
class ResynthBatch:
    """Every sound of the folder `source` through `model`. `target` has the folder as its path."""

    model: Path
    source: Path
    target: RenderTarget
    vocoder: str = "auto"
    torch_device: str | None = None
    mel_only: bool = False
    playing: Playing | None = None

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> ResynthBatch:
        """Return the batch that `plain` described."""
        target, begun = target_from_plain(values["target"]), values["playing"]
        places = {"model": Path(values["model"]), "source": Path(values["source"]), "target": target}
        return cls(**{**values, **places, "playing": begun and Playing(**begun)})

    def task_from_plain(self, values: Sequence[str]) -> Recording:
        """Return the recording that `plain` described."""
        source, name = values
        return Path(source), name

    def model_of(self, recording: Recording) -> Path:
        """Return the model that every recording goes through."""
        return self.model

    def prepare(self) -> Callable[[Recording], str]:
        """Load the model for one thread; return the function that does a recording.

        It returns why a recording was left out, "" for one that was written. Raises DistillError,
        if only as `Playing.check` does.
        """
        if self.playing is not None:
            self.playing.check(self.played())
        model = load_model(self.model, vocoder=self.vocoder, torch_device=self.torch_device, threads=1)

        def do(recording: Recording) -> str:
            source, name = recording
            path = self.target.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                resynth(model, source, replace(self.target, path=path), mel_only=self.mel_only)
            except NotWrittenError:
                raise  # as would be every other file
            except AudioFileError as error:
                return str(error)
            return ""

        return do

    def recipe(self) -> Recipe:
        """Return the recipe of the whole batch."""
        settings = {"input": self._digest(), "mel_only": self.mel_only}
        return batch_recipe(self.played().recipe(), None, settings)

    def _digest(self) -> str:
        """Return the SHA-256 (hex) of all recordings, in order, wherever they lie."""
        whole = hashlib.sha256()
        for path, _ in self.recordings():
            with contextlib.suppress(OSError):  # one that cannot be read is left out
                whole.update(bytes.fromhex(sha256_of(path)))
        return whole.hexdigest()

    def played(self) -> Playing:
        """Return what plays the batch. Raises DistillError."""
        return playing(self.model, self.vocoder, self.torch_device)

    def recordings(self) -> list[Recording]:
        """Return the sounds with the files to write. Raises CorpusError if there are none."""
        found = [file for file in find_files(self.source) if not file.reason]
        if not found:
            raise CorpusError(f"{self.source}: holds no sound file: name a folder with recordings")
        suffix = f".{self.target.format or 'wav'}"
        counts = Counter(Path(file.name).with_suffix(suffix) for file in found)
        names = [Path(file.name).with_suffix(suffix) for file in found]
        return [
            (file.path, str(name) if counts[name] == 1 else f"{file.name}{suffix}")
            for file, name in zip(found, names, strict=True)
        ]

    def passed_over(self) -> dict[str, str]:
        """Return why files and folders cannot be opened at all, by name."""
        expected = ("", NO_SOUND, LEFT_OUT)
        return {one.name: f"{one.path}: {one.reason}" for one in find_files(self.source) if one.reason not in expected}


def resynth_batch(batch: ResynthBatch, *, workers: Workers, skip_existing: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the name of each file, and "" or why it was left out, as they are done.

    With `skip_existing` files that are there already are passed over. Raises DistillError.
    """
    batch = replace(batch, playing=batch.played())
    left = [one for one in batch.recordings() if not (skip_existing and (batch.target.path / one[1]).is_file())]
    for recording, reason in workers.run(batch, left):
        yield recording[1], reason
