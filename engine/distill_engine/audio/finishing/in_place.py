"""Read and replace bytes of a file that is open for both."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from distill_engine.errors import AudioFileError

_COPY_BYTES = 1 << 20  # that are moved at once


class Binary(Protocol):
    """The part of a binary file that is used here."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to a position."""

    def read(self, size: int = -1, /) -> bytes | None:
        """Read bytes."""

    def write(self, data: bytes, /) -> int | None:
        """Write bytes."""

    def truncate(self, size: int, /) -> int:
        """Cut the file to a size."""


def read_at(file: BinaryIO | Binary, at: int, size: int) -> bytes:
    """Return `size` bytes from a position on. Raises AudioFileError if the file ends before."""
    file.seek(at)
    data = file.read(size) or b""
    if len(data) < size:
        raise AudioFileError("the encoder wrote a file that cannot be tagged: leave --tag out")
    return data


def insert(file: BinaryIO | Binary, at: int, removed: int, data: bytes) -> None:
    """Put `data` in the place of `removed` bytes at `at`; the rest moves, the size follows."""
    start, end, shift = at + removed, file.seek(0, 2), len(data) - removed
    starts = range(start, end, _COPY_BYTES) if shift else ()
    for position in starts if shift < 0 else reversed(starts):
        part = read_at(file, position, min(_COPY_BYTES, end - position))
        file.seek(position + shift)
        file.write(part)
    file.seek(at)
    file.write(data)
    if shift < 0:
        file.truncate(end + shift)
