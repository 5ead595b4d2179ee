"""A file put together from pieces of another, for decoders that must not see the rest of it."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import BinaryIO

Piece = bytes | tuple[int, int]
"""Bytes of its own, or (offset, length) in the file below."""


class Window(io.RawIOBase):
    """The pieces one after the other, read-only; `file` is read where they lie."""

    def __init__(self, file: BinaryIO, pieces: Sequence[Piece]) -> None:
        self._file = file
        self._pieces = [piece for piece in pieces if length(piece)]
        self._starts = [0, *accumulate(map(length, self._pieces))]
        self._position = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it has positions."""
        return True

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a position in bytes, as other files do; returns it."""
        base = (0, self._position, self._starts[-1])[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as there are bytes; returns their number."""
        view, filled = memoryview(buffer).cast("B"), 0
        while filled < len(view) and self._position < self._starts[-1]:
            index = bisect_right(self._starts, self._position) - 1
            data = self._read(index, self._position - self._starts[index], len(view) - filled)
            if not data:
                break
            view[filled : filled + len(data)] = data
            filled += len(data)
            self._position += len(data)
        return filled

    def _read(self, index: int, start: int, count: int) -> bytes:
        piece = self._pieces[index]
        if isinstance(piece, bytes):
            return piece[start : start + count]
        self._file.seek(piece[0] + start)
        return self._file.read(min(count, piece[1] - start))


def length(piece: Piece) -> int:
    """Return the bytes of a piece."""
    return len(piece) if isinstance(piece, bytes) else piece[1]


def joined(pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return (offset, length) pieces with neighbours put together.

    >>> joined([(0, 4), (4, 6), (12, 3)])
    [(0, 10), (12, 3)]
    """
    whole: list[tuple[int, int]] = []
    for offset, count in pieces:
        if whole and sum(whole[-1]) == offset:
            whole[-1] = (whole[-1][0], whole[-1][1] + count)
        else:
            whole.append((offset, count))
    return whole
