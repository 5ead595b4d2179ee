"""Check an ONNX graph from a file before it runs.

A graph may hold arithmetic of the standard operators, small constants, and the declared inputs and
outputs. It cannot name files or hold branches, endless loops, functions, random numbers or custom
operators. A Scan may repeat such arithmetic frame by frame. Large weights are not in the graph:
they carry the marker `WEIGHTS` and are injected by name from the file's safetensors part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from distill_engine.errors import ModelFileError
from distill_engine.modelfile.graph_nodes import (
    MAX_INSIDE,
    MAX_STATES,
    Refused,
    check_constant,
    check_nodes,
    elements,
    parts_of,
    shape_text,
)
from distill_engine.modelfile.graph_sizes import check_sizes
from distill_engine.system.names import printable

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, ValueInfoProto

Shape = Sequence[int | None]
WEIGHTS = "weights"

MAX_GRAPH_BYTES = 4 << 20
MAX_NODES = 8192  # of a graph with its scans, and constants
MAX_WEIGHT = 1 << 26  # elements of an injected weight
_OPSETS = range(18, 27)


@dataclass(frozen=True)
class GraphReport:
    """Inputs and outputs of a checked graph, by name. Shapes have None for an extent of any size.

    `weights` are the shapes of the arrays to inject, by their names in the part; `metadata` is the
    graph's text.
    """

    inputs: Mapping[str, tuple[int | None, ...]]
    outputs: Mapping[str, tuple[int | None, ...]]
    weights: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]


def check_graph(
    data: bytes, *, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape], where: str = "graph"
) -> GraphReport:
    """Check the ONNX model in `data`; `where` names it in errors.

    `inputs` and `outputs` are the shapes that the config demands (None: any extent). Beside them a
    graph may have
    states: inputs "state.<name>" of fixed shape, each with an output "next_state.<name>" of the
    same shape. A first axis that should be 1 may be of any length instead: a batch of streams.
    Raises ModelFileError.
    """
    try:
        return _check(data, inputs, outputs)
    except Refused as error:
        raise ModelFileError(f"{where}: {error}: damaged or hostile, the graph was not run") from None
    except (TypeError, ValueError, AttributeError):  # protobuf gives bytes where a text is not valid UTF-8
        raise ModelFileError(f"{where}: a name is not text: damaged or hostile, the graph was not run") from None


def _check(data: bytes, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> GraphReport:
    model = _parse(data)
    graph = model.graph
    _check_frame(model)
    taken = _interface(graph.input, inputs, "state.")
    given = _interface(graph.output, outputs, "next_state.")
    _check_states(taken, given)
    if len({_batched(shape) for shape in (*taken.values(), *given.values())}) > 1:
        raise Refused("some of its inputs and outputs have a batch axis and others have none")
    weights = _check_initializers(graph)
    check_nodes(graph, {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer})
    check_sizes(model)
    metadata = {row.key: row.value for row in model.metadata_props}
    if not all(isinstance(text, str) for text in [*weights, *metadata, *metadata.values()]):
        raise TypeError
    return GraphReport(taken, given, weights, metadata)


def _parse(data: bytes) -> ModelProto:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    if len(data) > MAX_GRAPH_BYTES:
        raise Refused(f"{len(data)} bytes, at most {MAX_GRAPH_BYTES} are allowed")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except (DecodeError, ValueError) as error:
        raise Refused("not an ONNX graph") from error
    if not model.HasField("graph") or not model.graph.node:
        raise Refused("an empty ONNX graph")
    return model


def _check_frame(model: ModelProto) -> None:
    """Check operator versions, counts, and the fields beside the nodes that could hold code."""
    graph = model.graph
    versions = [(row.domain, row.version) for row in model.opset_import]
    if len(versions) != 1 or versions[0][0] not in ("", "ai.onnx") or versions[0][1] not in _OPSETS:
        raise Refused(f"operator sets {versions[:3]!r} are not the standard ones {_OPSETS[0]} to {_OPSETS[-1]}")
    if model.functions or model.training_info or graph.sparse_initializer or graph.quantization_annotation:
        raise Refused("functions, training steps, sparse or quantised weights are not allowed")
    nodes = sum(len(part.node) for part in parts_of(graph))
    if nodes > MAX_NODES:
        raise Refused(f"{nodes} nodes, at most {MAX_NODES} are allowed")
    if len(graph.input) > MAX_STATES or len(graph.output) > MAX_STATES or len(graph.initializer) > MAX_NODES:
        raise Refused("too many inputs, outputs or constants")


def _interface(
    values: Sequence[ValueInfoProto], declared: Mapping[str, Shape], state: str
) -> dict[str, tuple[int | None, ...]]:
    """Return the shapes of inputs or outputs, which must be the declared ones and states."""
    found: dict[str, tuple[int | None, ...]] = {}
    for value in values:
        name = value.name
        if name in found:
            raise Refused(f"'{printable(name, 60)}' is declared twice")
        shape = found[name] = _shape(value)
        if name in declared:
            wanted = tuple(declared[name])
            if shape != wanted and not (_batched(shape) and (1, *shape[1:]) == wanted):
                raise Refused(f"{name!r} has the shape {shape_text(shape)} where the config says {shape_text(wanted)}")
        elif not name.startswith(state) or None in shape[1:] or prod(n or 1 for n in shape) > MAX_INSIDE:
            raise Refused(f"'{printable(name, 60)}' of shape {shape_text(shape)} is neither declared nor a state")
    missing = sorted(declared.keys() - found.keys())
    if missing:
        raise Refused(f"{missing[0]!r} is missing")
    return found


def _batched(shape: tuple[int | None, ...]) -> bool:
    """Return whether the first axis is a batch of any length, for several streams at once."""
    return bool(shape) and shape[0] is None


def _shape(value: ValueInfoProto) -> tuple[int | None, ...]:
    from onnx import TensorProto

    tensor = value.type.tensor_type
    if value.type.WhichOneof("value") != "tensor_type" or tensor.elem_type not in (
        TensorProto.FLOAT,
        TensorProto.INT64,
    ):
        raise Refused(f"'{printable(value.name, 60)}' is not an array of float32 or int64")
    if not tensor.HasField("shape") or len(tensor.shape.dim) > 8:
        raise Refused(f"'{printable(value.name, 60)}' has no shape")
    shape = tuple(int(n.dim_value) if n.HasField("dim_value") else None for n in tensor.shape.dim)
    if any(n is not None and n < 1 for n in shape):
        raise Refused(f"'{printable(value.name, 60)}' has an impossible shape {shape_text(shape)}")
    return shape


def _check_states(inputs: Mapping[str, tuple[int | None, ...]], outputs: Mapping[str, tuple[int | None, ...]]) -> None:
    before = {name.removeprefix("state."): shape for name, shape in inputs.items() if name.startswith("state.")}
    after = {n.removeprefix("next_state."): shape for n, shape in outputs.items() if n.startswith("next_state.")}
    if before != after:
        names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        raise Refused(f"state '{printable(names[0], 60)}' does not come out as it went in")


def _check_initializers(graph: GraphProto) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the weights to inject, and check the constants inside the graph."""
    from onnx import TensorProto

    weights: dict[str, tuple[int, ...]] = {}
    names: set[str] = set()
    for tensor in graph.initializer:
        if tensor.name in names or not tensor.name:
            raise Refused(f"constant '{printable(tensor.name, 60)}' occurs twice or has no name")
        names.add(tensor.name)
        if tensor.data_location != TensorProto.EXTERNAL:
            check_constant(tensor)
            continue
        fields = {row.key: row.value for row in tensor.external_data}
        plain = fields.keys() <= {"location", "offset", "length"} and fields.get("offset", "0") == "0"
        if fields.get("location") != WEIGHTS or not plain or len(fields) != len(tensor.external_data):
            raise Refused(f"weight '{printable(tensor.name, 60)}' points to a file")
        shape = tuple(int(n) for n in tensor.dims)
        if tensor.data_type not in (TensorProto.FLOAT, TensorProto.FLOAT16) or not 0 < elements(shape) <= MAX_WEIGHT:
            raise Refused(f"weight '{printable(tensor.name, 60)}' has an impossible type or shape {shape_text(shape)}")
        weights[tensor.name] = shape
    return weights
