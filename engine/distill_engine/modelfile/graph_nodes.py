"""Check the nodes and constants of an ONNX graph from a file, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import TYPE_CHECKING

from distill_engine.modelfile.operators import ALLOWED, SCAN
from distill_engine.system.names import printable

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, NodeProto, TensorProto

MAX_STATES = 1024  # of a graph, and inputs of a scan's body
MAX_INSIDE = 1 << 18  # elements of a constant inside the graph
MAX_EXTENT = 1 << 24  # largest size, position or repetition given as a constant
_UNLIMITED = (1 << 31) - 1  # from here on a number means "to the end" of a slice


class Refused(Exception):
    """A graph is refused; the text says why."""


def shape_text(shape: Sequence[int | None]) -> str:
    """Return a shape for messages; None is an extent of any size."""
    return "[" + ", ".join("any" if n is None else str(n) for n in shape) + "]"


def elements(shape: Sequence[int]) -> int:
    """Return the elements of a shape; -1 if it has more than 8 extents or a negative one."""
    return -1 if len(shape) > 8 or any(n < 0 for n in shape) else prod(shape)


def check_constant(tensor: TensorProto) -> None:
    """Check a constant inside the graph: its size, its length, and the range of its integers.

    Raises Refused.
    """
    import numpy as np
    from onnx import TensorProto, numpy_helper

    kinds = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT64, TensorProto.INT32, TensorProto.BOOL)
    shape = tuple(int(n) for n in tensor.dims)
    if tensor.external_data or tensor.HasField("segment") or tensor.data_location != TensorProto.DEFAULT:
        raise Refused(f"constant '{printable(tensor.name, 60)}' points to a file")
    if tensor.data_type not in kinds or not 0 <= elements(shape) <= MAX_INSIDE:
        raise Refused(
            f"constant '{printable(tensor.name, 60)}' has an impossible type or shape {shape_text(shape[:8])}"
        )
    try:
        value = numpy_helper.to_array(tensor)
    except (ValueError, TypeError) as error:
        raise Refused(f"constant '{printable(tensor.name, 60)}' is not as long as its shape says") from error
    if value.dtype.kind == "i":
        _check_extents(value.ravel().tolist(), tensor.name)
    elif np.isnan(value).any():
        raise Refused(f"constant '{printable(tensor.name, 60)}' is not a number")


def _check_extents(values: Sequence[int], name: str) -> None:
    for number in values:
        if MAX_EXTENT < abs(number) < _UNLIMITED:
            raise Refused(f"size {number} in '{printable(name, 60)}' is more than {MAX_EXTENT}")


def parts_of(graph: GraphProto) -> Iterator[GraphProto]:
    """Yield the graph and the bodies of its scans."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield attribute.g


def check_nodes(graph: GraphProto, known: set[str], inside: bool = False) -> None:
    """Check that operators are allowed, attributes plain, and values computed before they are used.

    `known` are the values that exist before the first node; the graph's are added. `inside` is set
    for the body of a scan. Raises Refused.
    """
    if not inside and len(known) != len(graph.input) + len(graph.initializer):
        raise Refused("an input and a constant share a name")
    for node in graph.node:
        scan = node.op_type == SCAN and not inside
        if node.domain not in ("", "ai.onnx") or (node.op_type not in ALLOWED and not scan):
            domain = f"{printable(node.domain, 30)}::" if node.domain else ""
            raise Refused(f"operator {domain}{printable(node.op_type, 40)} is not allowed")
        for name in node.input:
            if name and name not in known:
                raise Refused(f"{node.op_type} uses '{printable(name, 60)}', which does not exist before it")
        if len({attribute.name for attribute in node.attribute}) != len(node.attribute):
            raise Refused(f"{node.op_type} has an attribute twice")
        for attribute in node.attribute:
            if scan and attribute.name == "body":
                _check_body(attribute, known)
            else:
                _check_attribute(node, attribute)
        for name in node.output:
            if name in known:
                raise Refused(f"value '{printable(name, 60)}' is computed twice")
            known |= {name} if name else set()
    for value in graph.output:
        if value.name not in known:
            raise Refused(f"output '{printable(value.name, 60)}' is never computed")


def _check_body(attribute: AttributeProto, known: set[str]) -> None:
    """Check the body of a scan: allowed operators, no weights of its own, no scan in it."""
    from onnx import AttributeProto

    body = attribute.g
    if attribute.type != AttributeProto.GRAPH or attribute.ref_attr_name or attribute.graphs:
        raise Refused("Scan.body is not a graph")
    if body.initializer or body.sparse_initializer or body.quantization_annotation:
        raise Refused("Scan.body has weights of its own")
    names = [value.name for value in body.input]
    if len(set(names)) != len(names) or not known.isdisjoint(names) or len(names) > MAX_STATES:
        raise Refused("Scan.body takes a value twice")
    check_nodes(body, known | set(names), inside=True)


def _check_attribute(node: NodeProto, attribute: AttributeProto) -> None:
    from onnx import AttributeProto

    plain = (
        AttributeProto.FLOAT,
        AttributeProto.FLOATS,
        AttributeProto.INT,
        AttributeProto.INTS,
        AttributeProto.STRING,
    )
    label = f"{node.op_type}.{printable(attribute.name, 40)}"
    if attribute.ref_attr_name or attribute.HasField("g") or attribute.graphs or attribute.HasField("sparse_tensor"):
        raise Refused(f"{label} is a sub-graph")
    if attribute.type == AttributeProto.TENSOR:
        check_constant(attribute.t)
    elif attribute.type not in plain:
        raise Refused(f"{label} is of a kind that is not allowed")
    if any(abs(number) > MAX_EXTENT for number in [attribute.i, *attribute.ints]):
        raise Refused(f"{label} is more than {MAX_EXTENT}")
