"""`distill model info FILE.wav`: what made a sound file, and where that is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from distill_control.cli.support.output import emit
from distill_engine.system.names import printable_line

if TYPE_CHECKING:
    from distill_engine.catalogue.origin import Origin

SOUNDS = ("wav", "flac", "mp3", "ogg", "opus", "aiff", "aif", "caf")  # endings of what Distill writes


def show_origin(args: argparse.Namespace) -> int:
    """Print what made a sound file. Raises AudioFileError."""
    from distill_engine.catalogue.origin import origin_of

    origin = origin_of(Path(args.model))
    text = "\n".join(map(printable_line, _lines(origin)))
    emit(args, origin.to_dict(), lambda console: console.print(text, soft_wrap=True, markup=False))
    return 0


def _lines(origin: Origin) -> list[str]:
    """Return what is known, in plain words."""
    entry, lines = origin.entry, [f"{origin.path}: {origin.tags.get('comment') or 'no tag of Distill'}"]
    if origin.model is not None:
        lines.append(f"model: {origin.model}")
    elif origin.digest:
        lines.append(f"model: {origin.digest[:16]}, which is not in the library")
    if entry is None:
        return [*lines, "the history has no entry of it: it was made elsewhere, or the entry was deleted"]
    settings = {
        name: value for name, value in (entry.made.get("settings") or {}).items() if value not in (None, {}, [])
    }
    lines.append(f"entry (by its {origin.by}): {entry.id} {entry.title}, seed {entry.made.get('seed')}, {settings}")
    if entry.made.get("take"):
        lines.append(f"take: {origin.take or 'it is not in the library any more'}")
    return [*lines, f"make it again: distill history again {entry.id}"]
