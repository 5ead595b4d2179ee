"""ONNX graphs of a skeleton and its correction, written node by node: no export, no waiting.

They compute what `SkeletonModel` does. The numbers stay outside the graphs, under the names of the
model's arrays (see `inference.graph_weights`).
"""

from __future__ import annotations

from distill_engine.analysis.stretches.skeleton import FLOOR
from distill_engine.models.model_config import ModelConfig
from distill_engine.training.graphs.nodes import Nodes, StackShape, channel_norm, pointwise, stack


def skeleton_graphs(config: ModelConfig) -> dict[str, bytes]:
    """Return the graphs of decoder and encoder of a model of version 2, by name."""
    return {
        "runtime/decoder.onnx": _decoder(config),
        "runtime/encoder.onnx": _encoder(config),
    }


def _encoder(c: ModelConfig) -> bytes:
    nodes = Nodes()
    basis, mean = nodes.weight("basis", c.bands, c.latent_dim), nodes.weight("mean", c.bands, 1)
    centred = nodes.add("Sub", "x", mean)
    along = nodes.add("MatMul", nodes.add("Transpose", basis, perm=[1, 0]), centred)
    nodes.add("Div", along, nodes.weight("spread", c.latent_dim, 1), output="y")
    return nodes.graph(c.bands, c.latent_dim)


def _decoder(c: ModelConfig) -> bytes:
    nodes = Nodes()
    along = nodes.add("Mul", "x", nodes.weight("spread", c.latent_dim, 1))
    centred = nodes.add("MatMul", nodes.weight("basis", c.bands, c.latent_dim), along)
    mel = nodes.add("Add", centred, nodes.weight("mean", c.bands, 1))
    if c.corrected:
        mel = nodes.add("Add", mel, _correction(nodes, c))
    raised = nodes.add("Max", mel, nodes.constant("floor", FLOOR))
    nodes.add("Min", raised, nodes.weight("ceiling", c.bands, 1), output="y")
    return nodes.graph(c.latent_dim, c.bands)


def _correction(nodes: Nodes, c: ModelConfig) -> str:
    """Add a `Correction` of x; return what it adds to the mel [1, bands, T]."""
    width = c.decoder_channels
    shape = StackShape(c.latent_dim, width, c.decoder_blocks, c.expansion * width, c.kernel)
    y = channel_norm(nodes, stack(nodes, "x", "correction.stack", shape), "correction.norm", width)
    return pointwise(nodes, y, "correction.output", width, c.bands)
