"""Write the streaming layers of a network as nodes of an ONNX graph, in the forms that run fastest.

The weights stay outside the graph, under the names of the network's own; see
`layers.runtime_forms` for why convolutions have two axes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from distill_engine.inference.onnx_backend import INITIAL
from distill_engine.modelfile.graphs import WEIGHTS

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto, ValueInfoProto

OPSET, IR = 18, 9  # versions of the operators and of the format
NORM_EPSILON = 1e-6  # of all layer norms
_LAST = np.iinfo(np.int64).max  # end of a slice: the array's


@dataclass(frozen=True)
class StackShape:
    """Shape of a `Stack`: its channels, blocks, hidden channels of a block, kernel."""

    inputs: int
    channels: int
    blocks: int
    hidden: int
    kernel: int


class Nodes:
    """Nodes in their order, and what they refer to.

    Attributes:
        nodes: the nodes.
        weights: shapes of the arrays outside the graph, by name.
        constants: arrays inside the graph, by name.
        states: shapes of the states, by name.
    """

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: dict[str, tuple[int, ...]] = {}
        self.constants: dict[str, np.ndarray] = {}
        self.states: dict[str, tuple[int, ...]] = {}

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node; return the name of its output."""
        from onnx import helper

        output = output or f"{operator.lower()}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def weight(self, name: str, *shape: int) -> str:
        """Refer to a weight of the network, or to "NAME::T", the transpose of one."""
        self.weights[name] = shape
        return name

    def constant(self, name: str, value: float | list[int]) -> str:
        """Refer to a number or to a list of whole numbers."""
        self.constants[name] = np.array(value, np.int64 if isinstance(value, list) else np.float32)
        return name

    def graph(self, inputs: int, outputs: int, reduction: int = 1) -> bytes:
        """Return the graph x [1, inputs, reduction * n] -> y [1, outputs, n], with its states."""
        from onnx import TensorProto, helper

        def values(prefix: str, name: str, channels: int, frames: str) -> list[ValueInfoProto]:
            shapes: dict[str, tuple[int | str, ...]] = {name: (1, channels, frames)}
            shapes |= {f"{prefix}{state}": shape for state, shape in self.states.items()}
            return [helper.make_tensor_value_info(one, TensorProto.FLOAT, shape) for one, shape in shapes.items()]

        x = values("state.", "x", inputs, "frames")
        y = values("next_state.", "y", outputs, "frames" if reduction == 1 else "latents")
        whole = helper.make_graph(self.nodes, "network", x, y, self._initializers())
        proto = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
        helper.set_model_props(proto, {INITIAL: "{}"})  # all states begin at 0
        return bytes(proto.SerializeToString())

    def _initializers(self) -> list[TensorProto]:
        """Return weights, without their numbers, and constants."""
        from onnx import TensorProto, numpy_helper

        found = [numpy_helper.from_array(value, name) for name, value in self.constants.items()]
        for name, shape in self.weights.items():
            tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
            mark_external(tensor, 4 * math.prod(shape))
            found.append(tensor)
        return found


