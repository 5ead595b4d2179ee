"""What a training shows: a Rich live table with bar, losses, ETA and a small loss curve, or JSON lines for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from distill_control.cli.support.output import console_err

if TYPE_CHECKING:
    from rich.console import RenderableType

    from distill_engine.training.events import TrainingEvent

BLOCKS = "▁▂▃▄▅▆▇█"
CURVE = 48


def curve(values: list[float], width: int = CURVE) -> str:
    """A line of blocks for a series, resampled to `width` characters; "" for fewer than two values."""
    if len(values) < 2:
        return ""
    if len(values) > width:
        edges = [round(i * len(values) / width) for i in range(width + 1)]
        values = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, high = min(values), max(values)
    scale = (len(BLOCKS) - 1) / max(high - low, 1e-9)
    return "".join(BLOCKS[round((value - low) * scale)] for value in values)


def clock(seconds: float) -> str:
    """1:02:03 or 2:03."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class TrainingView:
    """Listens to a training. On a terminal it draws in place; elsewhere it writes a line per validation and save to stderr."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._json = as_json
        self._console = console_err()
        self._live: Any = None
        self._what, self._stage, self._remark, self._verdict = "", "", "", ""
        self._losses: dict[str, float] = {}
        self._figures: Mapping[str, float] = {}
        self._curve: list[float] = []
        self._progress: Any = None

    def __enter__(self) -> Self:
        if not self._json and self._console.is_terminal:
            from rich.live import Live

            self._live = Live(self._draw(), console=self._console, refresh_per_second=4)
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.update(self._draw())
            self._live.__exit__(kind, error, trace)

    def __call__(self, event: TrainingEvent) -> None:
        if self._json:
            row = {"event": type(event).__name__.lower(), **asdict(event)}
            sys.stderr.write(json.dumps(row, default=str) + "\n")
            sys.stderr.flush()
            return
        text = getattr(self, f"_on_{type(event).__name__.lower()}")(event)
        if self._live is not None:
            self._live.update(self._draw())
        if text and self._live is None:
            self._console.print(text, markup=False, soft_wrap=True)
        elif text:
            self._live.console.print(text, markup=False)

    def _on_started(self, event: Any) -> str:
        self._what, self._curve, self._figures, self._verdict = event.what, [], {}, ""
        notes = f" ({'; '.join(event.notes)})" if event.notes else ""
        return f"training the {event.what} on {event.clips} clips, {event.seconds:.0f} s of sound{notes}"

    def _on_progress(self, event: Any) -> str:
        self._stage, self._progress = event.stage, event
        self._losses.update(event.losses)
        if "mel" in event.losses:
            self._curve.append(event.losses["mel"])
        return ""

    def _on_validated(self, event: Any) -> str:
        self._figures, self._verdict = event.figures, event.verdict
        if self._live is not None:
            return ""
        figures = ", ".join(f"{name} {value:.3f}" for name, value in event.figures.items())
        left = f", {clock(self._progress.eta_seconds)} left" if self._progress is not None else ""
        return f"epoch {event.epoch}, step {event.step}: {figures}: {event.verdict}{left}"

    def _on_saved(self, event: Any) -> str:
        self._remark = f"{'saved' if event.final else 'checkpoint in'} {event.path.name} at epoch {event.epoch}"
        return "" if self._live is not None else self._remark

    def _on_preview(self, event: Any) -> str:
        return f"preview of epoch {event.epoch}: {event.path}"

    def _on_warned(self, event: Any) -> str:
        return f"note: {event.message}"

    def _on_finished(self, event: Any) -> str:
        rate = f"{event.audio_seconds_per_second:.1f} s of audio per second"
        return f"{self._what}: {event.steps} steps in {clock(event.seconds)}, {rate}" if event.completed else ""

    def _draw(self) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        p = self._progress
        if p is None:
            return Text("preparing ...")
        table = Table(box=None, padding=(0, 2), show_header=True, header_style="dim")
        names = [*self._losses, *(f"held-out {name}" for name in self._figures)]
        for name in ("stage", "epoch", "step", "steps/s", "left", *names):
            table.add_column(name, no_wrap=True)
        values = [f"{v:.3f}" for v in (*self._losses.values(), *self._figures.values())]
        table.add_row(
            self._stage, str(p.epoch), str(p.step), f"{p.steps_per_second:.2f}", clock(p.eta_seconds), *values
        )
        bar = ProgressBar(total=1.0, completed=p.fraction, width=60)
        return Group(
            table, bar, Text(curve(self._curve), style="cyan"), Text(f"{self._verdict}  {self._remark}", style="dim")
        )
