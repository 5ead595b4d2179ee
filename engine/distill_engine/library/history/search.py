"""Find entries of the history: by text, model, vocoder, date and star."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from distill_engine.errors import LibraryError
from distill_engine.library.renders import RenderEntry
from distill_engine.system.names import normalised

PARTS = ("model", "vocoder")  # of an entry, which have names


@dataclass(frozen=True)
class Wanted:
    """What an entry must have to be found; what is empty asks for nothing.

    `text` are words that occur in the name, the command, the path or the names of model and
    vocoder. `since` and `until` are days, in local time.
    """

    text: str = ""
    model: str = ""
    vocoder: str = ""
    since: date | None = None
    until: date | None = None
    starred: bool = False


def matching(entries: Iterable[RenderEntry], wanted: Wanted) -> list[RenderEntry]:
    """Return the entries that have all that is wanted, in their order."""
    words = _folded(wanted.text).split()
    return [entry for entry in entries if _fits(entry, wanted) and all(word in _text(entry) for word in words)]


def named(entry: RenderEntry, part: str) -> str:
    """Return the name of an entry's "model" or "vocoder", "" if it has none."""
    found = entry.made.get(part)
    return str(found.get("name", "")) if isinstance(found, dict) else ""


def day(text: str, today: date | None = None) -> date:
    """Read a day: "today", "yesterday", or a date such as 2026-11-28. Raises LibraryError.

    >>> day("yesterday", date(2026, 3, 1))
    datetime.date(2026, 2, 28)
    """
    now = today or date.today()
    if text in ("today", "yesterday"):
        return now - timedelta(days=text == "yesterday")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise LibraryError(f"{text[:40]!r} is no day: give today, yesterday or a date such as {now}") from None


def local_time(entry: RenderEntry) -> datetime | None:
    """Return when an entry was made, in local time; None if it does not say."""
    try:
        return datetime.fromisoformat(entry.created).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def _fits(entry: RenderEntry, wanted: Wanted) -> bool:
    made = local_time(entry)
    on = made.date() if made else None
    return (
        (not wanted.starred or entry.starred)
        and _folded(wanted.model) in _folded(named(entry, "model"))
        and _folded(wanted.vocoder) in _folded(named(entry, "vocoder"))
        and (wanted.since is None or (on is not None and on >= wanted.since))
        and (wanted.until is None or (on is not None and on <= wanted.until))
    )


def _text(entry: RenderEntry) -> str:
    made = entry.made
    command = made.get("command") or ()
    words = map(str, (made.get("kind", ""), made.get("version", ""), *(command if isinstance(command, list) else ())))
    place = str((made.get("output") or {}).get("path", ""))
    return _folded(" ".join((entry.id, entry.title, entry.fault, *map(partial(named, entry), PARTS), *words, place)))


def _folded(text: str) -> str:
    return normalised(text).casefold()
