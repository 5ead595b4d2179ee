"""Count the multiply-adds of an ONNX graph whose shapes are known, without running it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

Shape = tuple[int, ...]
ShapesIn = Callable[["GraphProto"], Mapping[str, Shape]]


def work(graph: GraphProto, shapes_in: ShapesIn, around: Mapping[str, Shape] | None = None) -> int:
    """Return the multiply-adds of a graph with its scans; a body counts once for each frame.

    `shapes_in(graph)` are the shapes of the values in a graph or body, `around` those outside it.
    Arithmetic of single elements counts as one each.
    """
    constants = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    shapes = {**(around or {}), **constants, **shapes_in(graph)}
    return sum(_node_work(node, shapes, shapes_in) for node in graph.node)


def _node_work(node: NodeProto, shapes: Mapping[str, Shape], shapes_in: ShapesIn) -> int:
    given = {attribute.name: _plain(attribute) for attribute in node.attribute}
    if "body" in given:
        return _frames(node, given, shapes) * work(given["body"], shapes_in, shapes)
    inputs = [shapes.get(name, ()) for name in node.input]
    outputs = [shapes.get(name, ()) for name in node.output if name]
    elements = sum(map(prod, inputs)) + sum(map(prod, outputs))
    if node.op_type not in _PER_ELEMENT or not inputs or not outputs:
        return elements
    return elements + _PER_ELEMENT[node.op_type](inputs, outputs[0], given)


def _plain(attribute: Any) -> Any:
    if attribute.HasField("g"):
        return attribute.g
    return attribute.s.decode("utf-8", "replace") or list(attribute.ints) or attribute.i


def _frames(node: NodeProto, given: Mapping[str, Any], shapes: Mapping[str, Shape]) -> int:
    """Return how often a scan's body runs: the longest of the axes that it goes along."""
    count = int(given.get("num_scan_inputs", 1))
    scanned = list(node.input)[-count:]
    axes = given.get("scan_input_axes") or [0] * len(scanned)
    extents = [
        shapes[name][axis]
        for name, axis in zip(scanned, axes, strict=False)
        if name in shapes and -len(shapes[name]) <= axis < len(shapes[name])
    ]
    return max(extents, default=1)


def _einsum(inputs: Sequence[Shape], output: Shape, given: Mapping[str, Any]) -> int:
    """Return the product of all indices' extents; each axis under an ellipsis has its own index."""
    extents: dict[str, int] = {}
    terms = str(given.get("equation", "")).replace(" ", "").split("->")[0].split(",")
    for term, shape in zip(terms, inputs, strict=False):
        before, ellipsis, after = term.partition("...")
        hidden = [f"ellipsis {axis}" for axis in range(len(shape) - len(before) - len(after))] if ellipsis else []
        for index, extent in zip([*before, *hidden, *after], shape, strict=False):
            extents[index] = max(extent, extents.get(index, 1))
    return prod(extents.values())


def _gemm(inputs: Sequence[Shape], output: Shape, given: Mapping[str, Any]) -> int:
    return prod(output) * inputs[0][0 if given.get("transA") else -1] if inputs[0] else 0


_Count = Callable[[Sequence[Shape], Shape, Mapping[str, Any]], int]
_PER_ELEMENT: dict[str, _Count] = {
    "MatMul": lambda inputs, output, given: prod(output) * (inputs[0][-1] if inputs[0] else 0),
    "Gemm": _gemm,
    "Conv": lambda inputs, output, given: prod(output) * prod(inputs[1][1:]),
    "ConvTranspose": lambda inputs, output, given: prod(inputs[0]) * prod(inputs[1][1:]),
    "Einsum": _einsum,
    "DFT": lambda inputs, output, given: prod(output) * max(inputs[0], default=1),
    "AveragePool": lambda inputs, output, given: prod(output) * prod(given.get("kernel_shape") or [1]),
    "MaxPool": lambda inputs, output, given: prod(output) * prod(given.get("kernel_shape") or [1]),
}
"""Multiply-adds beyond one for each element, by operator."""
