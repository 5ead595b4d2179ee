"""The view of an analysis: a bar on a terminal, lines in a log, JSON lines for programs."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from distill_control.cli.support.output import ProgressLines, console_err

if TYPE_CHECKING:
    from distill_engine.analysis.model_prober import AnalysisProgress

LINE_SECONDS = 5.0  # between two lines of one stage


class AnalysisView:
    """Show the progress of an analysis on stderr."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._lines = ProgressLines("parts") if as_json else None
        self._console = console_err()
        self._bar: Any = None
        self._task: Any = None
        self._stage, self._said = "", 0.0

    def __enter__(self) -> Self:
        if self._lines is None and self._console.is_terminal:
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

            text = TextColumn("{task.description}", markup=False)
            columns = (text, BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, console=self._console, transient=True)
            self._bar.start()
            self._task = self._bar.add_task("analysing", total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, event: AnalysisProgress) -> None:
        if self._lines is not None:
            self._lines(event.stage, event.done, event.total)
        elif self._bar is not None:
            self._bar.update(self._task, description=event.stage, completed=event.done, total=event.total)
        elif event.stage != self._stage or time.monotonic() - self._said >= LINE_SECONDS:
            self._stage, self._said = event.stage, time.monotonic()
            self._console.print(f"{event.stage}: {event.done} of {event.total}", markup=False)
