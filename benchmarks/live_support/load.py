"""Processes beside a playing engine: a flood of messages, a busy program, an idle JACK client."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import Any

from live_support import programs
from live_support.jack_server import JackServer


class Flood:
    """A process that sends OSC messages at a steady rate."""

    def __init__(self, port: int, rate: int) -> None:
        self._process = programs.start("flood", port, rate)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


class BusyProgram:
    """A process of ordinary priority that never rests."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", "while True: pass"])

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


class IdleClient:
    """`jack_capture` on the same server: what makes it late is the machine, not the engine."""

    def __init__(self, server: JackServer) -> None:
        self._server = server
        self._process: subprocess.Popen[Any] | None = None
        command = ["jack_capture", "-jn", "idle", "-c", "1", "--disable-console"]
        command += ["--port", "system:capture_1", "/dev/null"]
        quiet = subprocess.DEVNULL
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(command, env=server.environment, stdout=quiet, stderr=quiet)

    def late(self) -> int | None:
        """Return how often the server has reported it late (None without jack_capture)."""
        return None if self._process is None else self._server.late("idle")

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
