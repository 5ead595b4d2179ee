"""Save and change `.distillgan` files: atomically, and by one writer at a time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from distill_engine.errors import ModelFileError
from distill_engine.modelfile.archive import (
    LOCAL,
    MAX_BYTES,
    MAX_MEMBERS,
    Member,
    directory,
    is_member_name,
    local_header,
)
from distill_engine.modelfile.configs import check_configs
from distill_engine.modelfile.manifest import Manifest, PartEntry, printable_name
from distill_engine.modelfile.reader import GRAPH_SUFFIX, MANIFEST, ModelFile, is_training, member_name
from distill_engine.modelfile.tensors import Arrays, Part, check_finite, encode
from distill_engine.system.atomic_write import folder_lock, replacing, write_advice, write_all

_CHUNK = 1 << 20  # bytes copied at a time
PartLike = Part | Arrays


@dataclass(frozen=True)
class _Payload:
    """Contents of a member to write: chunks in memory, or a member of the file to replace."""

    size: int
    crc: int
    entry: PartEntry
    chunks: Sequence[memoryview] = ()
    source: tuple[ModelFile, Member] | None = None

    def data(self) -> Iterator[memoryview]:
        yield from self.chunks
        if self.source is not None:
            file, member = self.source
            for offset in range(0, member.size, _CHUNK):
                yield memoryview(file.raw(member, offset, min(_CHUNK, member.size - offset)))


def save_model(
    path: str | os.PathLike[str],
    manifest: Manifest,
    parts: Mapping[str, PartLike],
    graphs: Mapping[str, bytes] | None = None,
) -> Manifest:
    """Write a model file, replacing any at `path`; returns the manifest as written, with its parts.

    Raises ModelFileError, and leaves an existing file unchanged, if an array cannot be stored, a
    number outside "training/" is not finite, or the disk refuses.
    """
    place = _place(path)
    payloads = {name: _part_payload(name, part, place) for name, part in parts.items()}
    payloads |= {name: _graph_payload(name, data, place) for name, data in (graphs or {}).items()}
    with _writing(place):
        return _write(place, manifest, payloads)


def update_model(
    path: str | os.PathLike[str],
    *,
    manifest: Manifest | Callable[[Manifest], Manifest] | None = None,
    parts: Mapping[str, PartLike | None] | None = None,
    graphs: Mapping[str, bytes | None] | None = None,
    output: str | os.PathLike[str] | None = None,
) -> Manifest:
    """Change parts of a model file (None removes one); returns the new manifest.

    All other members are copied byte for byte. `manifest` is the new manifest, or a function that
    returns it from the current one, called under the folder's lock. With `output` the changed file
    is written there and the one at `path` stays. Raises ModelFileError and leaves the file
    unchanged.
    """
    place = _place(path)
    changes: dict[str, _Payload | None] = {
        name: None if part is None else _part_payload(name, part, place) for name, part in (parts or {}).items()
    }
    for name, data in (graphs or {}).items():
        changes[name] = None if data is None else _graph_payload(name, data, place)
    target = place if output is None else _place(output)
    with _writing(target), ModelFile.open(place) as old:
        new = manifest(old.manifest) if callable(manifest) else manifest or old.manifest
        payloads = {name: _copy_payload(old, name) for name in old.manifest.parts if name not in changes}
        payloads |= {name: payload for name, payload in changes.items() if payload is not None}
        return _write(target, new, payloads)


def _place(path: str | os.PathLike[str]) -> Path:
    """Return the file that a symbolic link points to, so that saving keeps the link."""
    return Path(os.path.realpath(path))


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Hold the folder's lock; turn the system's errors into one ModelFileError."""
    try:
        with folder_lock(path.parent):
            yield
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be saved, {write_advice(error, path)}") from error


def _part_payload(name: str, part: PartLike, path: Path) -> _Payload:
    where = f"{path}: part {name!r}"
    part = part if isinstance(part, Part) else Part(part)
    if name.endswith(GRAPH_SUFFIX) or not is_member_name(member_name(name)):
        raise ModelFileError(f"{where}: not a name for a part")
    if not is_training(name):
        check_finite(part.arrays, where)
    return _payload(encode(part, where))


def _graph_payload(name: str, data: bytes, path: Path) -> _Payload:
    if not name.endswith(GRAPH_SUFFIX) or not is_member_name(name):
        raise ModelFileError(f"{path}: graph {name!r}: not a name for a graph (it ends in {GRAPH_SUFFIX})")
    return _payload([memoryview(data)])


def _payload(chunks: Sequence[memoryview]) -> _Payload:
    crc, size, sha256 = 0, 0, hashlib.sha256()
    for chunk in chunks:
        crc, size = zlib.crc32(chunk, crc), size + chunk.nbytes
        sha256.update(chunk)
    return _Payload(size, crc, PartEntry(sha256.hexdigest(), size), chunks)


def _copy_payload(old: ModelFile, name: str) -> _Payload:
    member = old.member(name)
    return _Payload(member.size, member.crc, old.manifest.parts[name], source=(old, member))


def _write(path: Path, manifest: Manifest, payloads: Mapping[str, _Payload]) -> Manifest:
    """Lay out and write the archive: the manifest first, then small parts before large ones."""
    entries = {name: payload.entry for name, payload in sorted(payloads.items())}
    manifest = replace(manifest, name=printable_name(manifest.name), parts=entries)
    text = manifest.to_json()
    check_configs(Manifest.from_json(text, f"{path}: cannot be saved"), f"{path}: cannot be saved")
    rows = [(MANIFEST, _payload([memoryview(text)]))]
    rows += [(member_name(name), payload) for name, payload in sorted(payloads.items(), key=_order)]
    total = sum(payload.size + 2 * LOCAL.size + 300 for _, payload in rows)
    if total > MAX_BYTES or len(rows) > MAX_MEMBERS:
        raise ModelFileError(f"{path}: {len(rows)} parts of {total} bytes are more than a model file can hold")
    with replacing(path) as file:
        members: list[Member] = []
        for name, payload in rows:
            members.append(Member(name, members[-1].end if members else 0, payload.size, payload.crc))
            write_all(file, memoryview(local_header(members[-1])))
            for chunk in payload.data():
                write_all(file, chunk)
        write_all(file, memoryview(directory(members)))
    return manifest


def _order(row: tuple[str, _Payload]) -> tuple[bool, str]:
    return is_training(row[0]), row[0]
