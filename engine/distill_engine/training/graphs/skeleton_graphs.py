"""ONNX graphs of a skeleton, written node by node: an instrument in seconds needs no export.

They compute what `SkeletonModel` does without a correction. The numbers stay outside the graphs,
under the names of the model's arrays (see `inference.graph_weights`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from distill_engine.analysis.stretches.skeleton import FLOOR
from distill_engine.modelfile.graphs import WEIGHTS
from distill_engine.models.model_config import ModelConfig

if TYPE_CHECKING:
    from onnx import ModelProto, TensorProto, ValueInfoProto

OPSET, IR = 18, 9  # versions of the operators and of the format


def skeleton_graphs(config: ModelConfig) -> dict[str, bytes]:
    """Return the graphs of decoder and encoder of an uncorrected model, by name."""
    return {
        "runtime/decoder.onnx": _decoder(config).SerializeToString(),
        "runtime/encoder.onnx": _encoder(config).SerializeToString(),
    }


def mark_external(tensor: TensorProto, size: int) -> None:
    """Let an initializer of `size` bytes lie outside its graph, under its own name."""
    tensor.data_location = tensor.EXTERNAL
    for key, text in (("location", WEIGHTS), ("offset", "0"), ("length", str(size))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, text


def _encoder(config: ModelConfig) -> ModelProto:
    from onnx import helper

    node = helper.make_node
    nodes = [
        node("Sub", ["x", "mean"], ["centred"]),
        node("Transpose", ["basis"], ["axes"], perm=[1, 0]),
        node("MatMul", ["axes", "centred"], ["along"]),
        node("Div", ["along", "spread"], ["y"]),
    ]
    return _model(config, nodes, config.bands, config.latent_dim, ("basis", "mean", "spread"))


def _decoder(config: ModelConfig) -> ModelProto:
    from onnx import helper, numpy_helper

    node = helper.make_node
    nodes = [
        node("Mul", ["x", "spread"], ["along"]),
        node("MatMul", ["basis", "along"], ["centred"]),
        node("Add", ["centred", "mean"], ["open"]),
        node("Max", ["open", "floor"], ["raised"]),
        node("Min", ["raised", "ceiling"], ["y"]),
    ]
    proto = _model(config, nodes, config.latent_dim, config.bands, ("basis", "mean", "spread", "ceiling"))
    proto.graph.initializer.append(numpy_helper.from_array(np.float32(FLOOR).reshape(1), "floor"))
    return proto


def _model(config: ModelConfig, nodes: list, inputs: int, outputs: int, names: tuple[str, ...]) -> ModelProto:  # type: ignore[type-arg]
    """Return a graph x [1, inputs, n] -> y [1, outputs, n] with these external arrays."""
    from onnx import TensorProto, helper

    def signal(name: str, channels: int) -> ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, "frames"])

    graph = helper.make_graph(nodes, "skeleton", [signal("x", inputs)], [signal("y", outputs)])
    shapes = {
        "basis": (config.bands, config.latent_dim),
        "mean": (config.bands, 1),
        "spread": (config.latent_dim, 1),
        "ceiling": (config.bands, 1),
    }
    for name in names:
        tensor = graph.initializer.add()
        tensor.name, tensor.data_type = name, TensorProto.FLOAT
        tensor.dims.extend(shapes[name])
        mark_external(tensor, 4 * math.prod(shapes[name]))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
