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

SETTLE_SECONDS = 3.0
"""Time from the first sound to the first count."""


@dataclass
class Hearing:
    """A playing engine with its status at the beginning.

    Once it has ended also the recording from outside, its comparison with the engine's own, and how
    often jackd waited in vain for the engine (`late`) and for an idle client.
    """

    engine: Engine
    server: JackServer
    before: dict[str, float | str]
    heard: Recording = field(init=False)
    found: Comparison = field(init=False)
    late: int = field(init=False)
    idle_late: int | None = field(init=False)
    takes: list[tuple[Path, float]] = field(default_factory=list)
    """Of each take its file and when it began, in s of the monotonic clock."""
    take_shares: list[float] = field(default_factory=list)
    """Of each take the share of its pieces that render as they were played."""

    def begin_take(self, folder: Path) -> None:
        """End the take that is recorded, and begin the next. Raises RuntimeError if it cannot begin."""
        if self.takes:
            self.engine.osc.do("/distill/record", "stop")
        file = folder / f"played-{len(self.takes)}.take"
        if reason := self.engine.osc.do("/distill/record", str(file)):
            raise RuntimeError(reason)
        self.takes.append((file, time.monotonic()))


@contextlib.contextmanager
def heard_outside(
    model: Path, vocoder: str, folder: Path, *options: str, spinning: bool = False, period: int = 256
) -> Iterator[Hearing]:
    """Let an engine play on its own JACK server, `period` samples a cycle, in blocks of one frame."""
    server = JackServer(f"distill-heard-{os.getpid()}", period=period).start()
    played = folder / "played.wav"
    try:
        idle = IdleClient(server)
        asked = ("--vocoder", vocoder, "--block", "1", "--record", str(played), *options)
        with Engine(server, model, *asked, spinning=spinning).wait_ready() as engine:
            begun = time.monotonic()
            time.sleep(SETTLE_SECONDS)
            hearing, late = Hearing(engine, server, engine.osc.status()), server.late("PortAudio")
            recorder = Recorder(server, OUTPUTS[0])
            yield hearing
            hearing.late, hearing.heard = server.late("PortAudio") - late, recorder.stop()
        hearing.idle_late = idle.stop()
        hearing.found = compare_recordings(played, hearing.heard, server.rate)
        hearing.take_shares = [
            share_rendered(played, _rendered(model, take), start - begun) for take, start in hearing.takes
        ]
    finally:
        server.remove()
        for file in (played, *folder.glob("played-*")):
            file.unlink(missing_ok=True)


def _rendered(model: Path, take: Path) -> Path:
    """Render a take to a file beside it and return that file."""
    rendered = take.with_suffix(".wav")
    command = [sys.executable, "-m", "distill_control.cli.main", "render", str(model), "--take", str(take)]
    subprocess.run([*command, "-o", str(rendered), "--bit-depth", "32f"], check=True, stdout=subprocess.DEVNULL)
    return rendered
