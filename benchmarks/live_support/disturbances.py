"""Count underruns, breaks and late cycles while an engine plays under a load."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.benchmark import Column
from live_support import programs
from live_support.engine_process import Engine
from live_support.footprint import descriptors, memory_mb
from live_support.hearing import heard_outside
from live_support.load import Flood
from live_support.players import MIDI_MAP, MIDI_PORT
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

    `players`: four OSC clients, a WebSocket client, a MIDI controller and a page do things at random,
    and a take is recorded.
    """

    rate: int = 0
    spinning: bool = False
    swaps: bool = False
    players: bool = False


EVERYTHING = Load(rate=2000, spinning=True, swaps=True)


def run_disturbed(model: Path, vocoder: str, seconds: float, folder: Path, load: Load) -> dict[str, Any]:
    """Play for some time under a load; return what the engine counted and what was heard."""
    options: tuple[str, ...] = ()
    if load.players:
        (knobs := folder / "knobs.toml").write_text(MIDI_MAP)
        options = ("--midi", MIDI_PORT, "--map", str(knobs))
    heard = heard_outside(model, vocoder, folder, *options, spinning=load.spinning, take=load.players)
    with heard as hearing:
        engine, before = hearing.engine, hearing.before
        environment = hearing.server.environment
        players = programs.start("players", engine.port, engine.query_port, env=environment) if load.players else None
        flood = Flood(engine.port, load.rate) if load.rate else None
        watch = UnderrunWatch(engine.port) if load.players else None
        open_before = descriptors(engine.process.pid)
        changes = 0
        if load.swaps:
            changes = keep_changing(engine, seconds, vocoder)
        else:
            time.sleep(seconds)
        after = engine.osc.status()
        if flood is not None:
            flood.stop()
        held: dict[str, float] = {"descriptors_more": descriptors(engine.process.pid) - open_before}
        held["resident_mb"] = round(memory_mb(engine.process.pid))
        if players is not None:
            held["players_ended"] = players.poll() is not None
            players.terminate()
            players.wait()
        held |= watch.stop() if watch is not None else {}
    found = hearing.found
    if load.players:
        held["take_share"] = hearing.take_share
        if held.pop("players_ended"):
            raise RuntimeError("the players ended before their time")
    return {
        **{name: float(after[name]) - float(before[name]) for name in COUNTED},
        "changes": changes,
        "breaks": found.breaks,
        "seconds": found.seconds,
        "recorder_skipped": found.skipped,
        "engine_late": hearing.late,
        "idle_late": hearing.idle_late,
        **{name: float(after[name]) for name in LAST},
        **held,
    }


def keep_changing(engine: Engine, seconds: float, vocoder: str) -> int:
    """Change to the other kind of vocoder and back until the time is over; return how often."""
    end, changes = time.monotonic() + seconds, 0
    kinds = [vocoder, "vocos" if vocoder != "vocos" else "hifigan"]
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(CHANGE_SECONDS, left))
        changes += engine.osc.do("/distill/vocoder", kinds[(changes + 1) % 2]) is None
    return changes
