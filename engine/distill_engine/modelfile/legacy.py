"""Recognise files that are not model files, to say what they are. Nothing is unpickled."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import BinaryIO

from distill_engine.errors import ModelFileError

V1 = "v1 model: retrain with `distill train`"
_OLD_SUFFIXES = (".distill", ".sda")
_PICKLED = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin")
_SIGNATURES = (
    (b"RIFF", "a WAV file"),
    (b"fLaC", "a FLAC file"),
    (b"OggS", "an Ogg file"),
    (b"ID3", "an MP3 file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x93NUMPY", "a NumPy array"),
)


def refuse_other_kinds(file: BinaryIO, size: int, path: Path) -> None:
    """Check that a file of `size` bytes is no other known kind.

    Raises ModelFileError for a v1 model, a pickle, a sound file, an archive, a text, an empty file
    and all that does not begin as an archive does.
    """
    if not size:
        raise ModelFileError(f"{path}: is empty: not a model file")
    file.seek(0)
    head = file.read(16)
    old = path.suffix.lower() in _OLD_SUFFIXES
    if not head.startswith(b"PK"):
        _refuse_head(head, path, old)
        return
    names = _zip_names(file) if old or not _begins_as_ours(file) else None
    if names is None or "manifest.json" in names:
        return
    if old or "metadata.json" in names or "config.json" in names:
        raise ModelFileError(f"{path}: {V1}")
    if any(name.lower().endswith(_PICKLED) for name in names):
        raise ModelFileError(f"{path}: holds pickled Python objects, which are never opened; {V1}")


def _begins_as_ours(file: BinaryIO) -> bool:
    """Return whether the first member is the manifest, as in every saved model file."""
    file.seek(26)
    return file.read(17)[4:] == b"manifest.json"


def _refuse_head(head: bytes, path: Path, old: bool) -> None:
    if old:
        raise ModelFileError(f"{path}: {V1}")
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        raise ModelFileError(f"{path} is a Python pickle, which is never opened; {V1}")
    for magic, what in _SIGNATURES:
        if head.startswith(magic):
            raise ModelFileError(f"{path} is {what}, not a model file: give a .distillgan file")
    if _is_text(head):
        raise ModelFileError(f"{path} is a text, not a .distillgan model: `distill model list` shows the models")
    raise ModelFileError(f"{path}: does not begin as a model file does: give a .distillgan file, or copy it again")


def _is_text(head: bytes) -> bool:
    """Return whether the first bytes of a file are printable UTF-8, even if cut in a character."""
    text = head.decode("utf-8", "replace").rstrip("\ufffd")
    whole = len(text.encode()) >= len(head) - 3
    return whole and "\ufffd" not in text and all(c.isprintable() or c in "\n\r\t" for c in text)


def _zip_names(file: BinaryIO) -> list[str] | None:
    """Return the names in a ZIP archive's directory; None if it cannot be read."""
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.namelist()[:10_000]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, IndexError):
        return None
