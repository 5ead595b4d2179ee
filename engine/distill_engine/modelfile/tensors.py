"""Named arrays as safetensors bytes, in numpy (huggingface/safetensors, README, "Format").

Eight bytes state the length of a JSON header; the header follows, then the arrays without gaps.
Arrays with larger items come first, so that every array is aligned. Reading is strict.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.errors import ModelFileError
from distill_engine.system.names import printable
from distill_engine.system.plain_json import parse

Arrays = Mapping[str, npt.NDArray[Any]]

MAX_HEADER = 16 << 20  # bytes
MAX_ARRAYS = 65_536  # of a part
MAX_NAME = 512  # characters
MAX_RANK = 8  # extents of an array
_AT_ONCE = 1 << 20  # values that are checked
MAX_SPAN = 1 << 48  # bytes or elements; numpy refuses much longer extents even of an empty array
_DTYPES: dict[str, np.dtype[Any]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U64": np.dtype("<u8"),
    "U32": np.dtype("<u4"),
    "U16": np.dtype("<u2"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


@dataclass(frozen=True)
class Part:
    """The arrays of a part of a model file, by name, and the text stored with them."""

    arrays: Arrays
    metadata: Mapping[str, str] = field(default_factory=dict)


def encode(part: Part, where: str) -> list[memoryview]:
    """Return the safetensors bytes of `part` in chunks; `where` names it in errors.

    Raises ModelFileError for an array that cannot be stored.
    """
    order = sorted(part.arrays, key=lambda name: (-part.arrays[name].dtype.itemsize, name))
    header: dict[str, Any] = {}
    if part.metadata:
        header["__metadata__"] = {str(key): str(part.metadata[key]) for key in sorted(part.metadata)}
    chunks: list[memoryview] = []
    offset = 0
    for name in order:
        array = np.asarray(part.arrays[name])
        dtype = array.dtype.newbyteorder("<")
        if dtype not in _NAMES or name == "__metadata__" or len(name) > MAX_NAME or array.ndim > MAX_RANK:
            raise ModelFileError(
                f"{where}: array {name!r} of type {array.dtype} and rank {array.ndim} cannot be stored"
            )
        shape = list(array.shape)
        array = np.ascontiguousarray(array, dtype)
        header[name] = {"dtype": _NAMES[dtype], "shape": shape, "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
        if array.nbytes:
            chunks.append(array.reshape(-1).view(np.uint8).data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return [memoryview(len(text).to_bytes(8, "little") + text), *chunks]


def decode(data: bytearray, where: str) -> Part:
    """Read the part in `data`; its arrays share the memory. Raises ModelFileError."""
    header, start = _header(data, where)
    metadata = _metadata(header, where)
    if len(header) > MAX_ARRAYS:
        raise ModelFileError(f"{where}: {len(header)} arrays, at most {MAX_ARRAYS} are allowed")
    arrays: dict[str, npt.NDArray[Any]] = {}
    spans: list[tuple[int, int]] = []
    for name, entry in header.items():
        dtype, shape, begin, end = _entry(name, entry, where)
        if start + end > len(data):
            raise ModelFileError(f"{where}: array '{printable(name, 60)}' ends behind the part: truncated or hostile")
        spans.append((begin, end))
        arrays[name] = np.frombuffer(data, dtype, math.prod(shape), start + begin).reshape(shape)
    position = 0
    for begin, end in sorted(spans):
        if begin != position:
            raise ModelFileError(f"{where}: arrays overlap or leave a gap: damaged or hostile")
        position = end
    if start + position != len(data):
        raise ModelFileError(f"{where}: bytes behind the last array: damaged or hostile")
    return Part(arrays, metadata)


def read_metadata(read: Callable[[int, int], bytearray], where: str) -> dict[str, str]:
    """Return the texts in the header of a part whose bytes come from `read(offset, size)`.

    Raises ModelFileError.
    """
    length = bytes(read(0, 8))
    if int.from_bytes(length, "little") > MAX_HEADER:
        raise ModelFileError(f"{where}: its header is too long: damaged or hostile")
    data = read(0, 8 + int.from_bytes(length, "little"))
    return _metadata(_header(data, where)[0], where)


def _metadata(header: dict[str, Any], where: str) -> dict[str, str]:
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise ModelFileError(f"{where}: its text is not text: damaged or hostile")
    return metadata


def check_finite(arrays: Arrays, where: str) -> None:
    """Check that no floating-point array [...] holds NaN or infinity. Raises ModelFileError."""
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not _is_finite(array.reshape(-1)):
            raise ModelFileError(f"{where}: array {name!r} is not finite (NaN or infinity): the training went wrong")


def _is_finite(values: npt.NDArray[Any]) -> bool:
    """Return whether all of values [N] are finite, with a mask of some of them at a time."""
    return all(np.isfinite(values[start : start + _AT_ONCE]).all() for start in range(0, len(values), _AT_ONCE))


def _header(data: bytearray, where: str) -> tuple[dict[str, Any], int]:
    """Return (header, offset of the first array)."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(MAX_HEADER, len(data) - 8):
        raise ModelFileError(f"{where}: header of {length} bytes does not fit: truncated or hostile")
    header = parse_json(bytes(data[8 : 8 + length]), where)
    if not isinstance(header, dict):
        raise ModelFileError(f"{where}: its header is not a table: damaged or hostile")
    return header, 8 + length


def _entry(name: str, entry: Any, where: str) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    """Return (dtype, shape, begin, end) of an array."""
    try:
        dtype, shape, offsets = _DTYPES[entry["dtype"]], entry["shape"], entry["data_offsets"]
        begin, end = offsets
        numbers = [*shape, begin, end]
    except (TypeError, KeyError, ValueError):
        raise ModelFileError(
            f"{where}: array '{printable(name, 60)}' is described wrongly: damaged or hostile"
        ) from None
    whole = all(type(number) is int and 0 <= number < MAX_SPAN for number in numbers)
    listed = isinstance(shape, list) and len(shape) <= MAX_RANK and len(name) <= MAX_NAME
    if not whole or not listed or math.prod(n or 1 for n in shape) >= MAX_SPAN:
        raise ModelFileError(f"{where}: array '{printable(name, 60)}' has an impossible shape: damaged or hostile")
    if math.prod(shape) * dtype.itemsize != end - begin:
        raise ModelFileError(
            f"{where}: array '{printable(name, 60)}' has {end - begin} bytes, not those of its shape {shape}"
        )
    return dtype, tuple(shape), begin, end


def parse_json(data: bytes, where: str) -> Any:
    """Read strict, bounded JSON (see `plain_json`). Raises ModelFileError."""
    try:
        return parse(data)
    except ValueError as error:
        raise ModelFileError(f"{where}: not valid JSON ({str(error)[:80]}): damaged") from None
