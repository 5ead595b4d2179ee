"""How much the sounds of the history may take: the oldest that are not starred go first."""

from __future__ import annotations

import contextlib
import math
import os
from dataclasses import dataclass
from pathlib import Path

from distill_engine.errors import LibraryError
from distill_engine.library.renders import RenderEntry, RenderStore
from distill_engine.system.atomic_write import write_advice

VARIABLE = "DISTILL_HISTORY_GB"
DEFAULT_GB = 5.0  # gigabytes (10^9 bytes) of sounds


@dataclass(frozen=True)
class Dropped:
    """Sounds that left the history: their entries, which stay, and their size in bytes."""

    entries: tuple[RenderEntry, ...]
    size: int


def limit_bytes() -> int:
    """Return how many bytes of sounds are kept. Raises LibraryError for a limit that is none."""
    text = os.environ.get(VARIABLE, "").strip() or str(DEFAULT_GB)
    try:
        gigabytes = float(text)
    except ValueError:
        gigabytes = math.nan
    if not 0.0 <= gigabytes <= 1e6:
        raise LibraryError(f"{VARIABLE} is {text[:40]!r}: give a number of gigabytes, such as 5, or 0 for no sounds")
    return round(gigabytes * 1e9)


def sound_sizes(store: RenderStore) -> dict[Path, int]:
    """Return the size in bytes of every sound that is kept, by its path, the oldest first."""
    sizes = {}
    for path in sorted(store.root.glob("[0-9]*/sound.*")):
        with contextlib.suppress(OSError):
            sizes[path] = path.stat().st_size
    return sizes


def drop_sounds(store: RenderStore, limit: int, spare: str = "") -> Dropped:
    """Remove the oldest sounds without a star until `limit` bytes are left; entries stay.

    The entry `spare` keeps its sound, whatever its date: it has just been made. Raises
    LibraryError.
    """
    sizes = sound_sizes(store)
    total, dropped, freed = sum(sizes.values()), list[RenderEntry](), 0
    if total <= limit:
        return Dropped((), 0)
    made = {entry.id: entry for entry in reversed(store.entries())}
    place = {identity: index for index, identity in enumerate(made)}
    for path in sorted(sizes, key=lambda path: place.get(path.parent.name, 0)):
        if total - freed <= limit:
            break
        entry = made.get(path.parent.name)
        if entry is None or entry.fault or entry.starred or entry.id == spare:
            continue  # one that cannot be read may be starred: it stays
        dropped.append(_without_sound(store, entry, path))
        freed += sizes[path]
    return Dropped(tuple(dropped), freed)


def _without_sound(store: RenderStore, entry: RenderEntry, path: Path) -> RenderEntry:
    """Delete an entry's sound, first in its table: a crash leaves no name without a file.

    A full disk has no room for the table until the sound is gone. Raises LibraryError.
    """
    try:
        changed = store.change(entry.id, sound="")
    except LibraryError:
        _unlink(path)
        return store.change(entry.id, sound="")
    _unlink(path)
    return changed


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise LibraryError(
            f"{path} cannot be deleted: {write_advice(error, path, 'make its folder writable')}"
        ) from None
