"""The terminal's view of the playing engine: a live table, JSON lines, or nothing."""

import asyncio
import json
from typing import TYPE_CHECKING

from distill_control.arguments import Value
from distill_control.session.session import Session
from distill_control.session.user_messages import UserMessages, write_line
from distill_control.settings import ControlSettings
from distill_engine.library.reports import line_on
from distill_engine.system.names import printable

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

LIVE_SECONDS = 0.125
JSON_SECONDS = 1.0
_METER_FLOOR_DB = -60.0
_METER_COLUMNS = 40
_VALUES_COLUMNS = 60  # at most, of a message's values
_CONNECTION_COLUMNS = 300  # at most, of a device's name or of the controls' names


async def show(session: Session, user_messages: UserMessages, settings: ControlSettings) -> None:
    """Draw the view that the settings name until cancelled.

    A terminal that fails (it has been closed) ends the view, not the control process.
    """
    try:
        if settings.view == "live":
            await _show_live(session, user_messages)
        elif settings.view == "json":
            while True:
                _show_json(session, user_messages)
                await asyncio.sleep(JSON_SECONDS)
    except (OSError, ValueError):
        user_messages.view = "none"


async def _show_live(session: Session, user_messages: UserMessages) -> None:
    from rich.live import Live

    from distill_control.terminal import PlainConsole

    with Live(console=PlainConsole(stderr=True), auto_refresh=False, transient=True) as live:
        while True:
            live.update(_safe_picture(session, user_messages), refresh=True)
            await asyncio.sleep(LIVE_SECONDS)


def _show_json(session: Session, user_messages: UserMessages) -> None:
    try:
        line = json.dumps({"event": "status", **session.status()})
    except Exception as error:
        user_messages.add_once("error", line_on(error, "the status"))
    else:
        write_line(line)


def _safe_picture(session: Session, user_messages: UserMessages) -> "Group":
    """Return the live view; where it cannot be drawn, the lines for the user alone."""
    try:
        return picture(session, user_messages)
    except Exception as error:
        user_messages.add_once("error", line_on(error, "the live view"))
        from rich.console import Group

        return Group(*_lines(user_messages))


def picture(session: Session, user_messages: UserMessages) -> "Group":
    """Return the live view: meters, figures, the last messages and the lines for the user."""
    from rich.console import Group
    from rich.text import Text

    status = session.status()
    parts = (_headline(session, status), _figures(status), _connections(session, status), _last_messages(session))
    return Group(*parts, *_lines(user_messages), Text("Ctrl-C ends it", style="dim"))


def _lines(user_messages: UserMessages) -> "list[Text]":
    from rich.text import Text

    return [
        Text(f"{message.time} {message.text}", style=_STYLES.get(message.level, ""))
        for message in tuple(user_messages.recent)
    ]


_FOLLOWING = {1: ", following its file", 2: ", a new version waits for the take"}
_STYLES = {"warning": "yellow", "error": "bold red", "info": "dim"}


def meter(level_db: float) -> str:
    """Return a bar for a level in dB: empty at -60 dB, full at 0 dB."""
    return bar((level_db - _METER_FLOOR_DB) / -_METER_FLOOR_DB)


def bar(share: float) -> str:
    """Return a bar of which `share`, 0 to 1, is filled."""
    share = min(max(share, 0.0), 1.0)
    filled = round(share * _METER_COLUMNS)
    return "█" * filled + "·" * (_METER_COLUMNS - filled)


def _headline(session: Session, status: dict[str, Value]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    peak = _number(status, "peak_db", -120.0)
    colour = "red" if peak > -0.5 else "yellow" if peak > -6.0 else "green"
    table = Table.grid(padding=(0, 2))
    vocoder = session.model.details.get("vocoder", "")
    state = "playing" if _number(status, "playing") else "stopped"
    if not _number(status, "device_connected"):
        state += ", no device"
    state += _FOLLOWING.get(int(_number(status, "following")), "")
    words = (printable(str(text)) for text in (vocoder, status.get("source", "")))
    table.add_row(Text(printable(session.model.name or "loading"), "bold"), *map(Text, words), state)
    table.add_row("peak", Text(meter(peak), colour), f"{peak:6.1f} dB", "")
    rms = _number(status, "rms_db", -120.0)
    table.add_row("rms", Text(meter(rms), colour), f"{rms:6.1f} dB", "")
    strain = _number(status, "strain")
    colour = "red" if strain >= 1.0 else "yellow" if strain > 0.0 else "green"
    warning = "at the limit" if strain >= 1.0 else "warning zone" if strain > 0.0 else ""
    table.add_row("strain", Text(bar(strain), colour), f"{strain:6.2f}", warning)
    return table


def _figures(status: dict[str, Value]) -> "Table":
    from rich.table import Table

    table = Table.grid(padding=(0, 3))
    fill = f"{_number(status, 'ring_fill'):.0f} / {_number(status, 'ring_target'):.0f} samples"
    hop = "/".join(f"{_number(status, name):.1f}" for name in ("hop_p50_ms", "hop_p99_ms", "hop_max_ms"))
    table.add_row(
        f"ring {fill}",
        f"hop {hop} ms (load {_number(status, 'load'):.0%})",
        f"latency {_number(status, 'latency_ms'):.0f} ms, of the gain {_number(status, 'latency_gain_ms'):.0f}",
    )
    table.add_row(
        f"underruns {_number(status, 'underruns'):.0f}",
        f"CPU {_number(status, 'cpu_percent'):.0f} %   memory {_number(status, 'memory_mb'):.0f} MB",
        f"messages {_number(status, 'messages'):.0f}   errors {_number(status, 'errors'):.0f}"
        f"   subscribers {_number(status, 'subscribers'):.0f}",
    )
    return table


def _connections(session: Session, status: dict[str, Value]) -> "Table":
    """Return what the sound goes to, the open ports, and the controls that can be moved."""
    from rich.table import Table
    from rich.text import Text

    ports = ((name, _number(status, key)) for name, key in (("OSC", "osc_port"), ("OSCQuery", "oscquery_port")))
    rows = {
        "device": session.device,
        "ports": ", ".join(f"{name} {port:.0f}" for name, port in ports if port),
        "controls": ", ".join(session.model.controls),
    }
    table = Table.grid(padding=(0, 2))
    for name, text in rows.items():
        if text:
            table.add_row(name, Text(printable(text, _CONNECTION_COLUMNS)))
    return table


def _last_messages(session: Session) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for address, values in session.messages.latest(5):
        table.add_row(
            Text(printable(address), style="cyan"), Text(printable(" ".join(map(_show, values)), _VALUES_COLUMNS))
        )
    return table


def _show(value: Value) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _number(status: dict[str, Value], name: str, default: float = 0.0) -> float:
    value = status.get(name, default)
    return float(value) if isinstance(value, int | float) else default
