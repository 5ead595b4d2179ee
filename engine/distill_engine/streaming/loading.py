"""Networks out of a model file: ONNX graphs with their weights injected, or torch modules."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from distill_engine.errors import ModelFileError
from distill_engine.modelfile import ModelFile
from distill_engine.modelfile.configs import vocoder_config
from distill_engine.modelfile.graphs import check_graph
from distill_engine.models.config import ModelConfig
from distill_engine.streaming.backends.base import StepBackend
from distill_engine.streaming.backends.onnx_backend import OnnxGraph, SessionSettings
from distill_engine.streaming.vocoder_choice import VocoderChoice
from distill_engine.vocoders.registry import vocoder_delay

Streams = Callable[[], StepBackend]


class NetworkLoader:
    """Loads decoder, encoder and vocoder for one backend: ONNX Runtime, or torch on a device if one is named."""

    def __init__(self, settings: SessionSettings, torch_device: str | None = None) -> None:
        self._settings, self._device = settings, torch_device

    def model(self, file: ModelFile, config: ModelConfig) -> tuple[Streams, Streams | None]:
        """Makers of decoder and encoder streams; the encoder is None where the file has no graph of it.

        Raises ModelFileError if the decoder cannot be loaded or does not fit the model's config.
        """
        part = file.read_part("model")
        if self._device is not None:
            return self._torch_model(part, config)
        decoder = self._graph(file, "runtime/decoder.onnx", part, Fraction(1), (config.latent_dim, config.bands))
        if "runtime/encoder.onnx" not in file.graphs:
            return decoder.stream, None
        rate = Fraction(1, config.reduction)
        encoder = self._graph(file, "runtime/encoder.onnx", part, rate, (config.bands, config.latent_dim))
        return decoder.stream, encoder.stream

    def vocoder(self, model: ModelFile, choice: VocoderChoice) -> tuple[Streams, str]:
        """A maker of vocoder streams, and the digest of its weights."""
        if choice.origin == "universal":
            return self._universal()
        if choice.path is None:
            return self._vocoder_from(model, choice)
        with ModelFile.open(choice.path) as file:
            return self._vocoder_from(file, choice)

    def delay(self, choice: VocoderChoice) -> int:
        """Samples by which a stream of this vocoder is late."""
        return vocoder_delay(choice.kind, choice.config)

    def _universal(self) -> tuple[Streams, str]:
        """BigVGAN, always in torch. Raises WeightsError where its weights have not been downloaded."""
        from distill_engine.streaming.backends.torch_backend import TorchBackend
        from distill_engine.vocoders.bigvgan import load_bigvgan

        loaded = load_bigvgan(torch_device=self._device or "auto", fetch=False)
        network, bands = loaded.network, loaded.config.bands
        return (
            lambda: TorchBackend(network.initial_state, network.step, bands, 1, loaded.device, loaded.dtype),
            loaded.digest,
        )

    def _vocoder_from(self, file: ModelFile, choice: VocoderChoice) -> tuple[Streams, str]:
        config = vocoder_config(file.manifest, choice.kind, str(file.path))
        name = f"vocoder/{choice.kind}"
        part = file.read_part(name)
        digest = file.manifest.parts[name].sha256
        if self._device is not None:
            return self._torch_vocoder(part, choice), digest
        graph = self._graph(file, f"runtime/{name}.onnx", part, Fraction(config.hop), (config.bands, 1))
        return graph.stream, digest

    def _graph(
        self, file: ModelFile, name: str, part: dict[str, np.ndarray], rate: Fraction, channels: tuple[int, int]
    ) -> OnnxGraph:
        if name not in file.graphs:
            raise ModelFileError(
                f"{file.path} has no {name} to play without torch; use --torch-device cpu, or train it again"
            )
        data = file.read_graph(name)
        shapes = {"x": (1, channels[0], None)}, {"y": (1, channels[1], None)}
        report = check_graph(data, inputs=shapes[0], outputs=shapes[1], where=f"{file.path}: {name}")
        return OnnxGraph(data, tuple(report.weights), part, rate, self._settings)

    def _torch_model(self, part: dict[str, np.ndarray], config: ModelConfig) -> tuple[Streams, Streams]:
        from distill_engine.models.build import build_model
        from distill_engine.streaming.backends.torch_backend import TorchBackend, torch_device

        device = torch_device(self._device or "auto")
        model = _load(build_model(config), part, device)

        def decoder() -> StepBackend:
            return TorchBackend(
                model.decoder_initial_state, model.decoder_step, config.latent_dim, config.bands, device
            )

        def encoder() -> StepBackend:
            return TorchBackend(
                model.encoder_initial_state, model.encoder_step, config.bands, config.latent_dim, device
            )

        return decoder, encoder

    def _torch_vocoder(self, part: dict[str, np.ndarray], choice: VocoderChoice) -> Streams:
        from distill_engine.streaming.backends.torch_backend import TorchBackend, torch_device
        from distill_engine.vocoders.registry import build_vocoder

        device = torch_device(self._device or "auto")
        network = _load(build_vocoder(choice.kind, choice.config), part, device)
        return lambda: TorchBackend(network.initial_state, network.step, int(network.config.bands), 1, device)


def _load(network: Any, part: dict[str, np.ndarray], device: Any) -> Any:
    """The network with the part's weights, in float32, ready to play."""
    import torch

    tensors = {name: torch.from_numpy(np.ascontiguousarray(value)).float() for name, value in part.items()}
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        detail = " ".join(str(error).split())[:160]
        raise ModelFileError(f"the weights do not fit the model's own config: {detail}") from None
    return network.to(device).eval()
