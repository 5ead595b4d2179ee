"""Tags in the schemes of their formats: ID3v2.4, Vorbis comments, and the chunk bext of a WAV.

Written here because the well-kept library for it is under the GPL; the tests read the tags with it.
Sources: id3.org, "ID3 tag version 2.4.0"; Xiph.Org, "Ogg Vorbis I comment field"; EBU Tech 3285.
"""

from __future__ import annotations

from collections.abc import Mapping

from distill_engine.errors import AudioFileError

MOST_BYTES = 40_000  # of all tags of a file: they fit one page of an Ogg stream
VENDOR = "Distill"
_FRAMES = {
    "title": "TIT2", "artist": "TPE1", "album": "TALB", "genre": "TCON", "tracknumber": "TRCK", "date": "TDRC",
    "bpm": "TBPM", "software": "TSSE", "copyright": "TCOP",
}  # fmt: skip
_BEXT_BYTES = 602  # of the chunk before its coding history


def check_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags with plain names, without empty ones and zero bytes.

    Raises AudioFileError for a name that no format takes, or for tags that are too long.
    """
    out: dict[str, str] = {}
    for name, value in tags.items():
        plain = name.strip()
        if not plain or not plain.isascii() or not plain.isprintable() or "=" in plain:
            raise AudioFileError(f"a tag cannot be called {name[:40]!r}: use letters, digits and _")
        text = str(value).replace("\0", "").encode("utf-8", "replace").decode()
        if text:
            out[plain.lower() if plain.lower() in (*_FRAMES, "comment", "license") else plain.upper()] = text
    size = sum(len(name) + len(value.encode()) for name, value in out.items())
    if size > MOST_BYTES:
        raise AudioFileError(f"the tags have {size} bytes: give {MOST_BYTES} at most")
    return out


def vorbis_comment(tags: Mapping[str, str], before: bytes) -> bytes:
    """Return the comment block of FLAC and Ogg, without its framing.

    It names the encoder that the block `before` names.
    """
    lines = [f"{name.upper()}={value}".encode() for name, value in tags.items()]
    vendor = before[4 : 4 + int.from_bytes(before[:4], "little")]
    parts = [len(vendor).to_bytes(4, "little"), vendor, len(lines).to_bytes(4, "little")]
    for line in lines:
        parts += [len(line).to_bytes(4, "little"), line]
    return b"".join(parts)


def id3(tags: Mapping[str, str]) -> bytes:
    """Return an ID3v2.4 tag: text frames in UTF-8, other names in TXXX."""
    frames = []
    for name, value in tags.items():
        text = value.encode()
        if name in _FRAMES:
            frames.append(_frame(_FRAMES[name], b"\3" + text))
        elif name == "comment":
            frames.append(_frame("COMM", b"\3eng\0" + text))
        else:
            frames.append(_frame("TXXX", b"\3" + name.upper().encode() + b"\0" + text))
    body = b"".join(frames)
    return b"ID3\4\0\0" + _seven_bits(len(body)) + body


def _frame(name: str, data: bytes) -> bytes:
    return name.encode() + _seven_bits(len(data)) + b"\0\0" + data


def _seven_bits(number: int) -> bytes:
    """Return a number as four bytes of seven bits each."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def bext(tags: Mapping[str, str]) -> bytes:
    """Return the body of a WAV's chunk bext: description, originator, date."""
    description = " / ".join(tags[name] for name in ("title", "artist", "comment") if name in tags)
    date = tags.get("date", "")
    fields = ((description, 256), (VENDOR, 32), (tags.get("DISTILL_MODEL", ""), 32), (date, 10), ("", 8))
    body = b"".join(_ascii(text, size) for text, size in fields)
    return body.ljust(346, b"\0") + (1).to_bytes(2, "little") + bytes(_BEXT_BYTES - 348) + b"T=Distill\r\n"


def _ascii(text: str, size: int) -> bytes:
    return text.encode("ascii", "replace")[:size].ljust(size, b"\0")
