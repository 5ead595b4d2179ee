"""Load networks from a model file: ONNX graphs with their weights, or torch modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.audio.mel_config import MelConfig
from distill_engine.errors import ConfigError, ModelFileError
from distill_engine.inference.adapted_backend import adapted
from distill_engine.inference.decoder_digest import decoder_digest
from distill_engine.inference.graph_reports import checked_graph
from distill_engine.inference.kernels.vocos_kernel import KERNEL, VOCOS, VocosKernel
from distill_engine.inference.onnx_backend import OnnxGraph
from distill_engine.inference.onnx_session import SessionSettings
from distill_engine.inference.torch_import import import_torch
from distill_engine.inference.torch_networks import Streams, torch_model, torch_vocoder
from distill_engine.inference.vocoder_candidates import VocoderChoice
from distill_engine.library.vocoder_weights import find_weights
from distill_engine.modelfile import ModelFile
from distill_engine.modelfile.configs import vocoder_config
from distill_engine.modelfile.graphs import GraphReport
from distill_engine.models.model_config import ModelConfig
from distill_engine.native.library import native_library, slower_without
from distill_engine.vocoders.configs import VocosConfig
from distill_engine.vocoders.registry import vocoder_delay
from distill_engine.vocoders.weights.events import FellBack, WeightsEvent


@dataclass(frozen=True)
class ModelStreams:
    """A latent model: functions that make decoder and encoder streams, and its `decoder_digest`.

    `encoder` is None if the file has no graph of the encoder, `skeleton` if the model has none.
    """

    decoder: Streams
    encoder: Streams | None
    decoder_digest: str
    skeleton: Skeleton | None = None


@dataclass(frozen=True)
class VocoderStreams:
    """A vocoder: a function that makes streams, its weights' `digest`, and its delay in samples."""

    make: Streams
    digest: str
    delay: int


class NetworkLoader:
    """Loads decoder, encoder and vocoder: in ONNX Runtime, or in torch if a device is given.

    `notes` collects a sentence whenever work continues in another way than requested, during
    loading and later while playing.
    """

    _said: ClassVar[set[str]] = set()  # what is noted once a process

    def __init__(self, settings: SessionSettings, torch_device: str | None = None) -> None:
        self._settings, self._device = settings, torch_device
        self.notes: list[str] = []

    def model(self, file: ModelFile, config: ModelConfig) -> ModelStreams:
        """Load the latent model.

        Raises ModelFileError if its decoder cannot be loaded or does not fit the model's config.
        """
        part, skeleton = file.read_part("model"), None
        if config.version == 2:
            skeleton = Skeleton.from_part(part, config.bands, config.latent_dim, str(file.path))
        if self._device is not None:
            streams = torch_model(part, config, self._device, self._noting("latent model"))
            return ModelStreams(*streams, decoder_digest(part), skeleton)
        decoder = self._graph(file, "runtime/decoder.onnx", part, Fraction(1), (config.latent_dim, config.bands))
        if "runtime/encoder.onnx" not in file.graphs:
            return ModelStreams(decoder.stream, None, decoder_digest(part), skeleton)
        rate = Fraction(1, config.reduction)
        encoder = self._graph(file, "runtime/encoder.onnx", part, rate, (config.bands, config.latent_dim))
        return ModelStreams(decoder.stream, encoder.stream, decoder_digest(part), skeleton)

    def vocoder(self, model: ModelFile, choice: VocoderChoice, mel: MelConfig) -> VocoderStreams:
        """Load a vocoder for mels as defined by `mel`.

        Raises ModelFileError, VocoderError or WeightsError.
        """
        if choice.origin in ("universal", "published"):
            return self._published(choice, mel)
        if choice.path is None:
            return self._vocoder_from(model, choice)
        with ModelFile.open(choice.path) as file:
            return self._vocoder_from(file, choice)

    def _published(self, choice: VocoderChoice, mel: MelConfig) -> VocoderStreams:
        """Load published weights in torch, behind a mel adapter if they take other mels."""
        import_torch()
        from distill_engine.inference.torch_backend import TorchBackend
        from distill_engine.vocoders.weights.loaded import load_record

        record = find_weights(choice.name)
        note = self._noting(choice.name)

        def listen(event: WeightsEvent) -> None:
            if isinstance(event, FellBack):
                note(event.reason)

        loaded = load_record(record, torch_device=self._device or "auto", listener=listen)
        bands = loaded.config.bands
        make, delay = adapted(lambda: TorchBackend(loaded.runner, bands, 1), mel, loaded.mel, loaded.delay)
        return VocoderStreams(make, loaded.digest, delay)

    def _noting(self, what: str) -> Callable[[str], None]:
        """Return a function that notes a sentence on a network."""
        return lambda text: self.notes.append(f"{what}: {text}")

    def _vocoder_from(self, file: ModelFile, choice: VocoderChoice) -> VocoderStreams:
        config = vocoder_config(file.manifest, choice.kind, str(file.path))
        name = f"vocoder/{choice.kind}"
        part = file.read_part(name)
        digest = file.manifest.parts[name].sha256
        delay = vocoder_delay(choice.kind, choice.config)
        if self._device is not None:
            return VocoderStreams(torch_vocoder(part, choice, self._device, self._noting(choice.name)), digest, delay)
        data, report = self._checked_graph(file, f"runtime/{name}.onnx", (config.bands, 1))
        kernel = self._kernel(config, part) if report.metadata.get(KERNEL) == VOCOS else None
        graph = kernel or OnnxGraph(data, tuple(report.weights), part, Fraction(config.hop), self._settings)
        return VocoderStreams(graph.stream, digest, delay)

    def _kernel(self, config: VocosConfig, part: dict[str, np.ndarray]) -> VocosKernel | None:
        """Return the native kernel for a vocoder; None, noted once, if it cannot compute it."""
        library = native_library()
        if isinstance(library, str):
            reason = library
        else:
            try:
                return VocosKernel(library, config, part)
            except ConfigError as error:
                reason = str(error)
        if reason not in self._said:
            self._said.add(reason)
            self.notes.append(slower_without(reason))
        return None

    def _graph(
        self, file: ModelFile, name: str, part: dict[str, np.ndarray], rate: Fraction, channels: tuple[int, int]
    ) -> OnnxGraph:
        data, report = self._checked_graph(file, name, channels)
        return OnnxGraph(data, tuple(report.weights), part, rate, self._settings)

    def _checked_graph(self, file: ModelFile, name: str, channels: tuple[int, int]) -> tuple[bytes, GraphReport]:
        """Return a graph and the report on it. Raises ModelFileError."""
        if name not in file.graphs:
            raise ModelFileError(
                f"{file.path} has no {name} to play without torch; use --torch-device cpu, or train it again"
            )
        data = file.read_graph(name)
        shapes = {"x": (1, channels[0], None)}, {"y": (1, channels[1], None)}
        return data, checked_graph(data, inputs=shapes[0], outputs=shapes[1], where=f"{file.path}: {name}")
