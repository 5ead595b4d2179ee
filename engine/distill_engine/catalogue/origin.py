"""What made a sound file: by the tags that it carries, and by its samples."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distill_engine.audio.files import audio_info
from distill_engine.catalogue.facts import find_digest
from distill_engine.errors import AudioFileError
from distill_engine.library.folders import recordings_dir
from distill_engine.library.history.listening import samples_digest
from distill_engine.library.history.recipe_tags import read_own_tags, read_tags
from distill_engine.library.lookup import TAKE_SUFFIX
from distill_engine.library.renders import RenderEntry, RenderStore
from distill_engine.system.regular_files import sha256_of


@dataclass(frozen=True)
class Origin:
    """What is known of a sound file.

    `key` and `digest` are those of its tags, "" if it has none: of its recipe, and the first digits
    of its model's. `entry` is in the history, `model` the file in the library, `take` the recorded
    performance; each None if it is not there. `by` says how the entry was found.
    """

    path: Path
    tags: dict[str, str]
    key: str
    digest: str
    entry: RenderEntry | None
    by: str
    model: Path | None
    take: Path | None

    def to_dict(self) -> dict[str, Any]:
        """Return the origin as values for JSON."""
        entry = None if self.entry is None else self.entry.to_dict()
        model, take = (str(path) if path else None for path in (self.model, self.take))
        head = {"path": str(self.path), "tags": self.tags, "key": self.key, "digest": self.digest}
        return {**head, "by": self.by, "entry": entry, "model": model, "take": take}


def origin_of(path: Path) -> Origin:
    """Return what made a sound file. Raises AudioFileError."""
    tags = audio_info(path).tags
    key, digest = _keys(path, tags)
    entries = [entry for entry in RenderStore().entries() if not entry.fault]
    tagged = [one for one in entries if key and one.made.get("key") == key]
    entry, by = (tagged[0] if tagged else None), "tags"
    if len(tagged) > 1 or not key:  # one performance finished in several ways; or tags lost in a conversion
        samples = samples_digest(path)
        alike = next((one for one in tagged or entries if one.made.get("samples") == samples), None)
        entry, by = alike or entry, by if tagged else "samples"
    made = entry.made if entry is not None else {}
    whole = str((made.get("model") or {}).get("digest", "")) or digest
    return Origin(path, tags, key, whole, entry, by if entry else "", find_digest(whole), _take(made.get("take")))


def _keys(path: Path, tags: dict[str, str]) -> tuple[str, str]:
    """Return a file's key and digest, from Distill's own tags or else from its comment."""
    try:
        key, digest = read_own_tags(path)
    except OSError as error:
        raise AudioFileError(f"{path} cannot be read: {error.strerror or error}") from None
    said = read_tags(tags)
    return key or said[0], digest or said[1]


def _take(digest: Any) -> Path | None:
    """Return the library's take with this SHA-256 (hex)."""
    if not isinstance(digest, str) or not digest:
        return None
    for path in sorted(recordings_dir().rglob(f"*{TAKE_SUFFIX}")):
        with contextlib.suppress(OSError):  # one that cannot be read is passed over
            if sha256_of(path) == digest:
                return path
    return None
