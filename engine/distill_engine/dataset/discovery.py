"""Find the files of a folder that may hold sound.

Folders and links are followed, each once. Hidden and junk files are passed over; all others are
listed, with the reason where they cannot be used or are left out by the user.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from distill_engine.audio.decoding.kinds import HEAD_BYTES, UNKNOWN, kind_of
from distill_engine.dataset.left_out import CORPUS_FILE, LEFT_OUT, read_left_out
from distill_engine.errors import CorpusError
from distill_engine.system.regular_files import read_regular

_SOUND = (
    "wav wave bwf rf64 w64 aif aiff aifc flac mp1 mp2 mp3 ogg oga opus caf au snd sf ircam voc svx 8svx iff avr paf pvf sd2 sds "
    "nist sph wve xi "
)
_FOREIGN = "m4a aac wma ra ape wv mpc tta dsf dff ac3 dts amr mka webm mp4 mov mkv avi"
SOUND_SUFFIXES = frozenset((_SOUND + _FOREIGN).split())
JUNK_NAMES = frozenset({"thumbs.db", "desktop.ini", "icon\r", "ehthumbs.db"})
NO_SOUND = "not a sound file"
JUNK_FOLDERS = frozenset({"__macosx", "$recycle.bin", "system volume information"})


@dataclass(frozen=True)
class FoundFile:
    """A file below the folder.

    `name` is its path from the folder, with forward slashes and with bytes that are not UTF-8
    written as escapes. `reason` says why it is left out, if it is.
    """

    path: Path
    name: str
    reason: str = ""


def find_files(folder: Path) -> list[FoundFile]:
    """Return the files below `folder` by name, no hidden ones and no junk. Raises CorpusError."""
    try:
        if not folder.exists():
            raise CorpusError(f"{folder} does not exist: give the folder that holds your sounds")
        if not folder.is_dir():
            raise CorpusError(f"{folder} is a file: give the folder that holds your sounds")
        os.listdir(folder)
    except OSError as error:
        raise CorpusError(f"{folder} cannot be opened ({error.strerror or error}): check its permissions") from None
    found: list[FoundFile] = []
    _walk(folder, found)
    left_out = read_left_out(folder)
    found = [replace(one, reason=one.reason or LEFT_OUT) if one.name in left_out else one for one in found]
    return sorted((one for one in found if one.name != CORPUS_FILE), key=lambda one: one.name)


def _walk(root: Path, found: list[FoundFile]) -> None:
    """Add every file below `root`, however deep it lies, and each folder that stays closed."""
    seen: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            entries = list(os.scandir(folder))
        except OSError as error:
            reason = f"folder cannot be opened ({error.strerror or error})"
            found.append(FoundFile(folder, f"{_name(folder, root)}/", reason))
            continue
        if (status.st_dev, status.st_ino) in seen:  # a link back up, or a second way in
            continue
        seen.add((status.st_dev, status.st_ino))
        folders = []
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith(".") or entry.name.lower() in JUNK_NAMES | JUNK_FOLDERS:
                continue
            path = Path(entry.path)
            if _is_folder(entry):
                folders.append(path)
            else:
                found.append(FoundFile(path, _name(path, root), _refusal(path)))
        waiting += reversed(folders)


def _name(path: Path, root: Path) -> str:
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "backslashreplace")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _refusal(path: Path) -> str:
    """Return why a file is left out unread, or ''.

    Files without a known suffix are read if they begin like a file of a known kind.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        gone = error.errno in (errno.ENOENT, errno.ELOOP) and os.path.islink(path)
        return "broken link" if gone else f"cannot be reached ({error.strerror or error})"
    if not stat.S_ISREG(mode):
        return "not a file"
    suffix = path.suffix.lower().lstrip(".")
    return "" if suffix in SOUND_SUFFIXES or _is_known(path) else NO_SOUND


def _is_known(path: Path) -> bool:
    """Return whether a file begins like one of a known kind, which the reader names."""
    try:
        return kind_of(read_regular(path, HEAD_BYTES)) is not UNKNOWN
    except OSError:
        return True  # the reader says why
