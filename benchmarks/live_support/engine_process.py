"""Run `distill-engine` on a JACK server as a process of its own."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from live_support import programs
from live_support.jack_server import JackServer
from live_support.osc import Osc, free_port

OUTPUTS = ("PortAudio:out_0", "PortAudio:out_1")
"""The engine's ports on the JACK server."""


class Engine:
    """An engine that plays a model, without MIDI unless an option asks for a port.

    `spinning` keeps a thread of its control process busy.
    """

    def __init__(self, server: JackServer, model: Path, *options: str, spinning: bool = False) -> None:
        self.port, self.query_port = free_port(), free_port()
        command = (
            programs.command("spinning_engine") if spinning else [sys.executable, "-m", "distill_control.cli.engine"]
        )
        command += [str(model), "--device", "system"]
        command += ["--osc-port", str(self.port), "--oscquery-port", str(self.query_port)]
        command += ["--quiet", "--allow-paths", *([] if "--midi" in options else ["--no-midi"]), *options]
        self.log = Path(tempfile.mkstemp(prefix="engine-", suffix=".log")[1])
        with self.log.open("wb") as log:
            environment = programs.environment(server.environment)
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        self.osc = Osc(self.port)

    def wait_ready(self, seconds: float = 60.0) -> Engine:
        """Wait until it plays. Raises RuntimeError after `seconds`, or if it ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(TimeoutError, OSError):
                if float(self.osc.status(0.3).get("hops", 0)) > 0:
                    return self
            time.sleep(0.05)
        raise RuntimeError(f"the engine does not play: {self.log.read_text()[-800:]}")

    def stop(self) -> int:
        """End it; return its exit code."""
        self.osc.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
