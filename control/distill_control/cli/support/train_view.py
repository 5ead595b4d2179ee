"""The view of a training: a live display on a terminal, lines in a log, JSON lines for programs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from itertools import pairwise
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from distill_control.cli.support.output import console_err, write_event
from distill_engine.system.counting import counted
from distill_engine.training.events import (
    Finished,
    Planned,
    Preview,
    Progress,
    Saved,
    Started,
    TrainingEvent,
    Validated,
    Warned,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

BLOCKS = "▁▂▃▄▅▆▇█"
CURVE_COLUMNS = 48
BAR_COLUMNS = 60
LINE_SECONDS = 5.0  # between two validations in a log with the same verdict
REFRESH_RATE = 4  # drawings a second
COUNTED = "active"  # a figure of training that is a count: of latents in use


def curve(values: list[float], columns: int = CURVE_COLUMNS) -> str:
    """Return a series as a line of blocks, averaged to `columns`; "" for fewer than two values."""
    if len(values) < 2:
        return ""
    if len(values) > columns:
        edges = [round(i * len(values) / columns) for i in range(columns + 1)]
        values = [sum(values[a:b]) / (b - a) for a, b in pairwise(edges)]
    low, high = min(values), max(values)
    scale = (len(BLOCKS) - 1) / max(high - low, 1e-9)
    return "".join(BLOCKS[round((value - low) * scale)] for value in values)


def clock(seconds: float) -> str:
    """Return a duration as 1:02:03 or 2:03."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class TrainingView:
    """Show the events of a training on stderr.

    On a terminal one display is drawn in place; elsewhere each validation and each saving is a
    line. With `as_json` every event is a line of JSON. `clip_count` is the number of sounds in the
    corpus.
    """

    def __init__(self, *, as_json: bool = False, clip_count: int = 0) -> None:
        self._json = as_json
        self._clip_count = clip_count
        self._console = console_err()
        self._live: Any = None
        self._training = ""  # name of the network that is being trained
        self._progress: Progress | None = None
        self._losses: dict[str, float] = {}
        self._figures: Mapping[str, float] = {}
        self._mel_losses: list[float] = []
        self._saved, self._verdict, self._said = "", "", 0.0

    def __enter__(self) -> Self:
        if not self._json and self._console.is_terminal:
            from rich.live import Live

            self._live = Live(self._draw(), console=self._console, refresh_per_second=REFRESH_RATE)
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
            write_event(type(event).__name__.lower(), **_form(event, self._take(event)), **asdict(event))
            return
        text = self._take(event)
        if self._live is not None:
            self._live.update(self._draw())
        if text and self._live is None:
            self._console.print(text, markup=False, soft_wrap=True)
        elif text:
            self._live.console.print(text, markup=False)

    def _take(self, event: TrainingEvent) -> str:
        """Keep what the display shows of an event; return the line to print ("" for none)."""
        match event:
            case Planned(parts):
                lines = [f"  {part.name}{_at_most(part.seconds)}: {part.brings}" for part in parts]
                return "\n".join(["plan:", *lines]) if lines else ""
            case Started():
                return self._start(event)
            case Progress():
                return self._advance(event)
            case Validated():
                return self._validate(event)
            case Saved(path, epoch, final):
                at = f" at epoch {epoch}" if epoch else ""
                self._saved = f"{'saved' if final else 'checkpoint in'} {path.name}{at}"
                return "" if self._live is not None else self._saved
            case Preview(epoch, path, _):
                return f"preview of epoch {epoch}: {path}"
            case Warned(message):
                return f"note: {message}"
            case Finished():
                return self._finish(event)

    def _start(self, event: Started) -> str:
        self._training, self._mel_losses, self._figures, self._verdict = event.what, [], {}, ""
        total = max(self._clip_count, event.clips)
        kept_aside = total - event.clips
        aside = f"; {kept_aside} {'is' if kept_aside == 1 else 'are'} kept aside to judge by" if kept_aside else ""
        notes = f" ({'; '.join(event.notes)})" if event.notes else ""
        sounds = f"{event.clips} of {counted(total, 'sound')}"
        return f"{event.what}: learning from {sounds}, {event.seconds:.0f} s{aside}{notes}"

    def _advance(self, event: Progress) -> str:
        self._progress = event
        self._losses.update(event.losses)
        if "mel" in event.losses:
            self._mel_losses.append(event.losses["mel"])
        return ""

    def _validate(self, event: Validated) -> str:
        news, self._figures, self._verdict = event.verdict != self._verdict, event.figures, event.verdict
        if self._live is not None or (not news and time.monotonic() - self._said < LINE_SECONDS):
            return ""
        self._said = time.monotonic()
        left = f", {clock(self._progress.eta_seconds)} left" if self._progress is not None else ""
        figures = _numbers(event.figures, ", ")
        return f"epoch {event.epoch}, step {event.step}: on sounds kept aside {figures}: {event.verdict}{left}"

    def _finish(self, event: Finished) -> str:
        if not event.completed or not event.steps:
            return ""
        rate = f"{event.audio_seconds_per_second:.1f} s of audio per second"
        return f"{self._training}: {counted(event.steps, 'step')} in {clock(event.seconds)}, {rate}"

    def _draw(self) -> RenderableType:
        """Return the display: position, losses, figures, bar, curve of the mel loss, verdict.

        All lines wrap.
        """
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        p = self._progress
        if p is None:
            return Text("preparing ...")
        speed = f"{p.steps_per_second:.2f} steps/s"
        lines = [
            Text(f"{p.stage}   epoch {p.epoch}   step {p.step}   {speed}   {clock(p.eta_seconds)} left", style="bold")
        ]
        for title, values in (("loss", self._losses), ("on sounds kept aside", self._figures)):
            if values:
                lines.append(Text(f"{title}:  {_numbers(values, '   ')}"))
        bar = ProgressBar(total=1.0, completed=p.fraction, width=BAR_COLUMNS)
        mel_curve = Text(curve(self._mel_losses), style="cyan")
        return Group(*lines, bar, mel_curve, Text(f"{self._verdict}  {self._saved}", style="dim"))


def _form(event: TrainingEvent, text: str) -> dict[str, Any]:
    """Return the fields that events of all commands have, as far as this one lacks them."""
    if isinstance(event, Progress):
        text = f"epoch {event.epoch}, step {event.step}, {event.steps_per_second:.2f} steps/s"
        return {"done": round(event.fraction, 4), "total": 1.0, "unit": "of the time", "text": text}
    return {"text": event.message if isinstance(event, Warned) else text}


def _at_most(seconds: float | None) -> str:
    """Return the time that a part of the plan gets."""
    return "" if seconds is None else f", at most {clock(seconds)}"


def _numbers(values: Mapping[str, float], separator: str) -> str:
    """Return names and values, with three decimals."""
    return separator.join(f"{name} {value:.{0 if name == COUNTED else 3}f}" for name, value in values.items())
