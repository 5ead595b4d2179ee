"""Answers to commands: done, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from distill_engine.library.reports import line_on

Answer = Callable[[str | None], None]
"""Takes None when a command is done, else the reason why it failed."""


def when_done(future: Future[Any], answer: Answer) -> None:
    """Answer a command when `future` is done."""

    def done(finished: Future[Any]) -> None:
        error = finished.exception()
        answer(None if error is None else line_on(error, "a command"))

    future.add_done_callback(done)