def mark_external(tensor: TensorProto, size: int) -> None:
    """Let an initializer of `size` bytes lie outside its graph, under its own name."""
    tensor.data_location = tensor.EXTERNAL
    for key, text in (("location", WEIGHTS), ("offset", "0"), ("length", str(size))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, text


def convolution(nodes: Nodes, x: str, name: str, state: str, shape: tuple[int, int, int], *, groups: int = 1) -> str:
    """Add a causal `StreamingConv1d` with weights [C_out, C_in / groups, kernel]; return y."""
    outputs, inputs, kernel = shape
    if kernel > 1:
        reach = nodes.constant(f"reach.{kernel}", [1 - kernel])
        ends, axes = nodes.constant("last", [_LAST]), nodes.constant("frames_axis", [2])
        nodes.states[state] = (1, inputs * groups, kernel - 1)
        x = nodes.add("Concat", f"state.{state}", x, axis=2)
        nodes.add("Slice", x, reach, ends, axes, output=f"next_state.{state}")
    height = nodes.constant("height_axis", [2])
    weight = nodes.add("Unsqueeze", nodes.weight(f"{name}.weight", *shape), height)
    bias = nodes.weight(f"{name}.bias", outputs)
    y = nodes.add("Conv", nodes.add("Unsqueeze", x, height), weight, bias, group=groups, kernel_shape=[1, kernel])
    return nodes.add("Squeeze", y, height)


def turned(nodes: Nodes, x: str) -> str:
    """Exchange channels and frames of x [1, C, T] or [1, T, C]."""
    return nodes.add("Transpose", x, perm=[0, 2, 1])


def norm(nodes: Nodes, x: str, name: str, channels: int) -> str:
    """Add a layer norm over the channels of x [1, T, C]."""
    weight, bias = nodes.weight(f"{name}.weight", channels), nodes.weight(f"{name}.bias", channels)
    return nodes.add("LayerNormalization", x, weight, bias, axis=-1, epsilon=NORM_EPSILON)


def channel_norm(nodes: Nodes, x: str, name: str, channels: int) -> str:
    """Add a `ChannelNorm` of x [1, C, T]."""
    return turned(nodes, norm(nodes, turned(nodes, x), name, channels))


def linear(nodes: Nodes, x: str, name: str, inputs: int, outputs: int) -> str:
    """Add a linear layer of x [1, T, inputs]."""
    product = nodes.add("MatMul", x, nodes.weight(f"{name}.weight::T", inputs, outputs))
    return nodes.add("Add", product, nodes.weight(f"{name}.bias", outputs))


def gelu(nodes: Nodes, x: str) -> str:
    """Add x / 2 (1 + erf(x / sqrt 2)): GELU (arXiv 1606.08415), which opset 18 lacks."""
    risen = nodes.add("Erf", nodes.add("Div", x, nodes.constant("root_of_two", math.sqrt(2.0))))
    share = nodes.add("Mul", nodes.add("Add", risen, nodes.constant("one", 1.0)), nodes.constant("half", 0.5))
    return nodes.add("Mul", x, share)


def convnext_block(nodes: Nodes, x: str, name: str, state: str, shape: StackShape) -> str:
    """Add a `ConvNeXtBlock` of x [1, C, T]."""
    channels, hidden, kernel = shape.channels, shape.hidden, shape.kernel
    y = convolution(nodes, x, f"{name}.depthwise", state, (channels, 1, kernel), groups=channels)
    y = norm(nodes, turned(nodes, y), f"{name}.norm", channels)
    y = gelu(nodes, linear(nodes, y, f"{name}.widen", channels, hidden))
    y = linear(nodes, y, f"{name}.narrow", hidden, channels)
    return nodes.add("Add", x, turned(nodes, nodes.add("Mul", y, nodes.weight(f"{name}.scale", channels))))


def stack(nodes: Nodes, x: str, name: str, shape: StackShape, state: str = "") -> str:
    """Add a `Stack` of x [1, inputs, T]; return y [1, C, T]. `state` precedes names of states."""
    s = shape
    y = convolution(nodes, x, f"{name}.embed", f"{state}embed.context", (s.channels, s.inputs, s.kernel))
    y = channel_norm(nodes, y, f"{name}.norm", s.channels)
    for index in range(s.blocks):
        block, context = f"{name}.blocks.{index}", f"{state}blocks.{index}.context"
        y = convnext_block(nodes, y, block, context, s)
    return y


def pointwise(nodes: Nodes, x: str, name: str, inputs: int, outputs: int, stride: int = 1) -> str:
    """Add a Conv1d of x [1, inputs, T] whose kernel is its stride; return [1, outputs, n]."""
    weight, bias = nodes.weight(f"{name}.weight", outputs, inputs, stride), nodes.weight(f"{name}.bias", outputs)
    return nodes.add("Conv", x, weight, bias, kernel_shape=[stride], strides=[stride])
