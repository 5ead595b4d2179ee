"""Put tags and loop points into a finished file, in place: WAV, RF64, AIFF, FLAC, MP3, Ogg.

What the encoder draws by chance or takes from the clock becomes constant, so that the same sound
with the same tags is the same file.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import BinaryIO, Literal

from distill_engine.audio.finishing.in_place import Binary, insert, read_at
from distill_engine.audio.finishing.loops import Loop
from distill_engine.audio.finishing.ogg import number_streams, stamp_ogg
from distill_engine.audio.finishing.tags import bext, id3, vorbis_comment
from distill_engine.errors import AudioFileError

_RIFF_LIMIT = 2**32 - 1  # bytes that a RIFF header can count


def stamp(
    file: BinaryIO | Binary, container: str, sample_rate: int, tags: Mapping[str, str], loop: Loop | None
) -> None:
    """Put tags and a loop into an open file of a container, by libsndfile's name for it.

    Raises AudioFileError.
    """
    if container in ("WAV", "RF64"):
        _clear_time_of_peaks(file, "little")
        chunks = [(b"bext", bext(tags)), (b"id3 ", id3(tags))] if tags else []
        _append(file, chunks + ([(b"smpl", _sampler(loop, sample_rate))] if loop else []), "little")
    elif container == "AIFF":
        _clear_time_of_peaks(file, "big")
        chunks = [(b"ID3 ", id3(tags))] if tags else []
        _append(file, chunks + (_marks(loop) if loop else []), "big")
    elif container == "MP3" and tags:
        insert(file, 0, 0, id3(tags))
    elif container == "FLAC" and tags:
        _stamp_flac(file, tags)
    elif container == "OGG":
        if tags:
            stamp_ogg(file, tags)
        number_streams(file)


def _clear_time_of_peaks(file: BinaryIO | Binary, order: Literal["little", "big"]) -> None:
    """Set the date to zero in the chunk PEAK, which files of 32-bit floats have."""
    at, end, name = 12, file.seek(0, 2), b""
    while name not in (b"data", b"SSND") and at + 8 <= end:
        head = read_at(file, at, 8)
        name, size = head[:4], int.from_bytes(head[4:], order)
        if name == b"PEAK":
            file.seek(at + 12)
            file.write(bytes(4))
        at += 8 + size + size % 2


def _append(file: BinaryIO | Binary, chunks: list[tuple[bytes, bytes]], order: str) -> None:
    """Append chunks to a RIFF, RF64 or AIFF file, and count them in its header."""
    end = file.seek(0, 2)
    file.write(b"\0" * (end % 2))
    for name, body in chunks:
        file.write(name + struct.pack(">I" if order == "big" else "<I", len(body)) + body + b"\0" * (len(body) % 2))
    size = file.seek(0, 2) - 8
    if read_at(file, 0, 4) == b"RF64":
        file.seek(20)
        file.write(struct.pack("<Q", size))
    elif size <= _RIFF_LIMIT:
        file.seek(4)
        file.write(struct.pack(">I" if order == "big" else "<I", size))


def _sampler(loop: Loop, sample_rate: int) -> bytes:
    """Return the body of a WAV's chunk smpl: one loop forward, at the key 60."""
    head = struct.pack("<9I", 0, 0, round(1e9 / sample_rate), 60, 0, 0, 0, 1, 0)
    return head + struct.pack("<6I", 0, 0, loop.start, loop.end - 1, 0, 0)


def _marks(loop: Loop) -> list[tuple[bytes, bytes]]:
    """Return an AIFF's chunks MARK and INST for a loop."""
    names = (b"\x0abeg loop  ", b"\x0aend loop  ")
    marks = b"".join(
        struct.pack(">HI", number, at) + name.ljust(12, b"\0")
        for number, (at, name) in enumerate(zip((loop.start, loop.end), names, strict=True), 1)
    )
    instrument = struct.pack(">6bh", 60, 0, 0, 127, 1, 127, 0) + struct.pack(">6H", 1, 1, 2, 0, 0, 0)
    return [(b"MARK", struct.pack(">H", 2) + marks), (b"INST", instrument)]


def _stamp_flac(file: BinaryIO | Binary, tags: Mapping[str, str]) -> None:
    """Replace a FLAC file's comment block."""
    at, last = 4, False
    found: tuple[int, int, bool] | None = None
    while not last:
        head = read_at(file, at, 4)
        size, last = int.from_bytes(head[1:], "big"), bool(head[0] & 0x80)
        if head[0] & 0x7F == 4:
            found = at, size + 4, last
        at += size + 4
    if found is None:
        raise AudioFileError("the encoder wrote a file that cannot be tagged: leave --tag out")
    start, size, last = found
    block = vorbis_comment(tags, read_at(file, start + 4, size - 4))
    insert(file, start, size, bytes([4 | last << 7]) + len(block).to_bytes(3, "big") + block)
