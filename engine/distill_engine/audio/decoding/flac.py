"""Find the frames of a FLAC file (RFC 9639), to go on behind damage."""

from __future__ import annotations

import re
from functools import cache
from typing import BinaryIO

from distill_engine.audio.decoding.parts import Part, Parts
from distill_engine.audio.decoding.windows import Piece

_STREAMINFO_BYTES = 34
_BEGINNING = b"fLaC\x00\x00\x00\x22"  # the magic and the head of STREAMINFO, which all streams begin with
_SEARCH_BYTES = 1 << 20  # read at once
_HEADER_BYTES = 16  # of a frame at most
_SYNC = re.compile(rb"\xff[\xf8\xf9]")
_CRC_POLYNOMIAL = 0x07  # x^8 + x^2 + x + 1


def flac_parts(file: BinaryIO, size: int) -> Parts:
    """Return the streams of a FLAC file of `size` bytes, which may be joined end to end."""
    starts, at = [], 0
    while at < size:
        file.seek(at)
        data = file.read(_SEARCH_BYTES + len(_BEGINNING) - 1)
        starts += [at + found.start() for found in re.finditer(re.escape(_BEGINNING), data)]
        at += _SEARCH_BYTES
    if len(starts) < 2:
        return Parts()
    return Parts([Part([(start, end - start)], "FLAC") for start, end in zip(starts, [*starts[1:], size], strict=True)])


def behind(file: BinaryIO, size: int, sample: int) -> tuple[list[Piece], int] | None:
    """Return pieces that go on with the first frame that begins behind `sample`, and its start.

    `size` is the file's in bytes. None if no frame follows.
    """
    file.seek(0)
    head = file.read(8 + _STREAMINFO_BYTES)
    if head[:4] != b"fLaC":
        return None
    block = int.from_bytes(head[8:10], "big")
    at = len(head)
    while at < size:
        file.seek(at)
        data = file.read(_SEARCH_BYTES + _HEADER_BYTES)
        for found in _SYNC.finditer(data, 0, _SEARCH_BYTES + 1):
            start = _first_sample(data[found.start() : found.start() + _HEADER_BYTES], block)
            if start > sample:
                place = at + found.start()
                return [_open_header(head), (place, size - place)], start
        at += _SEARCH_BYTES
    return None


def _open_header(head: bytes) -> bytes:
    """Return the magic and STREAMINFO without the number of samples and their MD5."""
    return b"fLaC\x80\x00\x00\x22" + head[8:21] + bytes([head[21] & 0xF0]) + bytes(20)


def _first_sample(header: bytes, block: int) -> int:
    """Return the number of a frame's first sample; -1 if this is no frame's header."""
    if len(header) < 6 or header[2] >> 4 == 0 or header[2] & 15 == 15 or header[3] & 1:
        return -1
    number, count = _coded_number(header[4:])
    size_code, rate_code = header[2] >> 4, header[2] & 15
    length = 4 + count + {6: 1, 7: 2}.get(size_code, 0) + {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if not count or length >= len(header) or _crc(header[:length]) != header[length]:
        return -1
    return number if header[1] & 1 else number * block


def _coded_number(data: bytes) -> tuple[int, int]:
    """Return a number in extended UTF-8 and its bytes, (0, 0) if it is none."""
    first = data[0]
    ones = 8 - (first ^ 0xFF).bit_length()
    if ones == 0:
        return first, 1
    if ones == 1 or ones > 7 or len(data) < ones:
        return 0, 0
    number = first & (0x7F >> ones)
    for byte in data[1:ones]:
        if byte >> 6 != 2:
            return 0, 0
        number = number << 6 | byte & 0x3F
    return number, ones


def _crc(data: bytes) -> int:
    value = 0
    for byte in data:
        value = _crc_table()[value ^ byte]
    return value


@cache
def _crc_table() -> bytes:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte << 1 ^ _CRC_POLYNOMIAL if byte & 0x80 else byte << 1) & 0xFF
        table.append(byte)
    return bytes(table)
