"""What comes in files: presets, MIDI maps, takes, codes, manifests, safetensors headers, graphs."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st

from distill_control.midi.maps.mapfile import parse_map
from distill_engine.errors import CodesError, ControlError, DistillError, ModelFileError, PresetError, TakeError
from distill_engine.library.assets import starter_path
from distill_engine.library.presetformat import read_preset
from distill_engine.modelfile import Manifest, ModelFile
from distill_engine.modelfile.code_file import load_codes
from distill_engine.modelfile.configs import check_configs
from distill_engine.modelfile.graphs import check_graph
from distill_engine.modelfile.tensors import Part, decode, encode
from distill_engine.system.names import printable
from distill_engine.takes.take_file import read_take
from fuzz_support.kinds import ANYTHING, NAMES, NUMBERS, SCALARS, Kind, mutated, table

T = TypeVar("T")
_ADDRESSES = st.sampled_from(["/distill/gain", "/distill/source", "/distill/control/0", "/distill/no", "/"]) | NAMES
_SMALL = st.integers(-2, 130)
_PRESETS = table(
    {
        "format": st.just("distill-preset"),
        "version": st.just(1),
        "name": NAMES,
        "model": NAMES,
        "digest": NAMES,
        "position": NUMBERS,
        "values": st.dictionaries(_ADDRESSES, SCALARS, max_size=6),
    }
)
_MAP_KEYS = st.sampled_from(
    ["control", "target", "action", "curve", "min", "max", "glide", "takeover", "channel", "invert", "arguments", "odd"]
)
_MAP_WORDS = st.sampled_from(["cc 16", "note 60", "bend", "program", "/distill/gain", "absolute", "exp", "pickup", ""])
_MAP_VALUES = _MAP_WORDS | NUMBERS | st.booleans() | st.lists(_MAP_WORDS, max_size=3) | st.text(max_size=6)
_BINDINGS = st.fixed_dictionaries(
    {"control": _MAP_WORDS | _MAP_VALUES, "target": _MAP_WORDS | _MAP_VALUES},
    optional={
        "action": _MAP_VALUES,
        "curve": _MAP_VALUES,
        "min": _MAP_VALUES,
        "max": _MAP_VALUES,
        "glide": _MAP_VALUES,
    },
) | st.dictionaries(_MAP_KEYS, _MAP_VALUES, max_size=5)
_CODES = table(
    {
        "version": st.just(1),
        "name": NAMES,
        "skeleton": NAMES,
        "size": st.sampled_from([64, 128, 256]),
        "levels": st.integers(1, 5),
        "column_hops": st.just(4),
        "frames": st.integers(-4, 40),
    }
)
_MODELS = table({"slot": _SMALL, "name": NAMES, "vocoder": NAMES, "digests": st.dictionaries(NAMES, NAMES, max_size=2)})
_HEADERS = table(
    {
        "format": st.just("distill.take"),
        "version": st.sampled_from([1, 2, 3]),
        "tick": st.just(64),
        "sample_rate": st.just(44100),
        "hop": st.just(512),
        "seed": NUMBERS,
        "block": st.just(1),
        "playing": st.lists(_MODELS, max_size=2),
        "embedded": st.lists(table({"kind": st.just("live_input")}), max_size=2),
        "state": st.none() | st.just("AAAA"),
    }
)
_EVENTS = table(
    {
        "at": st.integers(0, 1 << 20) | NUMBERS,
        "set": _ADDRESSES,
        "value": SCALARS,
        "glide": NUMBERS,
        "do": st.sampled_from(["swap", "source", "trigger", "seed", "play", "stop", "clear"]),
        "slot": _SMALL,
        "end": st.booleans(),
        "embedded": st.sampled_from(["live_input", "codes"]),
        "data": st.just("AAAAAA==") | NAMES,
    }
)
_CONFIGS = st.dictionaries(
    st.sampled_from(["bands", "hop", "channels", "blocks", "kernel", "n_fft", "latent_dim", "version", "reduction"]),
    _SMALL | SCALARS,
    max_size=5,
)
_MANIFESTS = table(
    {
        "format": st.just("distillgan"),
        "version": st.just(1),
        "name": NAMES,
        "family": NAMES,
        "created": NAMES,
        "mel": _CONFIGS,
        "model": _CONFIGS,
        "vocoders": st.dictionaries(
            st.sampled_from(["vocos", "hifigan", "bigvgan", "x"]),
            table({"config": _CONFIGS, "epochs": NUMBERS}),
            max_size=2,
        ),
        "analysis": table({"controls": st.lists(table({"name": NAMES}), max_size=3), "trim_db": NUMBERS}),
        "parts": st.dictionaries(NAMES, table({"sha256": st.just("0" * 64), "bytes": NUMBERS}), max_size=3),
    }
)
_ARRAYS = st.dictionaries(
    NAMES,
    table(
        {
            "dtype": st.sampled_from(["F32", "F16", "I64", "BOOL", "Q"]),
            "shape": st.lists(st.integers(0, 4) | NUMBERS, max_size=4),
            "data_offsets": st.lists(st.integers(0, 64) | NUMBERS, max_size=3),
        }
    ),
    max_size=3,
)


def as_json(value: Any) -> bytes:
    """Return JSON, with NaN and infinity as Python writes them."""
    return json.dumps(value).encode("utf-8", "backslashreplace")


def as_toml(head: dict[str, Any], bindings: list[dict[str, Any]]) -> str:
    """Return the text of a MIDI map; what TOML writes otherwise is near enough to be misread."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in head.items()]
    for binding in bindings:
        lines += ["[[bind]]", *(f"{key} = {json.dumps(value)}" for key, value in binding.items())]
    return "\n".join(lines)


