"""Put tags and loop points into a finished file, in place: WAV, RF64, AIFF, FLAC, MP3, Ogg."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import BinaryIO, Protocol

from distill_engine.audio.finishing.loops import Loop
from distill_engine.audio.finishing.tags import bext, id3, vorbis_comment
from distill_engine.errors import AudioFileError

_COPY_BYTES = 1 << 20  # that are moved at once
_PAGE_BYTES = 255 * 255  # of the packets on an Ogg page
_CRC = 0x04C11DB7  # generator polynomial of an Ogg page's checksum
_RIFF_LIMIT = 2**32 - 1  # bytes that a RIFF header can count


class _File(Protocol):
    """The part of a binary file that is used here."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to a position."""

    def read(self, size: int = -1, /) -> bytes | None:
        """Read bytes."""

    def write(self, data: bytes, /) -> int | None:
        """Write bytes."""


def stamp(file: BinaryIO | _File, container: str, sample_rate: int, tags: Mapping[str, str], loop: Loop | None) -> None:
    """Put tags and a loop into an open file of a container, by libsndfile's name for it.

    Raises AudioFileError.
    """
    if container in ("WAV", "RF64"):
        chunks = [(b"bext", bext(tags)), (b"id3 ", id3(tags))] if tags else []
        _append(file, chunks + ([(b"smpl", _sampler(loop, sample_rate))] if loop else []), "little")
    elif container == "AIFF":
        chunks = [(b"ID3 ", id3(tags))] if tags else []
        _append(file, chunks + (_marks(loop) if loop else []), "big")
    elif container == "MP3" and tags:
        _insert(file, 0, 0, id3(tags))
    elif container == "FLAC" and tags:
        _stamp_flac(file, tags)
    elif container == "OGG" and tags:
        _stamp_ogg(file, tags)


def _read(file: BinaryIO | _File, at: int, size: int) -> bytes:
    file.seek(at)
    data = file.read(size) or b""
    if len(data) < size:
        raise AudioFileError("the encoder wrote a file that cannot be tagged: leave --tag out")
    return data


def _insert(file: BinaryIO | _File, at: int, removed: int, data: bytes) -> None:
    """Put `data` in the place of `removed` bytes at `at`, at most as many; the rest moves on."""
    position = file.seek(0, 2)
    while position > at + removed and len(data) != removed:
        size = min(_COPY_BYTES, position - at - removed)
        position -= size
        part = _read(file, position, size)
        file.seek(position + len(data) - removed)
        file.write(part)
    file.seek(at)
    file.write(data)


def _append(file: BinaryIO | _File, chunks: list[tuple[bytes, bytes]], order: str) -> None:
    """Append chunks to a RIFF, RF64 or AIFF file, and count them in its header."""
    end = file.seek(0, 2)
    file.write(b"\0" * (end % 2))
    for name, body in chunks:
        file.write(name + struct.pack(">I" if order == "big" else "<I", len(body)) + body + b"\0" * (len(body) % 2))
    size = file.seek(0, 2) - 8
    if _read(file, 0, 4) == b"RF64":
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


def _stamp_flac(file: BinaryIO | _File, tags: Mapping[str, str]) -> None:
    """Replace a FLAC file's comment block."""
    at, last = 4, False
    found: tuple[int, int, bool] | None = None
    while not last:
        head = _read(file, at, 4)
        size, last = int.from_bytes(head[1:], "big"), bool(head[0] & 0x80)
        if head[0] & 0x7F == 4:
            found = at, size + 4, last
        at += size + 4
    if found is None:
        raise AudioFileError("the encoder wrote a file that cannot be tagged: leave --tag out")
    start, size, last = found
    block = vorbis_comment(tags, _read(file, start + 4, size - 4))
    _insert(file, start, size, bytes([4 | last << 7]) + len(block).to_bytes(3, "big") + block)


def _stamp_ogg(file: BinaryIO | _File, tags: Mapping[str, str]) -> None:
    """Replace the comment packet on the second page of an Ogg Vorbis or Opus stream."""
    first = _page(file, 0)
    second = _page(file, first.size)
    packets = second.packets
    if packets[0].startswith(b"OpusTags"):
        packets[0] = (b"OpusTags" + vorbis_comment(tags, packets[0][8:])).ljust(len(packets[0]), b"\0")
    elif packets[0].startswith(b"\3vorbis"):
        packets[0] = b"\3vorbis" + vorbis_comment(tags, packets[0][7:]) + b"\1"
    else:
        raise AudioFileError("the encoder wrote a file that cannot be tagged: leave --tag out")
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    if len(lacing) > 255:
        raise AudioFileError(f"the tags are too long for this format: {_PAGE_BYTES} bytes with what the encoder adds")
    page = second.head[:22] + bytes(4) + bytes([len(lacing)]) + lacing + b"".join(packets)
    page = page[:22] + _checksum(page).to_bytes(4, "little") + page[26:]
    _insert(file, first.size, second.size, page)


class _Page:
    """A page of an Ogg stream: its header, size and packets, all of which end on it."""

    def __init__(self, head: bytes, lacing: bytes, body: bytes) -> None:
        self.head, self.size = head, 27 + len(lacing) + len(body)
        self.packets: list[bytes] = []
        at = length = 0
        for value in lacing:
            length += value
            if value < 255:
                self.packets.append(body[at : at + length])
                at, length = at + length, 0
        if length:
            raise AudioFileError("the encoder wrote a file that cannot be tagged: leave --tag out")


def _page(file: BinaryIO | _File, at: int) -> _Page:
    head = _read(file, at, 27)
    lacing = _read(file, at + 27, head[26])
    return _Page(head, lacing, _read(file, at + 27 + len(lacing), sum(lacing)))


def _checksum(page: bytes) -> int:
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (_CRC if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    return crc
