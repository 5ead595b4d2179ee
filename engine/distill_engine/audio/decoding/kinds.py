"""Tell what a file is by how it begins, whatever its name says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Literal

Reader = Literal["chunks", "flac", "ogg", "mpeg", "plain", "second", "none"]
HEAD_BYTES = 4096  # from which a kind is told
_MOVIE_BYTES = 32 << 20  # of an MP4 file's table of contents, at most
_PROTECTED_ATOMS = (b"drms", b"enca", b"aavd", b"drmi")
_PROTECTED_ASF = (
    bytes.fromhex("fbb31122 23bdd211 b4b700a0c955fc6e"),
    bytes.fromhex("14e68a29 2226174c b935dae07ee9289c"),
)


@dataclass(frozen=True)
class Kind:
    """What a file is, in words with an article, and what reads it: "none" if it holds no sound."""

    name: str
    reader: Reader


UNKNOWN = Kind("", "plain")
_MAGIC: tuple[tuple[int, bytes, str, Reader], ...] = (
    (0, b"fLaC", "a FLAC file", "flac"),
    (0, b"OggS", "an Ogg file", "ogg"),
    (0, b"ID3", "an MP3 file", "mpeg"),
    (0, b"caff", "a CAF file", "plain"),
    (0, b".snd", "an AU file", "plain"),
    (4, b"ftyp", "an MP4 file", "second"),
    (4, b"moov", "a QuickTime file", "second"),
    (4, b"mdat", "a QuickTime file", "second"),
    (4, b"wide", "a QuickTime file", "second"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a WMA file", "second"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM file", "second"),
    (0, b"MAC ", "a Monkey's Audio file", "second"),
    (0, b"wvpk", "a WavPack file", "second"),
    (0, b"TTA1", "a True Audio file", "second"),
    (0, b"MPCK", "a Musepack file", "second"),
    (0, b"MP+", "a Musepack file", "second"),
    (0, b"DSD ", "a DSD file", "second"),
    (0, b"FRM8", "a DSD file", "second"),
    (0, b"#!AMR", "an AMR file", "second"),
    (0, b"\x0b\x77", "an AC-3 file", "second"),
    (0, b"\x7f\xfe\x80\x01", "a DTS file", "second"),
    (0, b".RMF", "a RealMedia file", "second"),
    (0, b"FLV\x01", "a Flash video", "second"),
    (0, b"\0\0\x01\xba", "an MPEG video", "second"),
    (0, b"PK\x03\x04", "a ZIP archive", "none"),
    (0, b"Rar!", "a RAR archive", "none"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", "none"),
    (0, b"\x1f\x8b", "a gzip archive", "none"),
    (0, b"%PDF", "a PDF document", "none"),
    (0, b"\x89PNG", "a picture (PNG)", "none"),
    (0, b"\xff\xd8\xff", "a picture (JPEG)", "none"),
    (0, b"GIF8", "a picture (GIF)", "none"),
    (0, b"MThd", "a MIDI file: notes without sound", "none"),
    (0, b"version https://git-lfs", "a pointer of Git LFS: fetch the sound with `git lfs pull`", "none"),
)
_INSIDE = {b"WAVE": "a WAV file", b"AIFF": "an AIFF file", b"AIFC": "an AIFC file"}
_OTHER_RIFF = {b"AVI ": Kind("an AVI video", "second"), b"WEBP": Kind("a picture (WebP)", "none")}


def kind_of(head: bytes) -> Kind:
    """Return the kind of a file that begins with these bytes, HEAD_BYTES at most."""
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"FORM"):
        name = _INSIDE.get(head[8:12])
        return Kind(name, "chunks") if name else _OTHER_RIFF.get(head[8:12], UNKNOWN)
    for at, magic, name, reader in _MAGIC:
        if head.startswith(magic, at):
            return Kind(name, reader)
    if head[:2] == b"\xff\xfe" and head[3:4] == b"\0":
        return Kind("a text (UTF-16)", "none")
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return Kind("an AAC file", "second")
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return Kind("an MP3 file", "mpeg")
    return _text(head)


def protection(file: BinaryIO, kind: Kind, size: int) -> bool:
    """Return whether a file of `size` bytes is encrypted (DRM), as its headers say."""
    if kind.name == "a WMA file":
        file.seek(0)
        head = file.read(HEAD_BYTES * 16)
        return any(mark in head for mark in _PROTECTED_ASF)
    if kind.name not in ("an MP4 file", "a QuickTime file"):
        return False
    contents = _movie(file, size)
    return any(mark in contents for mark in _PROTECTED_ATOMS)


def _movie(file: BinaryIO, size: int) -> bytes:
    """Return the table of contents of an MP4 file, b"" if there is none."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        length = int.from_bytes(head[8:16], "big") if length == 1 else length
        if head[4:8] == b"moov":
            return file.read(min(length, _MOVIE_BYTES))
        if length < 8:
            break
        at += length
    return b""


def _text(head: bytes) -> Kind:
    """Return the kind of what may be a text: UTF-8 or Latin without control characters."""
    if not head or any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head) or 127 in head:
        return UNKNOWN
    start = head.lstrip()[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return Kind("a web page", "none")
    ascii_share = sum(byte < 128 for byte in head) / len(head)
    return Kind("a text", "none") if ascii_share > 0.7 else UNKNOWN
