"""Give an exported graph a batch axis: several streams in one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distill_engine.modelfile.graph_nodes import parts_of

if TYPE_CHECKING:
    import onnx

BATCH = "batch"
"""The name of the axis in the shapes of inputs and outputs."""


def add_batch_axis(proto: onnx.ModelProto) -> None:
    """Let the first axis of every input and output, which is 1, have any length.

    The graph was traced with one stream, so a Reshape states that 1: it takes the length of its
    input's first axis instead (0 in ONNX). What the result computes has to be compared with the
    network, since not every graph can be changed in this way.
    """
    constants = {tensor.name: tensor for part in parts_of(proto.graph) for tensor in part.initializer}
    for number, part in enumerate(parts_of(proto.graph)):
        del part.value_info[:]
        for node in part.node:
            if node.op_type == "Reshape":
                _reshape_any(node, proto.graph, constants)
        for value in [*part.input, *part.output]:
            tensor = value.type.tensor_type
            if number:  # the body of a scan: its shapes follow from what it is given
                tensor.ClearField("shape")
            else:
                tensor.shape.dim[0].dim_param = BATCH


def _reshape_any(node: onnx.NodeProto, whole: onnx.GraphProto, constants: dict[str, onnx.TensorProto]) -> None:
    """Replace a leading 1 in the target shape of a Reshape by 0; `whole` holds the constants."""
    from onnx import numpy_helper

    shape = constants.get(node.input[1])
    if shape is None:
        return
    target = numpy_helper.to_array(shape).copy()
    if len(target) > 1 and target[0] == 1:
        target[0] = 0
        name = f"{BATCH}.{len(whole.initializer)}"
        whole.initializer.append(numpy_helper.from_array(target, name))
        node.input[1] = name
        for attribute in node.attribute:
            if attribute.name == "allowzero":
                attribute.i = 0
