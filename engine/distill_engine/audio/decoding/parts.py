"""What a look through a file finds: streams that follow each other, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from distill_engine.audio.decoding.windows import Piece


@dataclass
class Part:
    """One stream of a file: the pieces that a decoder gets, None for the file as it is."""

    pieces: list[Piece] | None = None
    codec: str = ""


@dataclass
class Parts:
    """The streams of a file in their order, and notes on damage."""

    parts: list[Part] = field(default_factory=lambda: [Part()])
    notes: list[str] = field(default_factory=list)
