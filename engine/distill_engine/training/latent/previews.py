"""Previews of a model in training: a held-out clip through the model and the file's vocoder."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.files import write_audio
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.dataset.corpus import Corpus
from distill_engine.errors import DistillError
from distill_engine.inference.network_loader import NetworkLoader
from distill_engine.inference.onnx_session import SessionSettings
from distill_engine.inference.vocoder_choice import choose_vocoder
from distill_engine.modelfile import ModelFile
from distill_engine.training.events import Listener, Preview, TrainingEvent, Validated, Warned
from distill_engine.training.latent.task import LatentTask
from distill_engine.training.reconstruction import reconstruct

CLIP_SECONDS = 4.0
APART_SECONDS = 15.0  # between two previews, at least
BLOCK_FRAMES = 16  # that the vocoder computes at once


class ModelPreviews:
    """A listener that passes events on and writes a preview after some validations.

    Args:
        output: the model file; previews of `NAME.distillgan` go into the folder `NAME-previews`.
        corpus: whose first held-out clip is heard.
        task: the model in training.
        listen: receives all events, and `Preview` after each preview.

    The first failure is told, and no preview follows: a training goes on without them.
    """

    def __init__(self, output: Path, corpus: Corpus, task: LatentTask, listen: Listener) -> None:
        self.folder = output.with_name(f"{output.stem}-previews")
        self._output, self._task, self._listen = output, task, listen
        clip = corpus.clips[corpus.validation[0]] if corpus.validation else None
        self._clip = None if clip is None else clip.stored[: int(CLIP_SECONDS * DEFAULT_MEL.sample_rate)]
        self._after = 0.0

    def __call__(self, event: TrainingEvent) -> None:
        self._listen(event)
        if not isinstance(event, Validated) or self._clip is None or not self._output.exists():
            return
        if time.monotonic() < self._after:
            return
        try:
            self._listen(Preview(event.epoch, *self._write(event.epoch, self._clip)))
        except (DistillError, OSError, RuntimeError) as error:
            self._clip = None
            self._listen(Warned(f"no previews: {error}"))
        self._after = time.monotonic() + APART_SECONDS

    def _write(self, epoch: int, clip: Float32Array) -> tuple[Path, Path]:
        """Render the clip [n]; return the paths of this preview and of the clip itself."""
        frames = -(-len(clip) // DEFAULT_MEL.hop)
        mel = reconstruct(self._task.core.average, self._task.held_out[0][..., :frames])[0].cpu().numpy()
        with ModelFile.open(self._output) as file:
            vocoder = NetworkLoader(SessionSettings()).vocoder(file, choose_vocoder(file.manifest), DEFAULT_MEL)
        stream = vocoder.make()
        behind = -(-(len(clip) + vocoder.delay) // DEFAULT_MEL.hop) - mel.shape[1]
        padded = np.pad(mel, ((0, 0), (0, behind)), mode="edge").astype(np.float32)
        blocks = range(0, padded.shape[1], BLOCK_FRAMES)
        made = np.concatenate([stream.step(padded[:, at : at + BLOCK_FRAMES])[0] for at in blocks])
        self.folder.mkdir(exist_ok=True)
        path, original = self.folder / f"model-epoch-{epoch:05d}.flac", self.folder / "original.flac"
        write_audio(path, np.clip(made[vocoder.delay :][: len(clip)], -1.0, 1.0), DEFAULT_MEL.sample_rate)
        write_audio(original, clip, DEFAULT_MEL.sample_rate)
        return path, original
