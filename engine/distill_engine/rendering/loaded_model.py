"""A model as a library object: encode, decode, vocode, with the graphs of the model file.

    model = load_model("rain.distillgan")
    latents = model.encode(samples)  # mono [T] at 44.1 kHz -> [D, L], sigma
    samples = model.vocode(model.decode(latents))

torch is only used if a device is given.
"""

from __future__ import annotations

import copy
import os
from pathlib import Path

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.mel_config import LEAD_IN
from distill_engine.errors import ModelFileError
from distill_engine.inference.step_backend import StepBackend
from distill_engine.inference.vocoder_candidates import VocoderChoice
from distill_engine.inference.vocoder_choice import choose_vocoder
from distill_engine.modelfile import Manifest, ModelFile
from distill_engine.modelfile.configs import mel_config, model_config
from distill_engine.models.model_config import ModelConfig
from distill_engine.models.upsample import upsample_latents
from distill_engine.rendering.shared_networks import SharedNetworks, offline_settings

STEP_FRAMES = 64


class LoadedModel:
    """A model file loaded for offline use.

    Mel is [bands, F], latents [D, L] in sigma, samples mono [T] float32. Networks are loaded on
    first use and kept. An object must not be used by several threads at once: give each its own
    with `another`.
    """

    def __init__(self, path: Path, vocoder: str, torch_device: str | None, threads: int | None) -> None:
        with ModelFile.open(path) as file:
            self.manifest: Manifest = file.manifest
            self.parts = file.parts
        self.path = path
        self.mel = mel_config(self.manifest, str(path))
        self._requested = vocoder
        self._networks = SharedNetworks(path, offline_settings(threads), torch_device)
        self._streams: tuple[StepBackend, StepBackend | None] | None = None
        self._vocoders: dict[str, tuple[StepBackend, int]] = {}

    def another(self) -> LoadedModel:
        """Return a copy for another thread, with the same networks and streams of its own."""
        other = copy.copy(self)
        other._streams, other._vocoders = None, {}
        return other

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return self.mel.sample_rate

    @property
    def latent_dim(self) -> int:
        """The size D of a latent."""
        return self._config.latent_dim

    @property
    def _config(self) -> ModelConfig:
        if not self.manifest.model:
            raise ModelFileError(f"{self.path} holds vocoders but no latent model")
        return model_config(self.manifest, str(self.path))

    def _model(self) -> tuple[StepBackend, StepBackend | None]:
        if self._streams is None:
            model = self._networks.model(self._config)
            self._streams = (model.decoder(), model.encoder() if model.encoder is not None else None)
        return self._streams

    def choice(self, vocoder: str | None = None) -> VocoderChoice:
        """Return the vocoder that a request stands for, with the reason. Raises VocoderError."""
        return choose_vocoder(self.manifest, vocoder or self._requested)

    def mel_of(self, samples: Float32Array) -> Float32Array:
        """Return the mel [bands, T // hop] of samples [T]."""
        return mel_spectrogram(samples, self.mel)

    def encode(self, samples: Float32Array) -> Float32Array:
        """Return the latents [D, ceil(F / reduction)] of samples [T] with F = T // hop frames."""
        return self.encode_mel(self.mel_of(samples))

    def encode_mel(self, mel: Float32Array) -> Float32Array:
        """Return the latents [D, ceil(F / reduction)] of mel [bands, F].

        An incomplete last latent is filled by repeating the last frame. Raises ModelFileError
        without an encoder.
        """
        encoder = self._model()[1]
        if encoder is None:
            raise ModelFileError(f"{self.path} has no encoder to play without torch; use torch_device='cpu'")
        spare = -mel.shape[1] % self._config.reduction
        return _run(encoder, np.pad(mel, ((0, 0), (0, spare)), mode="edge"), STEP_FRAMES * self._config.reduction)

    def decode(self, latents: Float32Array) -> Float32Array:
        """Return the mel [bands, L * reduction] of latents [D, L] at their own rate."""
        return self.decode_at_mel_rate(upsample_latents(np.asarray(latents, np.float32), self._config.reduction))

    def decode_at_mel_rate(self, latents: Float32Array) -> Float32Array:
        """Return the mel [bands, F] of latents [D, F], one per frame."""
        return _run(self._model()[0], latents, STEP_FRAMES)

    def vocode(self, mel: Float32Array, vocoder: str | None = None) -> Float32Array:
        """Return the samples [F * hop] of mel [bands, F], aligned with it.

        `vocoder` is a request (see `choose_vocoder`). Raises VocoderError.
        """
        stream, delay = self._vocoder(vocoder)
        late = -(-delay // self.mel.hop)
        silence = np.full((mel.shape[0], late), np.log(self.mel.floor), np.float32)
        samples: Float32Array = _run(stream, np.concatenate([mel, silence], axis=1), STEP_FRAMES)[0]
        return samples[delay : delay + mel.shape[1] * self.mel.hop]

    def resynthesise(self, samples: Float32Array, vocoder: str | None = None) -> Float32Array:
        """Return samples [T] through encoder, decoder and vocoder, aligned, of the same length."""
        mel = self.decode(self.encode(_after_silence(samples)))
        return _fitted(self.vocode(mel, vocoder)[LEAD_IN:], len(samples))

    def copy_synthesise(self, samples: Float32Array, vocoder: str | None = None) -> Float32Array:
        """Return samples [T] through their own mel and the vocoder, of the same length."""
        mel = self.mel_of(_after_silence(samples))
        return _fitted(self.vocode(mel, vocoder)[LEAD_IN:], len(samples))

    def drain_notes(self) -> tuple[str, ...]:
        """Return the networks' messages since the last call, such as a change to the CPU."""
        notes = tuple(self._networks.loader.notes)
        self._networks.loader.notes.clear()
        return notes

    def _vocoder(self, vocoder: str | None) -> tuple[StepBackend, int]:
        """Return a stream and its delay in samples."""
        name = vocoder or self._requested
        if name not in self._vocoders:
            streams = self._networks.vocoder(name, self.choice(name), self.mel)
            self._vocoders[name] = (streams.make(), streams.delay)
        return self._vocoders[name]


def load_model(
    path: str | os.PathLike[str], *, vocoder: str = "auto", torch_device: str | None = None, threads: int | None = None
) -> LoadedModel:
    """Open a `.distillgan` file for offline use.

    Args:
        vocoder: for `vocode` and `resynthesise`: `auto|hifigan|vocos|bigvgan|base` or an added
            name.
        torch_device: `auto|cpu|cuda|mps` computes in torch; None uses ONNX Runtime on the CPU.
        threads: threads of ONNX Runtime; up to four by default.

    Raises:
        ModelFileError: if the file is damaged, hostile, too old or too new.
    """
    return LoadedModel(Path(path), vocoder, torch_device, threads)


def _run(stream: StepBackend, x: Float32Array, block: int) -> Float32Array:
    """Run a whole signal [C, n] through a stream from its initial state, block by block."""
    stream.reset()
    parts = []
    for start in range(0, x.shape[1], block):
        parts.append(stream.step(np.ascontiguousarray(x[:, start : start + block], np.float32)).copy())
    return np.concatenate(parts, axis=1) if parts else np.zeros((stream.channels_out, 0), np.float32)


def _after_silence(samples: Float32Array) -> Float32Array:
    return np.pad(samples, (LEAD_IN, 0))


def _fitted(samples: Float32Array, length: int) -> Float32Array:
    return samples[:length] if len(samples) >= length else np.pad(samples, (0, length - len(samples)))
