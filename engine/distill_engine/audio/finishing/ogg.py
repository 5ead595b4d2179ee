"""Change a finished Ogg Vorbis or Opus file in place: its comments, and the numbers of its streams.

Source: RFC 3533, "The Ogg Encapsulation Format Version 0".
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from distill_engine.audio.finishing.in_place import Binary, insert, read_at
from distill_engine.audio.finishing.tags import vorbis_comment
from distill_engine.errors import AudioFileError

HEADER = 27  # bytes of a page before its lacing values
_SERIAL, _CHECKSUM = slice(14, 18), slice(22, 26)
_PAGE_BYTES = 255 * 255  # of the packets on a page
_ODD = "the encoder wrote a file that cannot be tagged: leave --tag out"
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def page_checksum(page: bytes) -> int:
    """Return the checksum of a page, whose own field counts as zero.

    It is a CRC-32 with the polynomial 0x04c11db7, the highest bit first, from zero on. zlib has the
    same with the lowest bit first, inverted before and after: bits are mirrored for it.

    >>> f"{page_checksum(b'OggS' + bytes(23)):08x}"
    '9ea1a511'
    """
    plain = page[: _CHECKSUM.start] + bytes(4) + page[_CHECKSUM.stop :]
    mirrored = zlib.crc32(plain.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")


def pages(file: BinaryIO | Binary) -> Iterator[tuple[int, bytes]]:
    """Yield where each page begins, and its bytes. Raises AudioFileError for what is no page."""
    at, size = 0, file.seek(0, 2)
    while at < size:
        page = _page(file, at)
        yield at, page
        at += len(page)


def number_streams(file: BinaryIO | Binary) -> None:
    """Number the streams by what they hold, so that equal sounds are equal files.

    Encoders draw these numbers at random. The new number is a CRC-32 of the stream's pages without
    their headers, so that links of a chain still differ. Raises AudioFileError.
    """
    held: dict[bytes, int] = {}
    for _, page in pages(file):
        held[page[_SERIAL]] = zlib.crc32(page[HEADER:], held.get(page[_SERIAL], 0))
    numbers: dict[bytes, bytes] = {}
    for old, number in held.items():
        while (new := number.to_bytes(4, "little")) in numbers.values():  # another link with the same sound
            number = (number + 1) % 2**32
        numbers[old] = new
    for at, page in pages(file):
        changed = page[: _SERIAL.start] + numbers[page[_SERIAL]] + page[_SERIAL.stop :]
        file.seek(at)
        file.write(_with_checksum(changed)[:HEADER])


def stamp_ogg(file: BinaryIO | Binary, tags: Mapping[str, str]) -> None:
    """Replace the comment packet on the second page of a stream. Raises AudioFileError."""
    at = len(_page(file, 0))
    second = _page(file, at)
    packets = _packets(second)
    if packets[0].startswith(b"OpusTags"):
        packets[0] = (b"OpusTags" + vorbis_comment(tags, packets[0][8:])).ljust(len(packets[0]), b"\0")
    elif packets[0].startswith(b"\3vorbis"):
        packets[0] = b"\3vorbis" + vorbis_comment(tags, packets[0][7:]) + b"\1"
    else:
        raise AudioFileError(_ODD)
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    if len(lacing) > 255:
        raise AudioFileError(f"the tags are too long for this format: {_PAGE_BYTES} bytes with what the encoder adds")
    page = second[: HEADER - 1] + bytes([len(lacing)]) + lacing + b"".join(packets)
    insert(file, at, len(second), _with_checksum(page))


def _page(file: BinaryIO | Binary, at: int) -> bytes:
    """Return the page at `at`."""
    head = read_at(file, at, HEADER)
    if head[:4] != b"OggS":
        raise AudioFileError(_ODD)
    lacing = read_at(file, at + HEADER, head[-1])
    return head + lacing + read_at(file, at + HEADER + len(lacing), sum(lacing))


def _packets(page: bytes) -> list[bytes]:
    """Return the packets of a page, all of which end on it."""
    packets = []
    at = HEADER + page[HEADER - 1]
    length = 0
    for value in page[HEADER:at]:
        length += value
        if value < 255:
            packets.append(page[at : at + length])
            at, length = at + length, 0
    if length or not packets:
        raise AudioFileError(_ODD)
    return packets


def _with_checksum(page: bytes) -> bytes:
    return page[: _CHECKSUM.start] + page_checksum(page).to_bytes(4, "little") + page[_CHECKSUM.stop :]
