"""Open `.distillgan` files: check archive and manifest first, read parts on demand."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import zlib
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy.typing as npt

from distill_engine.errors import ModelFileError
from distill_engine.modelfile.archive import Member, is_canonical, read_members
from distill_engine.modelfile.configs import check_configs
from distill_engine.modelfile.legacy import refuse_other_kinds
from distill_engine.modelfile.manifest import MAX_MANIFEST, Manifest, PartEntry
from distill_engine.modelfile.tensors import Part, check_finite, decode, read_metadata
from distill_engine.system.plain_json import parse
from distill_engine.system.regular_files import NotRegularError, open_regular, reason_of

MANIFEST = "manifest.json"
PART_SUFFIX = ".safetensors"
GRAPH_SUFFIX = ".onnx"
SUFFIX = ".distillgan"


def member_name(name: str) -> str:
    """Return the archive's name of a part or graph: parts get the suffix `.safetensors`."""
    return name if name.endswith(GRAPH_SUFFIX) else name + PART_SUFFIX


def is_training(part: str) -> bool:
    """Return whether a part serves only to continue training."""
    return part.startswith("training/")


class ModelFile:
    """A model file open for reading from any thread.

    If the file is replaced meanwhile, reading goes on in the one that was opened.
    """

    def __init__(self, path: Path, file: BinaryIO, members: dict[str, Member], manifest: Manifest, size: int) -> None:
        self.path = path
        self.manifest = manifest
        self.size = size
        self._file = file
        self._members = members
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> ModelFile:
        """Open `path`, check the archive's structure and read the manifest, nothing else.

        Raises ModelFileError if it is missing, truncated, damaged, hostile, too old or too new.
        """
        place = Path(path)
        file = _open_plain(place)
        try:
            return cls._read(place, file)
        except BaseException:
            file.close()
            raise

    @classmethod
    def _read(cls, path: Path, file: BinaryIO) -> ModelFile:
        where = str(path)
        try:
            size = os.fstat(file.fileno()).st_size
            refuse_other_kinds(file, size, path)
            members = {member.name: member for member in read_members(file, size, where)}
            if MANIFEST not in members:
                raise ModelFileError(f"{where}: has no manifest: not a model file")
            if members[MANIFEST].size > MAX_MANIFEST:
                raise ModelFileError(f"{where}: its manifest has {members[MANIFEST].size} bytes: damaged or hostile")
            data = _read_at(file, members[MANIFEST], where)
        except OSError as error:
            raise ModelFileError(f"{where}: cannot be read ({error.strerror or error})") from error
        if zlib.crc32(data) != members[MANIFEST].crc:
            raise ModelFileError(f"{where}: the manifest is damaged: copy the file again")
        manifest = Manifest.from_json(bytes(data), where)
        _check_parts(manifest, members, where)
        check_configs(manifest, where)
        return cls(path, file, members, manifest, size)

    @property
    def parts(self) -> frozenset[str]:
        """Names of the parts: "model", "analysis", "vocoder/hifigan", "training/model", ..."""
        return frozenset(name for name in self.manifest.parts if not name.endswith(GRAPH_SUFFIX))

    @property
    def graphs(self) -> frozenset[str]:
        """Names of the graphs: "runtime/decoder.onnx" and so on."""
        return frozenset(name for name in self.manifest.parts if name.endswith(GRAPH_SUFFIX))

    @property
    def digest(self) -> str:
        """Identity of the sound (hex): equal for equal bytes of latent model and vocoders."""
        return self.manifest.digest

    @property
    def descriptor(self) -> int:
        """The descriptor of the open file."""
        return self._file.fileno()

    def read(self, name: str) -> Part:
        """Read arrays and metadata of a part; checks its digest, and that its numbers are finite.

        Parts in "training/" may hold NaN and infinity. Raises ModelFileError if it is absent,
        damaged or hostile.
        """
        where = f"{self.path}: part {name!r}"
        part = decode(self._checked(name, self.parts, "part"), where)
        if not is_training(name):
            check_finite(part.arrays, where)
        return part

    def read_part(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays [...] of a part by name, as `read` does. Raises ModelFileError."""
        return dict(self.read(name).arrays)

    def begun(self) -> dict[str, dict[str, Any]]:
        """Return `step` and `completed` of each training in the file, without reading its arrays.

        A checkpoint that cannot be read is left out: resuming it says why.
        """
        found = {}
        for name in filter(is_training, sorted(self.parts)):
            with contextlib.suppress(ModelFileError, ValueError, KeyError, TypeError):
                texts = read_metadata(partial(self.raw, self.member(name)), f"{self.path}: {name}")
                position = parse(texts["checkpoint"], finite=False)["position"]
                step, completed = position["step"], position["completed"]
                if type(step) is int and step >= 0 and type(completed) is bool:
                    found[name] = {"step": step, "completed": completed}
        return found

    def read_graph(self, name: str) -> bytes:
        """Read an ONNX graph and check its digest. `graphs.check_graph` checks its contents."""
        return bytes(self._checked(name, self.graphs, "graph"))

    def member(self, name: str) -> Member:
        """Return the archive's member of a part, a graph or "manifest.json"."""
        return self._members[name if name == MANIFEST else member_name(name)]

    def raw(self, member: Member, offset: int, size: int) -> bytearray:
        """Read `size` bytes of a member's data from `offset` on, unchecked."""
        span = Member(member.name, member.header + offset, size, 0)
        try:
            with self._lock:
                return _read_at(self._file, span, str(self.path))
        except (OSError, ValueError) as error:
            raise ModelFileError(f"{self.path}: cannot be read ({reason_of(error)})") from error

    def is_canonical(self) -> bool:
        """Return whether the archive's own bytes are those that saving writes."""
        try:
            with self._lock:
                return is_canonical(self._file, tuple(self._members.values()), str(self.path))
        except (OSError, ValueError) as error:
            raise ModelFileError(f"{self.path}: cannot be read ({reason_of(error)})") from error

    def close(self) -> None:
        """Close the file; reading afterwards raises ModelFileError."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _checked(self, name: str, known: frozenset[str], kind: str) -> bytearray:
        if name not in known:
            present = ", ".join(sorted(known)) or "none"
            raise ModelFileError(f"{self.path}: has no {kind} {name!r} (present: {present})")
        entry, member = self.manifest.parts[name], self.member(name)
        try:
            data = self.raw(member, 0, member.size)
        except MemoryError:
            raise ModelFileError(
                f"{self.path}: {kind} {name!r} of {member.size} bytes does not fit in memory"
            ) from None
        if zlib.crc32(data) != member.crc or hashlib.sha256(data).hexdigest() != entry.sha256:
            raise ModelFileError(f"{self.path}: {kind} {name!r} is damaged (its digest differs): copy the file again")
        return data


def _open_plain(path: Path) -> BinaryIO:
    """Open a model file. Raises ModelFileError for what is no regular file."""
    try:
        return open_regular(path)
    except NotRegularError:
        raise ModelFileError(f"{path}: is not a file: give the path of a {SUFFIX} file") from None
    except FileNotFoundError:
        raise ModelFileError(f"{path}: no such model file") from None
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be opened ({error.strerror or error})") from None


def _read_at(file: BinaryIO, member: Member, where: str) -> bytearray:
    data = bytearray(member.size)
    view = memoryview(data)
    file.seek(member.offset)
    filled = 0
    while filled < len(data):
        count = file.readinto(view[filled:])  # type: ignore[attr-defined]
        if not count:
            raise ModelFileError(f"{where}: ends too early: truncated, copy it again")
        filled += count
    return data


def _check_parts(manifest: Manifest, members: dict[str, Member], where: str) -> None:
    """Check that manifest and archive list the same parts with the same sizes."""
    entries: dict[str, PartEntry] = {member_name(name): entry for name, entry in manifest.parts.items()}
    missing = sorted(entries.keys() - members.keys())
    unknown = sorted(members.keys() - entries.keys() - {MANIFEST})
    if missing or unknown or len(entries) != len(manifest.parts):
        names = ", ".join((missing or unknown)[:5])
        state = "is missing from" if missing else "is not listed in the manifest of"
        raise ModelFileError(f"{where}: {names or 'a part'} {state} the file: damaged or hostile")
    for name, entry in entries.items():
        if entry.bytes != members[name].size:
            raise ModelFileError(f"{where}: {name} has {members[name].size} bytes, the manifest says {entry.bytes}")
