"""Stored ZIP archives, read and written strictly.

Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.

The subset has no compression, encryption, comments, extra fields, data descriptors or ZIP64.
Members follow each other from the first byte of the file; their directory and its end record come
last, and nothing else is there. Every byte thus has one meaning: sizes cannot lie, members cannot
overlap, and nothing can hide between them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from distill_engine.errors import ModelFileError
from distill_engine.system.names import printable

LOCAL = struct.Struct("<4sHHHHHIIIHH")
CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
END = struct.Struct("<4sHHHHIIH")
LOCAL_MAGIC, CENTRAL_MAGIC, END_MAGIC = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"

VERSION = 20  # ZIP 2.0, the oldest that knows folders in names
DATE = 0x21  # 1980-01-01 for all members, so that equal contents give equal bytes
MODE = 0o100644 << 16  # a regular file, readable by all
UTF8 = 0x800  # flag: the name is UTF-8

MAX_MEMBERS = 256  # of an archive
MAX_NAME = 120  # characters
MAX_BYTES = (1 << 32) - (1 << 20)  # of an archive
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")


class Readable(Protocol):
    """An open file whose position this module may move."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move the position, as `io.IOBase.seek`."""

    def read(self, size: int = -1, /) -> bytes | None:
        """Read up to `size` bytes, as `io.RawIOBase.read`."""


@dataclass(frozen=True)
class Member:
    """One stored member: a local header at the byte `header`, then `size` bytes of data."""

    name: str
    header: int
    size: int
    crc: int

    @property
    def offset(self) -> int:
        """Byte at which the data begin."""
        return self.header + LOCAL.size + len(self.name)

    @property
    def end(self) -> int:
        """Byte after the data."""
        return self.offset + self.size


def is_member_name(name: str) -> bool:
    """Return whether a name is a plain relative path.

    Its parts have letters, digits, `_`, `.` and `-`; none begins with a dot.
    """
    return len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None


def local_header(member: Member) -> bytes:
    """Return the bytes before a member's data."""
    name = member.name.encode("ascii")
    sizes = (member.size, member.size, len(name), 0)
    return LOCAL.pack(LOCAL_MAGIC, VERSION, 0, 0, 0, DATE, member.crc, *sizes) + name


def directory(members: Sequence[Member]) -> bytes:
    """Return the directory and the end record, which follow the last member's data."""
    rows = []
    for member in members:
        name = member.name.encode("ascii")
        unix = VERSION | 3 << 8
        fields = (unix, VERSION, 0, 0, 0, DATE, member.crc, member.size, member.size, len(name), 0, 0, 0, 0, MODE)
        rows.append(CENTRAL.pack(CENTRAL_MAGIC, *fields, member.header) + name)
    start = members[-1].end if members else 0
    table = b"".join(rows)
    return table + END.pack(END_MAGIC, 0, 0, len(members), len(members), len(table), start, 0)


def read_members(file: Readable, size: int, where: str) -> tuple[Member, ...]:
    """Return the members of an archive of `size` bytes, in file order; `where` names it in errors.

    Raises ModelFileError for all but a plain, gapless, stored archive within the limits of this
    module.
    """
    if size > MAX_BYTES:
        raise ModelFileError(f"{where}: {size} bytes are more than a model file may have ({MAX_BYTES})")
    count, table, start = _end_record(file, size, where)
    members: list[Member] = []
    position = 0
    for _ in range(count):
        member, position = _central_row(table, position, where)
        if member.header != (members[-1].end if members else 0) or member.end > start:
            raise ModelFileError(
                f"{where}: member {member.name!r} overlaps another or leaves a gap: damaged or hostile"
            )
        members.append(member)
    if position != len(table) or (members[-1].end if members else 0) != start:
        raise ModelFileError(f"{where}: the archive's directory does not match its contents: damaged or hostile")
    if len({member.name for member in members}) != count:
        raise ModelFileError(f"{where}: two members of one name: damaged or hostile")
    for member in members:
        _check_local(_read(file, member.header, LOCAL.size + len(member.name), where), member, where)
    return tuple(members)


