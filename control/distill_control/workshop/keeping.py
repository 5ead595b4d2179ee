"""Keep what jobs have made: sounds join the history, a verified model the library."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from distill_control.workshop.jobs import Job, JobStore
from distill_engine import __version__
from distill_engine.library.folders import models_dir
from distill_engine.library.lookup import MODEL_SUFFIX
from distill_engine.library.renders import RenderStore
from distill_engine.system.atomic_write import give_new_name


def as_sent(job: Job, text: str) -> str:
    """Return what a job says, with an uploaded file under the name that its sender gave it."""
    if job.kind != "import" or not job.words:
        return text
    part, name = job.words[-1], f"{job.about.get('model', '')}{MODEL_SUFFIX}"
    return text.replace(part, name).replace(Path(part).name, name)


class Keeper:
    """Finishes jobs by their kind."""

    def __init__(self, jobs: JobStore, renders: RenderStore) -> None:
        self._jobs = jobs
        self._renders = renders

    def finish(self, job: Job, state: str) -> str:
        """Keep what a job has made; return why it is not kept, "" if it is.

        Raises LibraryError, AudioFileError where another try may succeed.
        """
        folder = self._jobs.folder(job.id)
        if job.kind == "import":
            return _take_in(Path(job.words[-1]), str(job.about["model"]), whole=state == "done")
        if state == "done" and job.kind in ("render", "resynth", "decode"):
            result = self._jobs.result(job.id) or {}
            for sound in sorted(folder.glob("sound.*")):
                if result.get("entry"):
                    self._name(job, sound, str(result["entry"]))
                else:
                    self._keep(job, sound, str(job.about["title"]), str(result.get("vocoder", "")), result)
        elif state == "done" and job.kind == "compare":
            for figures in (self._jobs.result(job.id) or {}).get("vocoders", []):
                name = str(figures["name"])
                sound = folder / "compared" / f"{name}.wav"
                if sound.exists():
                    self._keep(job, sound, f"{job.about['title']} through {name}", name, figures)
        return ""

    def _name(self, job: Job, sound: Path, entry: str) -> None:
        """Give the entry that a command has made the job's title and settings; it has the sound."""
        made = {"parameters": job.about.get("settings", {}), "job": job.id, "output": {}}
        self._renders.change(entry, title=str(job.about["title"]), made=made)
        sound.unlink(missing_ok=True)

    def _keep(self, job: Job, sound: Path, title: str, vocoder: str, figures: dict[str, Any]) -> None:
        settings = job.about.get("settings", {})
        made = {
            "command": ["distill", *job.words],
            "model": {"name": job.about.get("model", ""), "digest": job.about.get("digest", "")},
            "vocoder": {"name": vocoder, "reason": figures.get("reason", "")},
            "seed": settings.get("seed"),
            "parameters": settings,
            "take": settings.get("take"),
            "version": __version__,
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
            "figures": figures,
            "job": job.id,
        }
        self._renders.add(sound, title, made, "move")


def _take_in(part: Path, name: str, *, whole: bool) -> str:
    """Give an uploaded model its name, or delete it; return why it is deleted."""
    if whole and part.exists():
        try:
            give_new_name(part, models_dir() / f"{name}{MODEL_SUFFIX}")
        except FileExistsError:
            part.unlink(missing_ok=True)
            return f"{name} exists already in the library: nothing is overwritten"
    part.unlink(missing_ok=True)
    return ""
