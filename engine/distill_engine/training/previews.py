"""Audio previews of a vocoder in training: a held-out clip as it sounds now, as FLAC beside the model."""

from __future__ import annotations

from pathlib import Path

import torch
from torch.nn import functional as F

from distill_engine.audio.files import write_audio
from distill_engine.audio.mel import DEFAULT_MEL, LEAD_IN
from distill_engine.training.events import Listener, Preview, TrainingEvent, Validated
from distill_engine.training.vocoder_task import VocoderTask

SECONDS = 4.0


class Previews:
    """A listener before another: whenever a validation comes `every` epochs after the last preview, it writes one and says so."""

    def __init__(self, model: Path, task: VocoderTask, every: int, listen: Listener) -> None:
        self.folder = model.with_name(f"{model.stem}-previews")
        self._task, self._every, self._listen, self._last = task, every, listen, 0

    def __call__(self, event: TrainingEvent) -> None:
        self._listen(event)
        if isinstance(event, Validated) and event.epoch >= self._last + self._every:
            self._last = event.epoch
            self._listen(Preview(event.epoch, self._write(event.epoch)))

    @torch.no_grad()
    def _write(self, epoch: int) -> Path:
        core = self._task.core
        clip = self._task.held_out[0][:, : int(SECONDS * DEFAULT_MEL.sample_rate)]
        made = core.average(core.mel(F.pad(clip, (LEAD_IN, 0))))[0, 0, LEAD_IN:]
        samples = made.clamp(-1, 1).cpu().numpy()
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"{self._task.settings.kind}-epoch-{epoch:05d}.flac"
        write_audio(path, samples, DEFAULT_MEL.sample_rate)
        return path
