"""Graphs that are written node by node compute what the networks in torch do, whole and streamed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from distill_engine.inference.onnx_backend import OnnxGraph
from distill_engine.models.build import build_model
from distill_engine.models.model_config import ModelConfig, skeleton_config
from distill_engine.training.graphs.export import export_runtime

SKELETON = replace(skeleton_config(24), corrected=True, decoder_channels=24, decoder_blocks=3, expansion=2)
FIRST = ModelConfig(latent_dim=8, encoder_channels=12, encoder_blocks=3, decoder_channels=12, expansion=2)
CONFIGS = {
    "skeleton": replace(SKELETON, corrected=False),
    "correction": SKELETON,
    "one block of kernel 1": replace(SKELETON, decoder_blocks=1, kernel=1),
    "as trained": replace(skeleton_config(), corrected=True),
    "version 1": FIRST,
    "version 1, one block": replace(FIRST, encoder_blocks=1, kernel=3, reduction=2),
}


def network_of(config: ModelConfig) -> Any:
    """Return a model whose weights, norms and statistics are all far from where training begins."""
    generator = torch.Generator().manual_seed(4)
    network: Any = build_model(config).eval()
    with torch.no_grad():
        for name, value in [*network.named_parameters(), *network.named_buffers()]:
            if name not in ("basis", "ceiling"):
                value.add_(0.05 * torch.randn(value.shape, generator=generator))
        if config.version == 2:
            basis = torch.linalg.qr(torch.randn(config.bands, config.latent_dim, generator=generator))[0]
            network.load_state_dict({"basis": basis, "ceiling": torch.full((config.bands, 1), 3.0)}, strict=False)
    return network


@pytest.mark.parametrize("role", ["decoder", "encoder"])
@pytest.mark.parametrize("name", CONFIGS)
def test_a_written_graph_streams_what_the_network_computes_whole(name: str, role: str) -> None:
    config = CONFIGS[name]
    network = network_of(config)
    data = export_runtime(network)[f"runtime/{role}.onnx"]
    proto = onnx.load_model_from_string(data)
    outside = tuple(t.name for t in proto.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL)
    part = {key: value.numpy() for key, value in network.state_dict().items()}
    encoding = role == "encoder"
    unit = config.reduction if encoding else 1
    channels = config.bands if encoding else config.latent_dim
    stream = OnnxGraph(data, outside, part, Fraction(1, unit)).stream()
    x = torch.randn(1, channels, 30 * unit, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        y = network.encode(x) if encoding else network.decode(x)
    cuts = unit * np.cumsum([1, 2, 7, 1, 12])
    parts = [stream.step(np.ascontiguousarray(block)).copy() for block in np.split(x[0].numpy(), cuts, axis=1)]
    limit = 1e-5 * max(1.0, float(y.abs().max()))
    assert np.abs(np.concatenate(parts, axis=1) - y[0].numpy()).max() <= limit
    assert not [t for t in proto.graph.initializer if np.prod(t.dims) > 1 and t.name not in outside]