def safetensors(header: Any, arrays: bytes, length: int) -> bytes:
    """Return a safetensors block whose length may be wrong by `length` bytes."""
    text = as_json(header)
    return max(0, len(text) + length).to_bytes(8, "little") + text + arrays


@cache
def graphs() -> tuple[bytes, ...]:
    """Return the graphs of the shipped starter."""
    with ModelFile.open(starter_path()) as file:
        return tuple(file.read_graph(name) for name in sorted(file.graphs))


def changed_graph(index: int, changes: list[tuple[int, str, int]]) -> bytes:
    """Return a graph of the starter with operators, names, shapes and attributes changed."""
    import onnx

    model = onnx.ModelProto()
    model.ParseFromString(graphs()[index % len(graphs())])
    for place, field, number in changes:
        node = model.graph.node[place % len(model.graph.node)]
        tensor = model.graph.initializer[place % len(model.graph.initializer)]
        if field == "operator":
            node.op_type = ("Loop", "MatMul", "Expand", "Reshape", "Conv", "Einsum", "Scan", "DFT")[number % 8]
        elif field == "input" and node.input:
            node.input[number % len(node.input)] = model.graph.node[number % len(model.graph.node)].output[0]
        elif field == "dims" and tensor.dims:
            tensor.dims[number % len(tensor.dims)] = number - 100
        elif field == "attribute" and node.attribute:
            node.attribute[number % len(node.attribute)].i = (number - 100) << (number % 40)
        elif field == "shape":
            extents = model.graph.input[0].type.tensor_type.shape.dim
            extents[number % len(extents)].dim_value = number - 100
    return bytes(model.SerializeToString())


_CHANGES = st.lists(
    st.tuples(
        st.integers(0, 1000),
        st.sampled_from(["operator", "input", "dims", "attribute", "shape"]),
        st.integers(0, 300),
    ),
    max_size=4,
)


def refuses(read: Callable[[Any], object], *errors: type[DistillError]) -> Callable[[Any], None]:
    """Return a check that `read` takes its input or raises one of these errors, in one line."""

    def check(example: Any) -> None:
        try:
            read(example)
        except errors as error:
            if printable(str(error), len(str(error))) != str(error):
                raise AssertionError(repr(str(error))) from error

    return check


@cache
def _folder() -> Path:
    memory = Path("/dev/shm")  # where files are opened in a tenth of the time
    return Path(tempfile.mkdtemp(prefix="distill-fuzz-", dir=memory if memory.is_dir() else None))


def in_file(read: Callable[[Path], T], name: str) -> Callable[[bytes], T]:
    """Return a function that writes its bytes to a file of this name and reads that."""

    def check(data: bytes) -> T:
        path = _folder() / name
        path.write_bytes(data)
        return read(path)

    return check


def _read_manifest(data: bytes) -> None:
    check_configs(Manifest.from_json(data, "m"), "m")


def _read_graph(data: bytes) -> None:
    check_graph(data, inputs={"x": (1, 96, None)}, outputs={"y": (1, 128, None)})


def _code_file(about: Any, levels: int, columns: int, dimensions: int) -> bytes:
    """Return a file of codes with this description and arrays of these sizes."""
    arrays: dict[str, Any] = {
        "codes": np.ones((levels, columns), np.uint16),
        "residual": np.zeros((dimensions, 4 * columns), np.float32),
        "lead": np.zeros((dimensions, 2), np.float32),
    }
    chunks = encode(Part(arrays, {"distillcodes": json.dumps(about)}), "m")
    return b"".join(bytes(chunk) for chunk in chunks)


KINDS = (
    Kind(
        "presets",
        mutated(_PRESETS.map(as_json)),
        refuses(in_file(lambda path: read_preset(path), "a.preset.json"), PresetError),
    ),
    Kind(
        "MIDI maps",
        st.builds(as_toml, st.dictionaries(_MAP_KEYS, _MAP_VALUES, max_size=2), st.lists(_BINDINGS, max_size=3)),
        refuses(parse_map, ControlError),
    ),
    Kind(
        "takes",
        mutated(
            st.builds(
                lambda head, rest: b"\n".join(map(as_json, [head, *rest])), _HEADERS, st.lists(_EVENTS, max_size=4)
            )
        ),
        refuses(in_file(lambda path: read_take(path, allow_truncated=True), "a.take"), TakeError),
    ),
    Kind(
        "files of codes",
        mutated(st.builds(_code_file, _CODES, st.integers(0, 6), st.integers(0, 8), st.integers(0, 3))),
        refuses(in_file(lambda path: load_codes(path), "a.distillcodes"), CodesError),
    ),
    Kind("manifests", mutated(_MANIFESTS.map(as_json)), refuses(_read_manifest, ModelFileError)),
    Kind(
        "safetensors headers",
        mutated(
            st.builds(safetensors, _ARRAYS | ANYTHING, st.binary(max_size=64), st.sampled_from([0, 0, 0, -1, 8, 99]))
        ),
        refuses(lambda data: decode(bytearray(data), "m"), ModelFileError),
    ),
    Kind(
        "ONNX graphs",
        mutated(st.builds(changed_graph, st.integers(0, 1), _CHANGES)),
        refuses(_read_graph, ModelFileError),
    ),
)
