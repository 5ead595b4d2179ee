"""Audio previews of a vocoder in training: a held-out clip as FLAC in a folder beside the model."""

from __future__ import annotations

from pathlib import Path

import torch
from torch.nn import functional as F

from distill_engine.audio.files import write_audio
from distill_engine.audio.mel_config import DEFAULT_MEL, LEAD_IN
from distill_engine.training.events import Listener, Preview, TrainingEvent, Validated
from distill_engine.training.vocoder.task import VocoderTask

PREVIEW_SECONDS = 4.0


class Previews:
    """A listener that passes events on and writes a preview after some validations.

    Args:
        model: the model file; previews of `NAME.distillgan` go into the folder `NAME-previews`.
        task: the vocoder in training.
        every: least number of epochs between two previews.
        listen: receives all events, and `Preview` after each preview.
    """

    def __init__(self, model: Path, task: VocoderTask, every: int, listen: Listener) -> None:
        self.folder = model.with_name(f"{model.stem}-previews")
        self._task, self._every, self._listen, self._last = task, every, listen, 0

    def __call__(self, event: TrainingEvent) -> None:
        self._listen(event)
        if isinstance(event, Validated) and event.epoch >= self._last + self._every:
            self._last = event.epoch
            self._listen(Preview(event.epoch, *self._write(event.epoch)))

    @torch.no_grad()
    def _write(self, epoch: int) -> tuple[Path, Path]:
        """Render the first held-out clip with the averaged generator.

        Return the paths of this preview and of the clip itself.
        """
        core, rate = self._task.core, DEFAULT_MEL.sample_rate
        clip = self._task.held_out[0][:, : int(PREVIEW_SECONDS * rate)]
        made = core.average(core.mel(F.pad(clip, (LEAD_IN, 0))))[0, 0, LEAD_IN:]
        samples = made.clamp(-1, 1).cpu().numpy()
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"{self._task.settings.kind}-epoch-{epoch:05d}.flac"
        original = self.folder / "original.flac"
        write_audio(path, samples, rate)
        write_audio(original, clip[0].cpu().numpy(), rate)
        return path, original
