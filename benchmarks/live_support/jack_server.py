"""Start a jackd of one's own and record its ports from outside the engine.

    server = JackServer("name").start()
    recorder = Recorder(server, "PortAudio:out_0", "PortAudio:out_1")
    recording = recorder.stop()     # samples [channels, T], NaN where the recorder missed a block

The recorder is a process of its own (`python jack_server.py record ...`), so that a busy test does
not make it late. It puts every block where the server's frame clock places it: a recorder that only
appends would make a broken stream look whole.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ENVIRONMENT = {"JACK_NO_START_SERVER": "1", "JACK_NO_AUDIO_RESERVATION": "1"}
RECORDER_PRIORITY = 58  # SCHED_FIFO: between the engine's synth (55) and JACK's own threads (65 and up)


def available() -> bool:
    """Return whether there is a jackd to start."""
    return shutil.which("jackd") is not None


def forget_dead_servers() -> None:
    """Delete what killed JACK servers left in shared memory, unless somebody uses JACK.

    JACK remembers up to eight servers, killed ones too, and then starts no more. Meant for the
    beginning of a test session. A process that has once used JACK keeps the list of servers mapped:
    it would look for later servers in the deleted list.
    """
    if any(_uses_jack(process) for process in Path("/proc").glob("[0-9]*")):
        return
    for left in Path("/dev/shm").glob("jack*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _uses_jack(process: Path) -> bool:
    """Return whether a process is a server, or has JACK's shared memory mapped."""
    try:
        server = (process / "comm").read_text().strip() in ("jackd", "jackdbus")
        return server or "/dev/shm/jack" in (process / "maps").read_text(errors="replace")
    except OSError:  # it has just ended, or is another user's
        return False


class JackServer:
    """A jackd with the dummy driver, under its own name."""

    def __init__(self, name: str, rate: int = 48000, period: int = 256) -> None:
        self.name, self.rate, self.period = name, rate, period
        self.log = Path(tempfile.mkstemp(prefix=f"jackd-{name}-", suffix=".log")[1])
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment in which a client finds this server."""
        return {**os.environ, **ENVIRONMENT, "JACK_DEFAULT_SERVER": self.name}

    def start(self) -> JackServer:
        """Start it and wait until it takes clients."""
        realtime = ["--realtime", "-P70"] if _may_be_realtime() else ["--no-realtime"]
        command = ["jackd", "-n", self.name, *realtime, "-d", "dummy", "-r", str(self.rate), "-p", str(self.period)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.environment)
        for _ in range(200):
            if self.ports() is not None:
                return self
            time.sleep(0.05)
        raise RuntimeError(f"jackd does not start: {self.log.read_text()[-500:]}")

    def ports(self) -> list[str] | None:
        """Return all ports, or None if the server does not answer."""
        done = subprocess.run(
            ["jack_lsp", "-s", self.name], env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout.split() if done.returncode == 0 else None

    def wait_for(self, port: str, seconds: float = 15.0) -> None:
        """Wait until a port is there. Raises RuntimeError after `seconds`."""
        deadline = time.monotonic() + seconds
        while port not in (self.ports() or []):
            if time.monotonic() > deadline:
                raise RuntimeError(f"no port {port}; there are {self.ports()}")
            time.sleep(0.05)

    def late(self, client: str) -> int:
        """Return how often the server reported that a client was not finished in time."""
        text = self.log.read_text(errors="replace")
        return sum("was not finished" in line and f"= {client} " in line for line in text.splitlines())

    def kill(self) -> None:
        """Kill it without warning."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it."""
        self._end(signal.SIGTERM)

    def remove(self) -> None:
        """End it; delete its log and the shared memory that a killed one left."""
        self.stop()
        self.log.unlink(missing_ok=True)
        for left in Path("/dev/shm").glob(f"jack_{self.name}_*"):
            left.unlink(missing_ok=True)

    def _end(self, number: int) -> None:
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


@dataclass(frozen=True)
class Recording:
    """Samples [channels, T], full scale 1, NaN where a block was missed; the first frame."""

    samples: np.ndarray
    first_frame: int

    @property
    def missing(self) -> int:
        """Return how many samples the recorder missed."""
        return int(np.isnan(self.samples[0]).sum())


class Recorder:
    """Record ports until `stop`."""

    def __init__(self, server: JackServer, *ports: str) -> None:
        self._out = Path(tempfile.mkstemp(prefix="heard-", suffix=".npz")[1])
        command = [sys.executable, __file__, "record", str(self._out), *ports]
        self._process = subprocess.Popen(
            command, env=server.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        if self._stdout.readline().strip() != b"recording":
            raise RuntimeError(f"the recorder cannot record {ports}")

    def stop(self) -> Recording:
        """End it and return the recording."""
        self._stdin.close()
        self._process.wait(20)
        self._stdout.close()
        with np.load(self._out) as saved:
            recording = Recording(saved["samples"], int(saved["first_frame"]))
        self._out.unlink()
        return recording


def _may_be_realtime() -> bool:
    """Try it in a thread of its own, which ends: the priority of this thread must not change."""
    tried: list[bool] = []

    def attempt() -> None:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
            tried.append(True)
        except (OSError, AttributeError):
            tried.append(False)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return tried[0]


def _record(out: Path, sources: list[str]) -> None:
    import jack

    _share_lock_in_time(RECORDER_PRIORITY)
    client = jack.Client("recorder", no_start_server=True)
    ports = [client.inports.register(f"in_{index}") for index in range(len(sources))]
    length = client.blocksize
    buffer, size = jack.RingBuffer(1 << 24), 4 + 4 * length * len(ports)
    blocks: list[bytes] = []

    def process(frames: int) -> None:
        head = (client.last_frame_time & 0xFFFFFFFF).to_bytes(4, "little")
        data = head + b"".join(bytes(port.get_buffer()) for port in ports)
        if buffer.write_space >= len(data):
            buffer.write(data)

    client.set_process_callback(process)
    with client:
        for source, port in zip(sources, ports, strict=True):
            client.connect(source, port)
        print("recording", flush=True)
        while not _input_ended(0.02):
            for _ in range(buffer.read_space // size):
                blocks.append(bytes(buffer.read(size)))
    _share_lock_in_time(0)
    _save(out, blocks, len(ports), length)


def _share_lock_in_time(priority: int) -> None:
    """Give this thread real-time priority, or take it away (0).

    It shares Python's lock with JACK's thread: if it could not run while it holds the lock, it
    would make the whole server late.
    """
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO if priority else os.SCHED_OTHER, os.sched_param(priority))


def _input_ended(seconds: float) -> bool:
    import select

    return bool(select.select([sys.stdin], [], [], seconds)[0])


def _save(out: Path, blocks: list[bytes], channels: int, length: int) -> None:
    if not blocks:
        np.savez(out, samples=np.zeros((channels, 0), np.float32), first_frame=0)
        return
    raw = np.frombuffer(b"".join(blocks), np.uint8).reshape(len(blocks), -1)
    times = raw[:, :4].copy().view("<u4")[:, 0].astype(np.int64)
    sound = raw[:, 4:].copy().view("<f4").reshape(len(blocks), channels, length)
    places = times - times[0]
    samples = np.full((channels, int(places[-1]) + length), np.nan, np.float32)
    for place, block in zip(places, sound, strict=True):
        samples[:, place : place + length] = block
    np.savez(out, samples=samples, first_frame=times[0])


if __name__ == "__main__":
    _record(Path(sys.argv[2]), sys.argv[3:])