def is_canonical(file: Readable, members: Sequence[Member], where: str) -> bool:
    """Return whether all bytes beside the members' data are those that this module writes."""
    for member in members:
        expected = local_header(member)
        if _read(file, member.header, len(expected), where) != expected:
            return False
    tail = directory(members)
    return _read(file, members[-1].end if members else 0, len(tail), where) == tail


def _read(file: Readable, offset: int, size: int, where: str) -> bytes:
    file.seek(offset)
    data = b""
    while len(data) < size:
        chunk = file.read(size - len(data))
        if not chunk:
            raise ModelFileError(f"{where}: ends too early: truncated, copy it again")
        data += chunk
    return data


def _end_record(file: Readable, size: int, where: str) -> tuple[int, bytes, int]:
    """Return (member count, directory bytes, directory offset)."""
    if size < END.size:
        raise ModelFileError(f"{where}: too short for a model file ({size} bytes): truncated, copy it again")
    record = END.unpack(_read(file, size - END.size, END.size, where))
    magic, disk, first_disk, here, count, length, start, comment = record
    if magic != END_MAGIC or comment:
        raise ModelFileError(f"{where}: not a whole model file: truncated or damaged, copy it again")
    if disk or first_disk or here != count or start + length + END.size != size:
        raise ModelFileError(f"{where}: the archive's end record contradicts its size: damaged or hostile")
    if count > MAX_MEMBERS or length > count * (CENTRAL.size + MAX_NAME):
        raise ModelFileError(f"{where}: {count} members, a model file has at most {MAX_MEMBERS}: damaged or hostile")
    return count, _read(file, start, length, where), start


def _central_row(table: bytes, position: int, where: str) -> tuple[Member, int]:
    """Return (member, position of the next row)."""
    if position + CENTRAL.size > len(table):
        raise ModelFileError(f"{where}: the archive's directory is cut short: damaged or hostile")
    fields = CENTRAL.unpack_from(table, position)
    magic, _, _, flags, method, _, _, crc, packed, size, name_length, extra, comment, disk, _, mode, header = fields
    if magic != CENTRAL_MAGIC:
        raise ModelFileError(f"{where}: the archive's directory is damaged")
    end = position + CENTRAL.size + name_length
    name = _name(table[position + CENTRAL.size : end], where)
    _check_storage(name, flags, method, packed, size, where)
    kind = mode >> 28
    if extra or comment or disk or kind not in (0, 8):
        raise ModelFileError(f"{where}: member {name!r} is not a plain file: damaged or hostile")
    return Member(name, header, size, crc), end


def _name(raw: bytes, where: str) -> str:
    name = raw.decode("ascii", "replace")
    if not is_member_name(name):
        raise ModelFileError(f"{where}: member name '{printable(name, 40)}' is not allowed: damaged or hostile")
    return name


def _check_storage(name: str, flags: int, method: int, packed: int, size: int, where: str) -> None:
    if flags & 1:
        raise ModelFileError(f"{where}: member {name!r} is encrypted: model files are not")
    if method:
        raise ModelFileError(f"{where}: member {name!r} is compressed: model files are stored, damaged or hostile")
    if flags & ~UTF8 or packed != size:
        raise ModelFileError(f"{where}: member {name!r} has contradictory sizes or flags: damaged or hostile")


def _check_local(header: bytes, member: Member, where: str) -> None:
    magic, _, flags, method, _, _, crc, packed, size, name_length, extra = LOCAL.unpack_from(header)
    if magic != LOCAL_MAGIC or name_length != len(member.name) or extra:
        raise ModelFileError(f"{where}: the header of member {member.name!r} is damaged")
    _check_storage(member.name, flags, method, packed, size, where)
    if (crc, size, header[LOCAL.size :]) != (member.crc, member.size, member.name.encode("ascii")):
        raise ModelFileError(f"{where}: member {member.name!r} contradicts the archive's directory: damaged or hostile")
