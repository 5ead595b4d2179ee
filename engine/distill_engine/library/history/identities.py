"""IDs of entries: the time in UTC and a random part, in the order in which they were made."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
STAMP_CHARACTERS = 15  # of an ID: its time, to the second
_FORMAT = "%Y%m%d-%H%M%S"


def identities_in(root: Path) -> list[str]:
    """Return the IDs of the entries in a folder, in any order; none where it is not there."""
    return [folder.name for folder in root.iterdir() if ID.fullmatch(folder.name)] if root.is_dir() else []


def new_identity(made: datetime, others: Iterable[str]) -> str:
    """Return an ID for what is made now.

    Where the clock has gone back it is one second after the latest of the `others`.
    """
    stamp = _stamp(made)
    latest = max((identity[:STAMP_CHARACTERS] for identity in others), default="")
    if latest > stamp:
        with contextlib.suppress(ValueError, OverflowError):  # a folder's name may be no date
            stamp = _stamp(datetime.strptime(latest, _FORMAT) + timedelta(seconds=1))
    return f"{stamp}-{secrets.token_hex(3)}"


def order(identity: str, created: str) -> tuple[str, str, str]:
    """Return what sorts entries by when they were made; within a second by `created`."""
    return identity[:STAMP_CHARACTERS], created, identity


def clock_went_back(identity: str, created: str) -> bool:
    """Return whether something was dated later than what was made after it."""
    return identity[:STAMP_CHARACTERS] > _stamp(datetime.fromisoformat(created).astimezone(UTC))


def _stamp(made: datetime) -> str:
    return made.strftime(_FORMAT)
