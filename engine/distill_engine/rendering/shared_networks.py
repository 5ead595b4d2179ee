"""The networks of one model file, loaded on first use and shared."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from distill_engine.audio.mel_config import MelConfig
from distill_engine.inference.network_loader import ModelStreams, NetworkLoader, VocoderStreams
from distill_engine.inference.onnx_session import SessionSettings
from distill_engine.inference.vocoder_candidates import VocoderChoice
from distill_engine.modelfile import ModelFile
from distill_engine.models.model_config import ModelConfig


def offline_settings(threads: int | None = None) -> SessionSettings:
    """Return thread settings for offline work: `threads`, or one per core up to four."""
    return SessionSettings(threads or max(1, min(4, os.cpu_count() or 1)))


class SharedNetworks:
    """The networks of one file, loaded on first use and shared by all copies of a model."""

    def __init__(self, path: Path, settings: SessionSettings, torch_device: str | None) -> None:
        self._path, self._lock = path, threading.Lock()
        self.loader = NetworkLoader(settings, torch_device)
        self._model: ModelStreams | None = None
        self._vocoders: dict[str, VocoderStreams] = {}

    def model(self, config: ModelConfig) -> ModelStreams:
        """Return the latent model, loaded on the first call. Raises ModelFileError."""
        with self._lock:
            if self._model is None:
                with ModelFile.open(self._path) as file:
                    self._model = self.loader.model(file, config)
            return self._model

    def vocoder(self, name: str, choice: VocoderChoice, mel: MelConfig) -> VocoderStreams:
        """Return the vocoder of the request `name`, loaded on the first call.

        Raises ModelFileError, VocoderError or WeightsError.
        """
        with self._lock:
            if name not in self._vocoders:
                with ModelFile.open(self._path) as file:
                    self._vocoders[name] = self.loader.vocoder(file, choice, mel)
            return self._vocoders[name]
