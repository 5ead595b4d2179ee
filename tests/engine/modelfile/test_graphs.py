"""Graphs that streaming networks export pass; graphs that could do anything but arithmetic do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, TensorProto, helper, numpy_helper

from distill_engine.errors import ModelFileError
from distill_engine.library.assets import base_vocoder_path, starter_path
from distill_engine.modelfile import Manifest, ModelFile, graphs, save_model
from distill_engine.modelfile.graph_work import work
from distill_engine.modelfile.graphs import WEIGHTS, GraphReport, check_graph
from distill_engine.modelfile.operators import ALLOWED
from distill_engine.modelfile.verify import checked_graph, verify_file

INPUTS = {"x": (1, 8, None)}
OUTPUTS = {"y": (1, 8, None)}


def external(name: str, shape: tuple[int, ...], location: str = WEIGHTS) -> TensorProto:
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    return tensor


def graph() -> ModelProto:
    """A causal convolution with its context as state, and weights that are injected."""
    value = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Concat", ["state.context", "x"], ["joined"], axis=2),
        helper.make_node("Conv", ["joined", "weight"], ["y"], kernel_shape=[3]),
        helper.make_node("Slice", ["joined", "start", "end", "axes"], ["next_state.context"]),
    ]
    constants = {"start": [-2], "end": [np.iinfo(np.int64).max], "axes": [2]}
    initializers = [numpy_helper.from_array(np.array(v, np.int64), n) for n, v in constants.items()]
    made = helper.make_graph(
        nodes,
        "step",
        [value("x", TensorProto.FLOAT, [1, 8, "n"]), value("state.context", TensorProto.FLOAT, [1, 8, 2])],
        [value("y", TensorProto.FLOAT, [1, 8, "n"]), value("next_state.context", TensorProto.FLOAT, [1, 8, 2])],
        [*initializers, external("weight", (8, 8, 3))],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)])


def check(model: ModelProto) -> GraphReport:
    return check_graph(model.SerializeToString(), inputs=INPUTS, outputs=OUTPUTS, where="m: decoder")


def test_a_streaming_step_passes_and_says_what_to_inject() -> None:
    report = check(graph())
    assert report.weights == {"weight": (8, 8, 3)}
    assert report.inputs == {"x": (1, 8, None), "state.context": (1, 8, 2)}
    assert report.outputs == {"y": (1, 8, None), "next_state.context": (1, 8, 2)}


def node(op: str, domain: str = "", **attributes: Any) -> Callable[[ModelProto], None]:
    made = helper.make_node(op, ["x"], ["unused"], domain=domain, **attributes)
    return lambda m: m.graph.node.append(made)


def constant(tensor: TensorProto) -> Callable[[ModelProto], None]:
    return lambda m: m.graph.initializer.append(tensor)


def lying(**fields: Any) -> TensorProto:
    usual: dict[str, Any] = {"name": "c", "data_type": TensorProto.FLOAT, "dims": [4], "raw_data": b"\0" * 16}
    return TensorProto(**(usual | fields))


def huge_chain(m: ModelProto) -> None:
    name = "x"
    for index in range(24):
        m.graph.node.append(helper.make_node("Concat", [name, name], [f"v{index}"], axis=1))
        name = f"v{index}"


def expanded(m: ModelProto) -> None:
    m.graph.initializer.append(numpy_helper.from_array(np.array([1 << 14, 1 << 14], np.int64), "shape"))
    m.graph.node.append(helper.make_node("ConstantOfShape", ["shape"], ["big"]))


def mismatched(m: ModelProto) -> None:
    m.graph.initializer.append(external("five", (5, 1)))
    m.graph.node.append(helper.make_node("Add", ["x", "five"], ["sum"]))


def rename(m: ModelProto) -> None:
    m.graph.output[1].name = "next_state.other"


def subgraph() -> onnx.GraphProto:
    return helper.make_graph([], "inner", [], [])


def scan(*nodes: onnx.NodeProto, **fields: object) -> Callable[[ModelProto], None]:
    """Scans the frames of x with a body of these nodes, from "one" to "out"."""
    one = helper.make_tensor_value_info("one", TensorProto.FLOAT, [1, 8])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, None)
    body = helper.make_graph(list(nodes), "body", [one], [out], **fields)  # type: ignore[arg-type]

    def change(m: ModelProto) -> None:
        m.graph.node.append(helper.make_node("Transpose", ["x"], ["frames"], perm=[2, 0, 1]))
        m.graph.node.append(helper.make_node("Scan", ["frames"], ["scanned"], num_scan_inputs=1, body=body))

    return change


def test_a_scan_of_plain_arithmetic_passes() -> None:
    model = graph()
    scan(helper.make_node("Relu", ["one"], ["out"]))(model)
    check(model)


RELU = helper.make_node("Relu", ["one"], ["out"])
BIG = helper.make_node("Constant", [], ["big"], value=numpy_helper.from_array(np.array([1 << 14, 1 << 14], np.int64)))
HOSTILE: dict[str, tuple[Callable[[ModelProto], object], str]] = {
    "loop": (node("Loop", body=subgraph()), "Loop is not allowed"),
    "branch": (node("If", then_branch=subgraph(), else_branch=subgraph()), "If is not allowed"),
    "scan of a file": (scan(RELU, initializer=[external("secret", (4,), "/etc/passwd")]), "weights of its own"),
    "scan of a custom operator": (scan(helper.make_node("PyOp", ["one"], ["out"], domain="x")), "not allowed"),
    "scan of the unknown": (scan(helper.make_node("Relu", ["ghost"], ["out"])), "does not exist"),
    "scan in a scan": (
        scan(helper.make_node("Scan", ["one"], ["out"], num_scan_inputs=1, body=subgraph())),
        "Scan is not",
    ),
    "loop in a scan": (scan(helper.make_node("Loop", ["one"], ["out"], body=subgraph())), "Loop is not allowed"),
    "scan that expands": (scan(BIG, helper.make_node("ConstantOfShape", ["big"], ["out"])), "at most"),
    "scan of nothing": (node("Scan", num_scan_inputs=1, body=subgraph()), "contradict"),
    "scan that says nothing": (scan(), "never computed"),
    "many nodes in a scan": (scan(*[RELU] * 9000), "nodes"),
    "random": (node("RandomNormal", shape=[1]), "RandomNormal is not allowed"),
    "dropout": (node("Dropout"), "not allowed"),
    "string": (node("StringNormalizer"), "not allowed"),
    "image": (node("ImageDecoder"), "not allowed"),
    "domain": (node("Add", domain="com.microsoft"), "com.microsoft::Add is not allowed"),
    "python": (node("PyOp", domain="ai.onnx.contrib"), "not allowed"),
    "attribute twice": (
        lambda m: m.graph.node[1].attribute.append(helper.make_attribute("kernel_shape", [3])),
        "attribute twice",
    ),
    "hidden subgraph": (node("Relu", body=subgraph()), "sub-graph"),
    "unknown attribute": (node("Constant", value_strings=["a"]), "not allowed"),
    "huge attribute": (node("Relu", size=1 << 40), "more than"),
    "opset": (lambda m: m.opset_import.append(helper.make_opsetid("com.microsoft", 1)), "operator sets"),
    "old opset": (lambda m: setattr(m.opset_import[0], "version", 7), "operator sets"),
    "function": (lambda m: m.functions.add(name="f"), "functions"),
    "training": (lambda m: m.training_info.add(), "training"),
    "sparse": (lambda m: m.graph.sparse_initializer.add(), "sparse"),
    "file": (constant(external("secret", (4,), "/etc/passwd")), "points to a file"),
    "relative file": (constant(external("secret", (4,), "../secret")), "points to a file"),
    "no location": (
        constant(TensorProto(name="c", data_type=1, dims=[1], data_location=TensorProto.EXTERNAL)),
        "points to a file",
    ),
    "huge weight": (constant(external("w2", (1 << 20, 1 << 20))), "impossible type or shape"),
    "negative weight": (constant(external("w2", (-1, 4))), "impossible type or shape"),
    "short constant": (constant(lying(raw_data=b"\0")), "not as long"),
    "huge constant": (constant(lying(dims=[1 << 40])), "impossible type or shape"),
    "text constant": (constant(lying(data_type=TensorProto.STRING)), "impossible type or shape"),
    "odd constant": (constant(lying(data_type=9999)), "impossible type or shape"),
    "NaN constant": (constant(numpy_helper.from_array(np.array([np.nan], np.float32), "c")), "not a number"),
    "huge extent": (constant(numpy_helper.from_array(np.array([1 << 30]), "c")), "more than"),
    "external in constant": (constant(lying(external_data=[onnx.StringStringEntryProto(key="location")])), "file"),
    "twice": (constant(external("weight", (8, 8, 3))), "occurs twice"),
    "shadow": (constant(external("x", (8, 8, 3))), "share a name"),
    "undefined": (lambda m: m.graph.node[0].input.append("ghost"), "does not exist"),
    "overwritten": (lambda m: m.graph.node.append(helper.make_node("Relu", ["x"], ["y"])), "computed twice"),
    "doubling": (huge_chain, "at most"),
    "expanding": (expanded, "at most"),
    "many nodes": (lambda m: [m.graph.node.append(m.graph.node[0]) for _ in range(9000)], "nodes"),
    "extra input": (
        lambda m: m.graph.input.append(helper.make_tensor_value_info("z", 1, [1])),
        "neither declared nor a state",
    ),
    "dynamic state": (
        lambda m: m.graph.input.append(helper.make_tensor_value_info("state.z", 1, [1, "n"])),
        "neither declared nor a state",
    ),
    "a state with a batch alone": (
        lambda m: m.graph.input.append(helper.make_tensor_value_info("state.z", 1, ["n"])),
        "does not come out",
    ),
    "state without return": (rename, "come out|never computed"),
    "missing output": (lambda m: m.graph.output.pop(0), "'y' is missing"),
    "wrong channels": (
        lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[1], "dim_value", 9),
        "config says",
    ),
    "fixed length": (lambda m: setattr(m.graph.output[0].type.tensor_type.shape.dim[2], "dim_value", 7), "config says"),
    "wrong type": (lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", TensorProto.STRING), "array of"),
    "no nodes": (lambda m: m.graph.ClearField("node"), "empty"),
    "contradiction": (mismatched, "contradict"),
}


@pytest.mark.parametrize(("change", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_graphs_are_refused(change: Callable[[ModelProto], object], reason: str) -> None:
    model = graph()
    change(model)
    with pytest.raises(ModelFileError, match=reason) as caught:
        check(model)
    assert str(caught.value).startswith("m: decoder: ")
    assert "\n" not in str(caught.value)


INTEGERS: dict[str, object] = {
    "many": [1 << 12, 1 << 12, 16],
    "pads": [0] * 5,
    "one": [1],
    "none": np.zeros(0),
    "zero": 0,
    "step": 1,
    "two": 2,
}


def whole(value: object, name: str = "") -> TensorProto:
    return numpy_helper.from_array(np.array(value, np.int64), name)


def calculated(*nodes: tuple[str, list[str]]) -> Callable[[ModelProto], None]:
    """Nodes one behind the other, with `INTEGERS` and a "real" number; "" stands for what the one before gives."""

    def change(m: ModelProto) -> None:
        for name, value in INTEGERS.items():
            m.graph.initializer.append(whole(value, name))
        m.graph.initializer.append(numpy_helper.from_array(np.array([64.0], np.float32), "real"))
        last = ""
        for index, (op, inputs) in enumerate(nodes):
            fields: Any = {"Cast": {"to": TensorProto.INT64}, "Concat": {"axis": 0}}.get(op, {})
            names = [name or last for name in inputs]
            last = f"step{index}"
            m.graph.node.append(helper.make_node(op, names, [last], **fields))

    return change


SIZES: dict[str, list[tuple[str, list[str]]]] = {
    "product": [("ReduceProd", ["many"])],
    "sum": [("ReduceSum", ["many"])],
    "power": [("Pow", ["many", "two"])],
    "maximum": [("Max", ["many"])],
    "real number": [("Mul", ["real", "real"]), ("Cast", [""])],
    "sound": [("ReduceMax", ["x"]), ("Cast", [""])],
    "product of a shape": [("Shape", ["x"]), ("ReduceProd", [""])],
}
MAKERS: dict[str, list[tuple[str, list[str]]]] = {
    "ConstantOfShape": [("Reshape", ["", "one"]), ("ConstantOfShape", [""])],
    "Expand": [("Reshape", ["", "one"]), ("Expand", ["real", ""])],
    "Tile": [("Reshape", ["", "one"]), ("Tile", ["real", ""])],
    "Range": [("Reshape", ["", "none"]), ("Range", ["zero", "", "step"])],
    "Pad": [("Reshape", ["", "one"]), ("Concat", ["pads", ""]), ("Pad", ["x", ""])],
    "Reshape": [("Reshape", ["", "one"]), ("Reshape", ["x", ""])],
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("maker", MAKERS)
def test_sizes_that_only_running_would_tell_are_refused(size: str, maker: str) -> None:
    model = graph()
    calculated(*SIZES[size], *MAKERS[maker])(model)
    with pytest.raises(ModelFileError, match="cannot be foreseen"):
        check(model)


@pytest.mark.parametrize(("times", "fits"), [(1 << 12, True), (1 << 21, False)])
def test_sizes_that_the_input_decides_are_foreseen(times: int, fits: bool) -> None:
    model = graph()
    model.graph.node.append(helper.make_node("Shape", ["x"], ["frames"], start=2))
    model.graph.initializer.append(whole(times, "times"))
    calculated(("Reshape", ["frames", "none"]), ("Mul", ["", "times"]), ("Range", ["zero", "", "step"]))(model)
    if fits:
        check(model)
        return
    with pytest.raises(ModelFileError, match="cannot be foreseen"):
        check(model)


def twice(m: ModelProto) -> None:
    """Two scans whose bodies call different values the same: the first is huge."""
    for index, extents in enumerate(([1 << 14, 1 << 14], [1, 1])):
        constant = helper.make_node("Constant", [], ["big"], value=whole(extents))
        scan(constant, helper.make_node("ConstantOfShape", ["big"], ["out"]))(m)
        for made in m.graph.node[-2:]:
            made.input[:] = [f"{name}{index}" if name == "frames" else name for name in made.input]
            made.output[0] += str(index)


def understated(m: ModelProto) -> None:
    """A scan that says itself how large a value is, which nothing else does."""
    cast = helper.make_node("Cast", ["one"], ["shape"], to=TensorProto.INT64)
    flat = helper.make_node("Squeeze", ["shape"], ["flat"])
    claim = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1] * 8)
    scan(cast, flat, helper.make_node("ConstantOfShape", ["flat"], ["out"]), value_info=[claim])(m)
    next(a.g for a in m.graph.node[-1].attribute if a.name == "body").output[0].CopyFrom(claim)


def later(m: ModelProto) -> None:
    """A scan whose body has a value of a name that a constant has later."""
    m.graph.initializer.extend([whole(0, "zero"), whole(1, "step"), whole([0, 1], "all")])
    nodes = [
        helper.make_node("Cast", ["one"], ["count"], to=TensorProto.INT64),
        helper.make_node("ReduceMax", ["count", "all"], ["most"], keepdims=0),
        helper.make_node("Range", ["zero", "most", "step"], ["range"]),
        helper.make_node("Cast", ["range"], ["out"], to=TensorProto.FLOAT),
    ]
    scan(*nodes)(m)
    m.graph.node.append(helper.make_node("Constant", [], ["range"], value=whole([1])))


def many_large(m: ModelProto) -> None:
    m.graph.initializer.append(numpy_helper.from_array(np.array([1 << 13, 1 << 13]), "shape"))
    m.graph.node.append(helper.make_node("ConstantOfShape", ["shape"], ["big"]))
    m.graph.node.extend(helper.make_node("Neg", ["big"], [f"large{i}"]) for i in range(8))


@pytest.mark.parametrize(
    ("change", "reason"),
    [(twice, "at most"), (understated, "foreseen"), (later, "foreseen"), (many_large, "at most 536870912")],
)
def test_no_size_hides_behind_another(change: Callable[[ModelProto], None], reason: str) -> None:
    model = graph()
    change(model)
    with pytest.raises(ModelFileError, match=reason):
        check(model)


@pytest.mark.parametrize("kind", ["vocos", "hifigan"])
def test_what_is_shipped_passes(kind: str) -> None:
    for path in (starter_path(), base_vocoder_path(kind)):
        with ModelFile.open(path) as file:
            for name in file.graphs:
                checked_graph(file, name)


def test_what_is_exported_passes(tiny_model: Path) -> None:
    with ModelFile.open(tiny_model) as file:
        assert len(file.graphs) == 4
        for name in file.graphs:
            checked_graph(file, name)


def test_too_many_bytes_are_refused_before_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "MAX_GRAPH_BYTES", 10)
    with pytest.raises(ModelFileError, match="at most 10"):
        check(graph())


@settings(max_examples=200, deadline=None)
@given(position=st.integers(0, 1 << 16), piece=st.binary(min_size=1, max_size=6))
def test_mutated_graphs_are_refused_or_still_plain(position: int, piece: bytes) -> None:
    data = bytearray(graph().SerializeToString())
    at = position % len(data)
    data[at : at + len(piece)] = piece
    try:
        check_graph(bytes(data), inputs=INPUTS, outputs=OUTPUTS)
    except ModelFileError:
        return
    assert {row.op_type for row in onnx.load_model_from_string(bytes(data)).graph.node} <= ALLOWED


def test_graphs_in_a_file_are_checked_against_its_configs(tmp_path: Path) -> None:
    path = tmp_path / "m.distillgan"
    manifest = Manifest("m", "vae", model={"latent_dim": 8, "bands": 8}, mel={"bands": 8})
    good = graph().SerializeToString()
    save_model(path, manifest, {}, {"runtime/decoder.onnx": good, "runtime/vocoder/hifigan.onnx": good})
    with ModelFile.open(path) as file:
        assert checked_graph(file, "runtime/decoder.onnx")[0] == good
        faults = {row.what: row.fault for row in verify_file(file)}
    assert faults["archive"] is None
    assert faults["graph runtime/decoder.onnx"] is None
    assert "no vocoder 'hifigan'" in str(faults["graph runtime/vocoder/hifigan.onnx"])


def repeated_products(m: ModelProto) -> None:
    """x becomes a square of 8000 by 8000, which is multiplied with itself twice: 10^12 multiply-adds."""
    initializers = {"square": [8000, 8000], "every": [0, 1, 2]}
    m.graph.initializer.extend(numpy_helper.from_array(np.array(v, np.int64), n) for n, v in initializers.items())
    m.graph.node.extend(
        [
            helper.make_node("ReduceMax", ["x", "every"], ["one"], keepdims=0),
            helper.make_node("Expand", ["one", "square"], ["a"]),
            helper.make_node("MatMul", ["a", "a"], ["b"]),
            helper.make_node("MatMul", ["b", "b"], ["c"]),
        ]
    )


def wide_body(m: ModelProto) -> None:
    """A body that is small for one frame and large for all."""
    m.graph.initializer.append(numpy_helper.from_array(np.array([1500, 1500], np.int64), "square"))
    scan(
        helper.make_node("ReduceMax", ["one"], ["top"], keepdims=0),
        helper.make_node("Expand", ["top", "square"], ["a"]),
        helper.make_node("MatMul", ["a", "a"], ["b"]),
        helper.make_node("Identity", ["one"], ["out"]),
    )(m)


@pytest.mark.parametrize("change", [repeated_products, wide_body])
def test_graphs_that_compute_too_much_are_refused_before_they_run(change: Callable[[ModelProto], None]) -> None:
    model = graph()
    change(model)
    with pytest.raises(ModelFileError, match="multiply-adds for 64 frames"):
        check(model)


@pytest.mark.parametrize(
    ("node", "shapes", "expected"),
    [
        (helper.make_node("MatMul", ["a", "b"], ["c"]), {"a": (2, 3), "b": (3, 5), "c": (2, 5)}, 30),
        (helper.make_node("Gemm", ["a", "b"], ["c"], transA=1), {"a": (3, 2), "b": (3, 5), "c": (2, 5)}, 30),
        (
            helper.make_node("Conv", ["a", "b"], ["c"], group=2),
            {"a": (1, 4, 9), "b": (6, 2, 3), "c": (1, 6, 7)},
            7 * 6 * 2 * 3,
        ),
        (
            helper.make_node("Einsum", ["a", "b"], ["c"], equation="...ij,jk->...ik"),
            {"a": (7, 2, 3), "b": (3, 5), "c": (7, 2, 5)},
            7 * 2 * 3 * 5,
        ),
    ],
    ids=lambda value: value.op_type if isinstance(value, onnx.NodeProto) else "",
)
def test_multiply_adds_are_counted(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]], expected: int) -> None:
    made = helper.make_graph([node], "one", [], [])
    elements = sum(int(np.prod(shape)) for shape in shapes.values())
    assert work(made, lambda graph: shapes) == expected + elements
