"""Pass over the tags that programs put before and behind sound of any kind."""

from __future__ import annotations

from typing import BinaryIO

_MOST_TAGS = 100  # one after the other


def behind_tags(file: BinaryIO, at: int, size: int) -> int:
    """Return where ID3v2, ID3v1 and APE tags that begin at `at` end.

    Of a tag that says that it is longer than the file, its head alone is passed over.
    """
    for _ in range(_MOST_TAGS):
        if at >= size:
            break
        file.seek(at)
        head = file.read(16)
        if head[:3] == b"ID3" and len(head) >= 10:
            a, b, c, d = head[6:10]
            at = _end(at + 10, (a << 21 | b << 14 | c << 7 | d) + (10 if head[5] & 16 else 0), size)
        elif head[:3] == b"TAG":
            at += 128
        elif head[:8] == b"APETAGEX":
            at = _end(at + 32, int.from_bytes(head[12:16], "little"), size)
        else:
            break
    return at


def _end(at: int, length: int, size: int) -> int:
    return at + length if at + length <= size else at
