"""ONNX graphs of a latent model of version 1, written node by node."""

from __future__ import annotations

from distill_engine.models.model_config import ModelConfig
from distill_engine.training.graphs.nodes import Nodes, StackShape, channel_norm, pointwise, stack

COARSE_KERNEL = 3  # of the encoder's convolutions at the rate of latents


def latent_graphs(config: ModelConfig) -> dict[str, bytes]:
    """Return the graphs of decoder and encoder of a `LatentModel`, by name."""
    return {"runtime/decoder.onnx": _decoder(config), "runtime/encoder.onnx": _encoder(config)}


def _decoder(c: ModelConfig) -> bytes:
    nodes, width = Nodes(), c.decoder_channels
    shape = StackShape(c.latent_dim, width, c.decoder_blocks, c.expansion * width, c.kernel)
    spread = nodes.add("Mul", "x", nodes.weight("latent_std", c.latent_dim, 1))
    y = stack(nodes, nodes.add("Add", spread, nodes.weight("latent_mean", c.latent_dim, 1)), "decoder", shape)
    y = pointwise(nodes, channel_norm(nodes, y, "output_norm", width), "output", width, c.bands)
    spread = nodes.add("Mul", y, nodes.weight("mel_std", 1, 1))
    nodes.add("Add", spread, nodes.weight("mel_mean", c.bands, 1), output="y")
    return nodes.graph(c.latent_dim, c.bands)


def _encoder(c: ModelConfig) -> bytes:
    nodes, width, hidden = Nodes(), c.encoder_channels, c.expansion * c.encoder_channels
    blocks = max(1, c.encoder_blocks // 2)
    fine = StackShape(c.bands, width, blocks, hidden, c.kernel)
    coarse = StackShape(width, width, max(1, c.encoder_blocks - blocks), hidden, COARSE_KERNEL)
    centred = nodes.add("Sub", "x", nodes.weight("mel_mean", c.bands, 1))
    y = stack(nodes, nodes.add("Div", centred, nodes.weight("mel_std", 1, 1)), "encoder.fine", fine, "fine.")
    y = pointwise(nodes, y, "encoder.down", width, width, c.reduction)
    y = pointwise(nodes, stack(nodes, y, "encoder.coarse", coarse, "coarse."), "encoder.head", width, 2 * c.latent_dim)
    bounds = (
        nodes.constant(name, [value]) for name, value in (("first", 0), ("end", c.latent_dim), ("channel_axis", 1))
    )
    means = nodes.add("Slice", y, *bounds)  # log-variances follow
    centred = nodes.add("Sub", means, nodes.weight("latent_mean", c.latent_dim, 1))
    nodes.add("Div", centred, nodes.weight("latent_std", c.latent_dim, 1), output="y")
    return nodes.graph(c.bands, c.latent_dim, c.reduction)
