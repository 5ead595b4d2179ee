"""Count underruns, breaks and late cycles while an engine plays under a load."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.benchmark import Column
from live_support import programs
from live_support.control_process import MIDI_PORT
from live_support.engine_process import Engine
from live_support.footprint import descriptors, memory_mb
from live_support.hearing import Hearing, Sound, heard_piece, judge, sounding
from live_support.load import BusyProgram, Flood
from live_support.players import MIDI_MAP
from live_support.underrun_watch import UnderrunWatch

CHANGE_SECONDS = 6.0
"""Time between changes of the vocoder: ten a minute."""
COUNTED = ("underruns", "underruns_model", "underruns_stall", "underruns_device", "deadline_misses", "device_xruns")
LAST = ("hop_p50_ms", "hop_p99_ms", "hop_max_ms", "latency_ms", "memory_mb")
COLUMNS = (
    Column("seconds", "s", ".0f"),
    Column("underruns", "underruns", ".0f"),
    Column("underruns_model", "of the model", ".0f"),
    Column("underruns_stall", "of stalls", ".0f"),
    Column("underruns_device", "of the device", ".0f"),
    Column("breaks", "breaks heard", ".0f"),
    Column("engine_late", "engine late for jackd", ".0f"),
    Column("idle_late", "idle client late", ".0f"),
    Column("recorder_skipped", "recorder missed", ".0f"),
    Column("hop_p50_ms", "hop p50, ms", ".1f"),
    Column("hop_p99_ms", "p99", ".1f"),
    Column("hop_max_ms", "max", ".1f"),
    Column("latency_ms", "latency, ms", ".0f"),
)


@dataclass(frozen=True)
class Load:
    """OSC messages a second, a spinning Python thread in the control process, vocoder changes.

    `busy`: another program of ordinary priority never rests. `players`: four OSC clients, a WebSocket
    client, a MIDI controller and a page do things at random, and a take is recorded.
    """

    rate: int = 0
    spinning: bool = False
    swaps: bool = False
    players: bool = False
    busy: bool = False


EVERYTHING = Load(rate=2000, spinning=True, swaps=True)


def run_disturbed(model: Path, vocoder: str, seconds: float, folder: Path, load: Load) -> dict[str, Any]:
    """Play for some time under a load; return what the engine counted and what was heard."""
    return next(run_pieces(model, vocoder, [seconds], folder, load))


def run_pieces(
    model: Path, vocoder: str, pieces: Sequence[float], folder: Path, load: Load
) -> Iterator[dict[str, Any]]:
    """Play one engine for the seconds of all pieces under a load; yield what was found in each.

    The pieces are judged after the last one, so that this disturbs none. Ctrl-C ends the playing
    and judges what there is.
    """
    options: tuple[str, ...] = ()
    if load.players:
        (knobs := folder / "knobs.toml").write_text(MIDI_MAP)
        options = ("--midi", MIDI_PORT, "--map", str(knobs))
    found: list[tuple[Hearing, dict[str, Any]]] = []
    playing = sounding(model, vocoder, *options, spinning=load.spinning)
    with playing as sound, _beside(sound, load), contextlib.suppress(KeyboardInterrupt):
        for number, seconds in enumerate(pieces, 1):
            found.append(_piece(sound, seconds, folder, number, load, vocoder))
    for number, (hearing, figures) in enumerate(found, 1):
        judge(hearing, model, folder, number)
        held = {"take_share": hearing.take_share} if load.players else {}
        yield {**figures, **hearing.figures(), **held}


@contextlib.contextmanager
def _beside(sound: Sound, load: Load) -> Iterator[None]:
    """Let the flood and the players run beside the engine. Raises RuntimeError if these ended early."""
    engine, server, _ = sound
    players = (
        programs.start("players", engine.port, engine.query_port, env=server.environment) if load.players else None
    )
    flood = Flood(engine.port, load.rate) if load.rate else None
    program = BusyProgram() if load.busy else None
    try:
        yield
        if players is not None and players.poll() is not None:
            raise RuntimeError("the players ended before their time")
    finally:
        for beside in (flood, program):
            if beside is not None:
                beside.stop()
        if players is not None:
            players.terminate()
            players.wait()


def _piece(
    sound: Sound, seconds: float, folder: Path, number: int, load: Load, vocoder: str
) -> tuple[Hearing, dict[str, Any]]:
    """Play one piece; return what was heard, and what the engine counted and holds."""
    engine = sound[0]
    open_before = descriptors(engine.process.pid)
    with heard_piece(sound, folder, number, take=load.players) as hearing:
        watch = UnderrunWatch(engine.port) if load.players else None
        changes = 0
        if load.swaps:
            changes = keep_changing(engine, seconds, vocoder)
        else:
            time.sleep(seconds)
        after = engine.osc.status()
        held = watch.stop() if watch is not None else {}
    return hearing, {
        **{name: float(after[name]) - float(hearing.before[name]) for name in COUNTED},
        "changes": changes,
        **{name: float(after[name]) for name in LAST},
        "descriptors_more": descriptors(engine.process.pid) - open_before,
        "resident_mb": round(memory_mb(engine.process.pid)),
        **held,
    }


def keep_changing(engine: Engine, seconds: float, vocoder: str) -> int:
    """Change to the other kind of vocoder and back until the time is over; return how often."""
    end, changes = time.monotonic() + seconds, 0
    kinds = [vocoder, "vocos" if vocoder != "vocos" else "hifigan"]
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(CHANGE_SECONDS, left))
        with contextlib.suppress(TimeoutError):  # a datagram was lost in the flood: ask for the next change
            changes += engine.osc.do("/distill/vocoder", kinds[(changes + 1) % 2]) is None
    return changes
