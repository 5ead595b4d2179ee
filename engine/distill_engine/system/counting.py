"""Write a count with its noun, so that a message says "1 file" and "2 files"."""

from __future__ import annotations


def counted(number: object, noun: str) -> str:
    """Return a number with its noun, given in the singular and with a plural in -s.

    >>> counted(1, "frame"), counted(4, "frame"), counted(0, "mel band")
    ('1 frame', '4 frames', '0 mel bands')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
