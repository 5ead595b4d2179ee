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
    take_share: float = field(init=False)


@contextlib.contextmanager
def heard_outside(
    model: Path,
    vocoder: str,
    folder: Path,
    *options: str,
    spinning: bool = False,
    period: int = 256,
    take: bool = False,
) -> Iterator[Hearing]:
    """Let an engine play on its own JACK server, `period` samples a cycle, in blocks of one frame.

    With `take` a take is recorded too, and rendered afterwards.
    """
    server = JackServer(f"distill-heard-{os.getpid()}", period=period).start()
    played, recorded, rendered = folder / "played.wav", folder / "played.take", folder / "rendered.wav"
    try:
        idle = IdleClient(server)
        asked = ("--vocoder", vocoder, "--block", "1", "--record", str(played), *options)
        with Engine(server, model, *asked, spinning=spinning).wait_ready() as engine:
            time.sleep(SETTLE_SECONDS)
            hearing, late = Hearing(engine, server, engine.osc.status()), server.late("PortAudio")
            if take and (reason := engine.osc.do("/distill/record", str(recorded))):
                raise RuntimeError(reason)
            recorder = Recorder(server, OUTPUTS[0])
            yield hearing
            hearing.late, hearing.heard = server.late("PortAudio") - late, recorder.stop()
        hearing.idle_late = idle.stop()
        hearing.found = compare_recordings(played, hearing.heard, server.rate)
        if take:
            command = [sys.executable, "-m", "distill_control.cli.main", "render", str(model), "--take", str(recorded)]
            subprocess.run([*command, "-o", str(rendered), "--bit-depth", "32f"], check=True, stdout=subprocess.DEVNULL)
            hearing.take_share = share_rendered(played, rendered)
    finally:
        server.remove()
        for file in (played, recorded, rendered):
            file.unlink(missing_ok=True)
