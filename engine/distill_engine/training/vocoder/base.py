"""The shipped base vocoders, from which a model's own vocoder starts."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import nn

from distill_engine.errors import VocoderError
from distill_engine.modelfile import ModelFile
from distill_engine.training.storage import load_weights
from distill_engine.vocoders.registry import build_vocoder, vocoder_kind


def base_network(kind: str, config: dict[str, Any]) -> nn.Module | None:
    """Return the shipped base vocoder of a kind, in evaluation mode.

    None if there is none, or if its weights do not fit this configuration.
    """
    arrays = _base_weights(kind, config)
    if arrays is None:
        return None
    network: nn.Module = build_vocoder(kind, config).eval()
    load_weights(network, arrays, "base vocoder")
    return network


def _base_weights(kind: str, config: dict[str, Any]) -> dict[str, np.ndarray] | None:
    """Return the weights of the shipped base vocoder, each in its own shape [...], or None."""
    from distill_engine.library.assets import base_vocoder_path

    try:
        path = base_vocoder_path(kind)
    except VocoderError:
        return None
    parse = vocoder_kind(kind).config.from_dict
    with ModelFile.open(path) as file:
        row = file.manifest.vocoders.get(kind)
        same = row is not None and parse(row["config"]).today() == parse(config).today()
        return file.read_part(f"vocoder/{kind}") if same else None
