"""Correct the sizes in headers of WAV and AIFF files that a writer left open.

A writer into a pipe, or one that lost power, leaves a size of 0 or of almost 2 or 4 GB. An RF64
file whose long size is open becomes a WAV.
"""

from __future__ import annotations

from typing import BinaryIO, Literal

from distill_engine.audio.decoding.parts import Part, Parts

_OPEN_BYTES = 0x7FFFF000  # of sound: a size from here on was never filled in
_OPEN_LONG_BYTES = 1 << 48  # the same of an RF64 file
_MOST_CHUNKS = 1000  # before the sound


def chunk_parts(file: BinaryIO, size: int) -> Parts:
    """Return a WAV or AIFF file of `size` bytes, with the true size of its sound if it is open."""
    file.seek(0)
    head = file.read(12)
    order: Literal["little", "big"] = "little" if head[:4] in (b"RIFF", b"RF64") else "big"
    wanted = b"SSND" if head[:4] == b"FORM" else b"data"
    at = 12
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        name, stated = file.read(4), int.from_bytes(file.read(4), order)
        if at + 8 >= size:
            return Parts()
        if name == wanted:
            break
        at += 8 + stated + stated % 2
    present = size - at - 8
    if head[:4] == b"RF64" and 0 < _long_size(file) < _OPEN_LONG_BYTES:
        return Parts()
    is_open = stated == 0 or (stated >= _OPEN_BYTES and stated > present)
    if (
        name != wanted
        or not is_open
        or present >= _OPEN_BYTES
        or (stated == 0 and _is_chunk(file, at + 8, size, order))
    ):
        return Parts()
    file.seek(12)
    between = file.read(at - 12)
    form = b"RIFF" if head[:4] == b"RF64" else head[:4]
    fixed = form + (size - 8).to_bytes(4, order) + head[8:] + between + name + present.to_bytes(4, order)
    return Parts([Part([fixed, (at + 8, present)])])


def _long_size(file: BinaryIO) -> int:
    """Return the size of an RF64 file's sound, which stands in its first chunk; 0 if it is open."""
    file.seek(12)
    head = file.read(24)
    return int.from_bytes(head[16:24], "little") if head[:4] == b"ds64" else 0


def _is_chunk(file: BinaryIO, at: int, size: int, order: Literal["little", "big"]) -> bool:
    """Return whether a whole chunk lies at `at`, as it does behind sound that is truly empty."""
    file.seek(at)
    name, stated = file.read(4), int.from_bytes(file.read(4), order)
    return name.isascii() and name.decode("latin-1").isprintable() and at + 8 + stated <= size
