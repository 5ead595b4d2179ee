"""Read and check the events of a take from the lines of its file."""

from __future__ import annotations

import binascii
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from distill_engine.errors import ControlError, TakeError
from distill_engine.system.names import printable
from distill_engine.system.plain_json import parse
from distill_engine.takes.take import (
    TICK_SAMPLES,
    CodesChange,
    Command,
    LiveInput,
    MarksChange,
    ParameterChange,
    Swap,
    TakeEvent,
)
from distill_engine.takes.take_lines import (
    CODES,
    LIVE_INPUT,
    MARKS,
    MOST_EVENTS,
    decode_samples,
    decode_state,
    model_of_fields,
    number,
)
from distill_engine.vocabulary.table import index_of

MAXIMUM_SECONDS = 48 * 3600
MAXIMUM_TICKS = MAXIMUM_SECONDS * 192_000 // TICK_SAMPLES
ReadEvent = Callable[[dict[str, Any], int], TakeEvent]


class Damaged(Exception):
    """A line does not follow the format."""


def json_fields(line: bytes) -> dict[str, Any] | None:
    """Return the JSON object on a line, None if there is none."""
    try:
        value = parse(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def read_events(
    lines: Iterator[bytes], read_event: ReadEvent, path: Path, behind: int
) -> tuple[tuple[TakeEvent, ...], int, bool]:
    """Return the events in order of time, the last tick, and whether the end was reached.

    `lines` follow the header; `read_event` makes an event of a line's fields and its time. A line's
    time may lie up to `behind` ticks before the latest one above it. Raises TakeError.
    """
    events: list[TakeEvent] = []
    last = 0
    for line_number, line in enumerate(lines, 2):
        fields = json_fields(line)
        if fields is None and next(lines, None) is None:
            break  # the last line, cut off in the middle
        if len(events) >= MOST_EVENTS:
            raise TakeError(f"{path}, line {line_number}: a take has at most {MOST_EVENTS:,} events")
        try:
            event, tick = _line(fields, read_event)
        except (Damaged, KeyError, TypeError, ValueError, OverflowError, binascii.Error):
            raise TakeError(f"{path}, line {line_number}: the take is damaged") from None
        except ControlError as error:
            raise TakeError(f"{path}, line {line_number}: {printable(str(error))}") from None
        if tick < last - behind or tick > MAXIMUM_TICKS:
            raise TakeError(f"{path}, line {line_number}: time {tick} comes after time {last}; the take is damaged")
        if event is None:
            return _sorted(events), tick, True
        last = max(last, tick)
        events.append(event)
    return _sorted(events), last, False


def _sorted(events: list[TakeEvent]) -> tuple[TakeEvent, ...]:
    return tuple(sorted(events, key=lambda event: event.tick))


def _line(fields: dict[str, Any] | None, read_event: ReadEvent) -> tuple[TakeEvent | None, int]:
    """Return the event of a line (None for the end) and its tick."""
    at = None if fields is None else fields.get("at")
    if fields is None or not isinstance(at, int) or isinstance(at, bool) or not 0 <= at <= MAXIMUM_TICKS:
        raise Damaged
    event = read_event(fields, at)
    if isinstance(event, ParameterChange):
        if not math.isfinite(event.value) or not math.isfinite(event.glide_seconds):
            raise Damaged
        index_of(event.address)
    if isinstance(event, LiveInput) and not np.isfinite(event.samples).all():
        raise Damaged
    return (None if isinstance(event, Command) and event.name == "end" else event), event.tick


def event_of_fields(fields: dict[str, Any], at: int) -> TakeEvent:
    """Return the event of a line of version 2 or later at the tick `at`; "end" is a command.

    Raises Damaged, KeyError, TypeError or ValueError if the line is damaged.
    """
    if fields.get("end") is True and "do" not in fields:
        return Command(at, "end")
    if fields.get("embedded") == LIVE_INPUT["kind"]:
        return LiveInput(at, decode_samples(fields["data"]))
    if fields.get("embedded") == CODES["kind"]:
        arrays = decode_state(fields["data"])
        codes, residual = arrays["codes"].astype(np.int64), arrays["residual"].astype(np.float32)
        if codes.ndim != 2 or residual.ndim != 2 or not np.isfinite(residual).all():
            raise Damaged
        return CodesChange(at, codes, residual, bool(fields.get("going_on")))
    if fields.get("embedded") == MARKS["kind"]:
        return MarksChange(at, decode_state(fields["data"]))
    if isinstance(fields.get("set"), str):
        return ParameterChange(at, fields["set"], number(fields["value"]), number(fields["glide"]))
    if fields.get("do") == "swap":
        return Swap(at, model_of_fields(fields), number(fields["fade"]))
    if not isinstance(fields.get("do"), str):
        raise Damaged
    return Command(at, fields["do"], {name: value for name, value in fields.items() if name not in ("at", "do")})
