"""Find the links of an Ogg file (RFC 3533): streams that follow each other, with their headers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from distill_engine.audio.decoding.parts import Part, Parts
from distill_engine.audio.decoding.windows import joined
from distill_engine.system.counting import counted

_FIRST, _LAST = 2, 4  # flags of a page: of a stream's first and last one
_SEARCH_BYTES = 1 << 16  # read at once when the next page is looked for
_CODECS = (
    (b"\x01vorbis", "Vorbis"),
    (b"OpusHead", "Opus"),
    (b"\x7fFLAC", "FLAC"),
    (b"Speex   ", "Speex"),
    (b"\x80theora", "Theora video"),
    (b"fishead\0", "Skeleton"),
)
SOUND_CODECS = ("Vorbis", "Opus", "FLAC", "Speex")


@dataclass
class _Link:
    codecs: dict[int, str] = field(default_factory=dict)
    pages: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    flags: dict[int, int] = field(default_factory=dict)
    begun: bool = False

    @property
    def serial(self) -> int:
        """Number of its first stream of sound; of any if there is none."""
        return next((serial for serial, codec in self.codecs.items() if codec in SOUND_CODECS), min(self.codecs))


def ogg_parts(file: BinaryIO, size: int) -> Parts | None:
    """Return the links of an Ogg file of `size` bytes, None if it has no page."""
    links: list[_Link] = []
    at, skipped, complete = _next_page(file, 0, size), 0, True
    while at < size:
        file.seek(at)
        head = file.read(27)
        table = file.read(head[26]) if len(head) == 27 else b""
        step = 27 + len(table) + sum(table)
        if head[:4] != b"OggS" or len(head) < 27 or at + step > size:
            found = _next_page(file, at + 1, size)
            skipped += found - at if found < size else 0
            complete = complete and found < size
            at = found
            continue
        _add(links, head, file.read(8), (at, step))
        at += step
    if not links:
        return None
    notes = [f"damaged: {counted(skipped, 'byte')} between its pages left out"] if skipped else []
    last = links[-1]
    if not last.flags[last.serial] & _LAST:
        notes.append("ends early: the stream breaks off without its last page")
    parts = [Part(list(joined(link.pages[link.serial])), link.codecs[link.serial]) for link in links]
    if len(links) == 1 and len(last.codecs) == 1 and not skipped and complete:
        parts[0].pieces = None
    return Parts(parts, notes)


def _add(links: list[_Link], head: bytes, body: bytes, place: tuple[int, int]) -> None:
    """Add a page to its link; a first page behind others begins a new one."""
    serial, flags = int.from_bytes(head[14:18], "little"), head[5]
    if flags & _FIRST:
        if not links or links[-1].begun:
            links.append(_Link())
        links[-1].codecs[serial] = next((name for magic, name in _CODECS if body.startswith(magic[:8])), "unknown")
        links[-1].pages[serial] = []
    if links and serial in links[-1].pages:
        links[-1].begun = links[-1].begun or not flags & _FIRST
        links[-1].pages[serial].append(place)
        links[-1].flags[serial] = flags


def _next_page(file: BinaryIO, at: int, size: int) -> int:
    """Return where the next page begins, `size` if nowhere."""
    while at < size:
        file.seek(at)
        data = file.read(_SEARCH_BYTES)
        found = data.find(b"OggS")
        if found >= 0:
            return at + found
        at += max(1, len(data) - 3)
    return size
