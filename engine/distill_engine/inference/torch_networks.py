"""Networks of a model file as torch modules on a device. torch is imported on the first call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from distill_engine.errors import ModelFileError, short_message
from distill_engine.inference.step_backend import StepBackend
from distill_engine.inference.torch_import import import_torch
from distill_engine.inference.vocoder_candidates import VocoderChoice
from distill_engine.models.model_config import ModelConfig
from distill_engine.system.listeners import Listener, ignore

Streams = Callable[[], StepBackend]


def torch_model(
    part: Mapping[str, np.ndarray], config: ModelConfig, torch_device: str, notify: Listener
) -> tuple[Streams, Streams]:
    """Return functions that make decoder and encoder streams of a latent model, computed in torch.

    `part` holds the model's tensors, each of its own shape [...]. `notify` receives a sentence when
    work continues on another device. Raises ModelFileError if the tensors do not fit `config`.
    """
    import_torch()
    from distill_engine.inference.torch_backend import TorchBackend
    from distill_engine.layers.runner import Runner
    from distill_engine.models.build import build_model

    model, device = _placed(lambda: build_model(config), part, torch_device, notify)
    decoder = Runner(model, device, initial_state=model.decoder_initial_state, step=model.decoder_step, notify=notify)
    encoder = Runner(
        model, device, initial_state=model.encoder_initial_state, step=model.encoder_step, unit=config.reduction,
        notify=notify,
    )  # fmt: skip
    return (
        lambda: TorchBackend(decoder, config.latent_dim, config.bands),
        lambda: TorchBackend(encoder, config.bands, config.latent_dim),
    )


def torch_vocoder(
    part: Mapping[str, np.ndarray], choice: VocoderChoice, torch_device: str, notify: Listener
) -> Streams:
    """Return a function that makes streams of a vocoder, computed in torch.

    Arguments and errors are those of `torch_model`.
    """
    import_torch()
    from distill_engine.inference.torch_backend import TorchBackend
    from distill_engine.layers.runner import Runner
    from distill_engine.vocoders.registry import build_vocoder

    network, device = _placed(lambda: build_vocoder(choice.kind, choice.config), part, torch_device, notify)
    runner = Runner(network, device, notify=notify)
    return lambda: TorchBackend(runner, int(network.config.bands), 1)


def model_network(part: Mapping[str, np.ndarray], config: ModelConfig) -> Any:
    """Return a latent model with its weights, each of its own shape [...], on the CPU.

    Raises ModelFileError if they do not fit.
    """
    from distill_engine.models.build import build_model

    return _placed(lambda: build_model(config), part, "cpu", ignore)[0]


def vocoder_network(part: Mapping[str, np.ndarray], choice: VocoderChoice) -> Any:
    """Return a vocoder with its weights, as `model_network` does."""
    from distill_engine.vocoders.registry import build_vocoder

    return _placed(lambda: build_vocoder(choice.kind, choice.config), part, "cpu", ignore)[0]


def _placed(
    build: Callable[[], Any], part: Mapping[str, np.ndarray], torch_device: str, notify: Listener
) -> tuple[Any, Any]:
    """Return the network with the part's weights in float32 on its device, and that device."""
    import torch

    from distill_engine.layers.runner import choose_device, move_network

    tensors = {name: torch.from_numpy(np.ascontiguousarray(value)).float() for name, value in part.items()}
    try:
        network = build()
        network.load_state_dict(tensors)
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(f"the weights do not fit the model's own config: {short_message(error)}") from None
    device = move_network(network.eval(), choose_device(torch_device or "auto"), notify)
    return network, device
