"""Find the size of every value in an ONNX graph without running it."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from distill_engine.modelfile.graph_nodes import MAX_EXTENT, Refused, parts_of
from distill_engine.modelfile.graph_work import work
from distill_engine.system.names import printable

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

Integers = npt.NDArray[np.int64]

PROBE = 64  # frames of input
STREAMS = 8  # of a batch
MAX_VALUE = 1 << 26  # elements of any value
MAX_TOTAL = 1 << 29  # elements of all values
MAX_WORK = 1 << 36  # multiply-adds: a second or two of a processor's core, for 0.74 s of sound
_PASSES = 8  # of shape inference, at most
_FEW = 64  # numbers that a value may have if sizes are computed with it
_ARITHMETIC = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply}
_SAME_NUMBERS = ("Identity", "Reshape", "Squeeze", "Unsqueeze")


def check_sizes(model: ModelProto) -> None:
    """Check that every tensor shape in the graph is a function of the input shapes, and its size.

    At PROBE frames, of STREAMS streams, no tensor may exceed MAX_VALUE elements, nor all of them
    MAX_TOTAL. The graph may take MAX_WORK multiply-adds. Raises Refused.
    """
    total, graph = 0, _inferred(model).graph
    for part in parts_of(graph):
        shapes = _shapes(part)
        for node in part.node:
            for name in filter(None, node.output):
                if name not in shapes:
                    raise Refused(f"the size of '{printable(name, 60)}' ({node.op_type}) cannot be foreseen")
                size = prod(shapes[name])
                total += size
                if size > MAX_VALUE:
                    raise Refused(f"value '{printable(name, 60)}' of {size} numbers, at most {MAX_VALUE} are allowed")
    if total > MAX_TOTAL:
        raise Refused(f"values of {total} numbers, at most {MAX_TOTAL} are allowed")
    if (count := work(graph, _shapes)) > MAX_WORK:
        raise Refused(f"{count} multiply-adds for {PROBE} frames, at most {MAX_WORK} are allowed")


def _inferred(model: ModelProto) -> ModelProto:
    """Return the model with its shapes for PROBE frames, as far as they can be inferred.

    Nodes that compute with sizes are replaced by constants, over and over, until no more shapes
    follow.
    """
    from onnx import shape_inference

    probe = type(model)()
    probe.CopyFrom(model)
    for value in probe.graph.input:
        for axis, extent in enumerate(value.type.tensor_type.shape.dim):
            if not extent.HasField("dim_value"):
                extent.dim_value = PROBE if axis else STREAMS
    for part in parts_of(probe.graph):  # the shapes that the file itself states do not count
        del part.value_info[:]
        for value in part.output:
            value.type.tensor_type.ClearField("shape")
    for _ in range(_PASSES):
        try:
            inferred = shape_inference.infer_shapes(probe, strict_mode=True, data_prop=False)
        except (shape_inference.InferenceError, ValueError, RuntimeError) as error:
            raise Refused("its shapes contradict each other") from error
        if not _put_in(probe.graph, _shapes(inferred.graph)):
            break
    return inferred


def _shapes(graph: GraphProto) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the values whose extents are all known."""
    found = {}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        tensor = value.type.tensor_type
        extents = tuple(extent.dim_value if extent.HasField("dim_value") else -1 for extent in tensor.shape.dim)
        if tensor.HasField("shape") and min(extents, default=0) >= 0:
            found[value.name] = extents
    return found


def _put_in(graph: GraphProto, shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Replace nodes that compute with known sizes by constants; returns whether anything changed.

    The bodies of scans get copies of the constants, because inference does not see those outside a
    body.
    """
    from onnx import helper, numpy_helper

    constants, changed = _constants(graph), False
    known = {name: value for name, value in constants.items() if _counts(value)}
    for node in graph.node:
        value = _computed(node, known, shapes)
        if value is not None and _counts(value):
            known[node.output[0]] = value
            node.CopyFrom(helper.make_node("Constant", [], node.output[:1], value=numpy_helper.from_array(value)))
            changed = True
    constants |= known
    for body in list(parts_of(graph))[1:]:
        own = {name for node in body.node for name in node.output} | {value.name for value in body.input}
        new = constants.keys() - own - {tensor.name for tensor in body.initializer}
        body.initializer.extend(numpy_helper.from_array(constants[name], name) for name in sorted(new))
        changed |= bool(new)
    return changed


def _constants(graph: GraphProto) -> dict[str, Integers]:
    """Return the constants of at most _FEW integers."""
    from onnx import TensorProto, numpy_helper

    tensors = {tensor.name: tensor for tensor in graph.initializer}
    tensors |= {o: a.t for n in graph.node if n.op_type == "Constant" for a in n.attribute for o in n.output}
    whole = {
        name: numpy_helper.to_array(tensor)
        for name, tensor in tensors.items()
        if tensor.data_type == TensorProto.INT64 and tensor.data_location == TensorProto.DEFAULT
    }
    return {name: value for name, value in whole.items() if value.size <= _FEW}


def _counts(value: Integers) -> bool:
    """Return whether sizes may be computed with it."""
    return value.size <= _FEW and all(abs(number) <= MAX_EXTENT for number in value.ravel().tolist())


def _computed(node: NodeProto, known: Mapping[str, Integers], shapes: Mapping[str, tuple[int, ...]]) -> Integers | None:
    """Return what a node computes from known sizes and constants.

    None if one of them is unknown or the node does anything else.
    """
    if node.op_type == "Shape" and node.input and node.input[0] in shapes:
        given = {attribute.name: attribute.i for attribute in node.attribute}
        return np.array(shapes[node.input[0]][given.get("start", 0) : given.get("end")], np.int64)
    values = [known[name] for name in node.input if name in known]
    if len(node.output) != 1 or not values or len(values) != len(node.input):
        return None
    if node.op_type in _SAME_NUMBERS and prod(shapes.get(node.output[0], (-1,))) == values[0].size:
        return values[0].reshape(shapes[node.output[0]])
    if node.op_type in _ARITHMETIC and len(values) == 2:
        return np.asarray(_ARITHMETIC[node.op_type](*values))
    return np.concatenate(values) if node.op_type == "Concat" and all(value.ndim == 1 for value in values) else None
