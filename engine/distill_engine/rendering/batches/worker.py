"""What a worker of a cluster does: one task, named by plain values.

A task is done again where a worker was lost: every file is replaced as a whole, by the same bytes.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from distill_engine.errors import DistillError
from distill_engine.modelfile import ModelFile
from distill_engine.rendering.batches.analyse_batch import AnalyseBatch
from distill_engine.rendering.batches.pool import ignore_interrupts
from distill_engine.rendering.batches.render_batch import RenderBatch
from distill_engine.rendering.batches.resynth_batch import ResynthBatch

SHARED = "use the address of a folder that all machines share"
_alone = threading.Lock()  # a worker may have several threads; a model plays in one


class NamedJob(Protocol):
    """A job that plain values can name."""

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> NamedJob:
        """Return the job that `plain` described."""

    def task_from_plain(self, values: Any) -> Any:
        """Return the task that `plain` described."""

    def model_of(self, task: Any) -> Path:
        """Return the model of a task."""

    def prepare(self) -> Callable[[Any], Any]:
        """Return the function that does a task."""


JOBS: Mapping[str, type[NamedJob]] = {job.__name__: job for job in (RenderBatch, ResynthBatch, AnalyseBatch)}
"""Jobs by name."""


def plain(value: Any) -> Any:
    """Return a value as JSON has it: dataclasses by field, paths absolute, as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return str(value.absolute()) if isinstance(value, Path) else value


def digest_of(model: Path) -> str:
    """Return the digest of a model's networks; a file is read once. Raises DistillError."""
    try:
        status = model.stat()
    except OSError:
        return _read_digest(model, 0, 0)  # says what is wrong with it
    return _read_digest(model, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=256)
def _read_digest(model: Path, changed: int, number: int) -> str:
    with ModelFile.open(model) as file:
        return file.digest


def order(job: NamedJob, task: Any, mark: Path | None) -> str:
    """Return, as JSON, all that a worker needs to do a task.

    `mark` is a file in the folder of the results, which a worker has to see.
    """
    named = {"kind": type(job).__name__, "job": plain(job), "task": plain(task), "mark": plain(mark)}
    return json.dumps(named | {"distill": version("distill-audio"), "digest": digest_of(job.model_of(task))})


def do_order(text: str) -> Mapping[str, Any]:
    """Do what `order` returned. Return the outcome under "outcome", or why not under "refused"."""
    given = json.loads(text)
    own = version("distill-audio")
    if given["distill"] != own:
        return {"refused": f"it has Distill {own}, this machine {given['distill']}: install the same on both"}
    if given["mark"] and not Path(given["mark"]).exists():
        return {"refused": f"it does not see the folder {Path(given['mark']).parent}: {SHARED}"}
    try:
        with _alone:
            kind, values = JOBS[given["kind"]], given["job"]
            job = kind.from_plain(values)
            task = job.task_from_plain(given["task"])
            if digest_of(job.model_of(task)) != given["digest"]:
                return {"refused": f"its {job.model_of(task)} is another model than here: {SHARED}"}
            return {"outcome": _prepared(kind, json.dumps(values), given["digest"])(task)}
    except DistillError as error:
        return {"refused": str(error)}


def dask_setup(worker: object) -> None:
    """Prepare a worker that `local:N` starts; Dask calls this by its name."""
    ignore_interrupts()


@lru_cache(maxsize=1)
def _prepared(kind: type[NamedJob], text: str, digest: str) -> Callable[[Any], Any]:
    """Return the function that does the tasks of a job on a model; the last one stays prepared."""
    return kind.from_plain(json.loads(text)).prepare()
