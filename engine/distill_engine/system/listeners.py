"""Listeners of messages in plain words, and the default one."""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[str], None]
"""Takes one message, a sentence for the user."""


def ignore(message: object) -> None:
    """Default listener: ignore the message."""
