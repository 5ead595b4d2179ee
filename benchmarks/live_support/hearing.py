"""Let an engine play, record it from outside, and compare the recording with the engine's own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from live_support.compare import Comparison, compare_recordings, share_rendered
from live_support.engine_process import OUTPUTS, Engine
from live_support.jack_server import JackServer, Recorder, Recording
from live_support.load import IdleClient

Sound = tuple[Engine, JackServer, IdleClient]
"""What plays, where, and the client beside it."""
SETTLE_SECONDS = 3.0
"""Time from the first sound to the first count."""


@dataclass
class Hearing:
    """A playing engine with its status at the beginning.

    Once the piece has ended also the recording from outside, how often jackd waited in vain for the
    engine (`late`) and for an idle client; once it was judged also the comparison with the engine's
    own recording, and the share of its take that renders as it was played.
    """

    engine: Engine
    server: JackServer
    before: dict[str, float | str]
    heard: Recording = field(init=False)
    found: Comparison = field(init=False)
    late: int = field(init=False)
    idle_late: int | None = field(init=False)
    take_share: float = field(init=False)

    def figures(self) -> dict[str, float | None]:
        """Return what was heard of a judged piece, by the names of its columns."""
        return {
            "breaks": self.found.breaks,
            "seconds": self.found.seconds,
            "recorder_skipped": self.found.skipped,
            "engine_late": self.late,
            "idle_late": self.idle_late,
        }


@contextlib.contextmanager
def heard_outside(
    model: Path, vocoder: str, folder: Path, *options: str, spinning: bool = False, period: int = 256
) -> Iterator[Hearing]:
    """Let an engine play on its own JACK server and hear it as one piece."""
    with (
        sounding(model, vocoder, *options, spinning=spinning, period=period) as sound,
        heard_piece(sound, folder) as hearing,
    ):
        yield hearing
    judge(hearing, model, folder)


@contextlib.contextmanager
def sounding(model: Path, vocoder: str, *options: str, spinning: bool = False, period: int = 256) -> Iterator[Sound]:
    """Let an engine play on its own JACK server, `period` samples a cycle, in blocks of one frame."""
    server = JackServer(f"distill-heard-{os.getpid()}", period=period).start()
    try:
        with contextlib.closing(IdleClient(server)) as idle:
            asked = ("--vocoder", vocoder, "--block", "1", *options)
            with Engine(server, model, *asked, spinning=spinning).wait_ready() as engine:
                time.sleep(SETTLE_SECONDS)
                yield engine, server, idle
    finally:
        server.remove()


@contextlib.contextmanager
def heard_piece(sound: Sound, folder: Path, number: int = 1, *, take: bool = False) -> Iterator[Hearing]:
    """Record what plays from outside and by the engine itself, with `take` also as a take."""
    engine, server, idle = sound
    hearing, late, idle_late = Hearing(engine, server, engine.osc.status()), server.late("PortAudio"), idle.late()
    for file in piece_files(folder, number)[: 2 if take else 1]:
        if reason := engine.osc.do("/distill/record", str(file)):
            raise RuntimeError(reason)
    recorder = Recorder(server, OUTPUTS[0])
    yield hearing
    hearing.heard = recorder.stop()
    engine.osc.do("/distill/record", "stop")
    hearing.late = server.late("PortAudio") - late
    hearing.idle_late = None if idle_late is None else (idle.late() or 0) - idle_late


def judge(hearing: Hearing, model: Path, folder: Path, number: int = 1) -> None:
    """Compare what was heard, recorded and rendered of a piece, and delete its files."""
    played, recorded, rendered = piece_files(folder, number)
    try:
        hearing.found = compare_recordings(played, hearing.heard, hearing.server.rate)
        if recorded.exists():
            command = [sys.executable, "-m", "distill_control.cli.main", "render", str(model), "--take", str(recorded)]
            subprocess.run([*command, "-o", str(rendered), "--bit-depth", "32f"], check=True, stdout=subprocess.DEVNULL)
            hearing.take_share = share_rendered(played, rendered)
    finally:
        for file in (played, recorded, rendered):
            file.unlink(missing_ok=True)


def piece_files(folder: Path, number: int = 1) -> tuple[Path, Path, Path]:
    """Return where a piece's sound and take are recorded, and the take rendered."""
    return folder / f"played-{number}.wav", folder / f"played-{number}.take", folder / f"rendered-{number}.wav"
