"""A running engine in a process of its own, steered through the stub, and the comparison of what it played with what was heard."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

STUBS = Path(__file__).parent / "engine" / "live"


class LiveEngine:
    """`play_stub.py` as a child: `ask` speaks to its control process."""

    def __init__(self, model: Path, *, environment: dict[str, str] | None = None, fail: str = "", **settings) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="live-"))
        self._port_file = self.folder / "port"
        values = {"model": str(model), "device": "null", "block": 1, "threads": 1, **settings}
        command = [sys.executable, str(STUBS / "play_stub.py"), str(self._port_file), json.dumps(values)]
        command += [fail] if fail else []
        home = {"DISTILL_HOME": str(self.folder / "home"), **os.environ}
        self.process = subprocess.Popen(
            command, env=environment or home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(30.0)

    def wait_ready(self, seconds: float = 30.0) -> LiveEngine:
        """Waits until it plays."""
        deadline = time.monotonic() + seconds
        while not (self._port_file.exists() and self.status().get("hops", 0) > 0):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the engine does not play: {self.process.communicate(timeout=5)[1]}")
            time.sleep(0.05)
        return self

    def tell(self, message: dict) -> None:
        """Says something without waiting for an answer."""
        address = ("127.0.0.1", int(self._port_file.read_text()))
        self._socket.sendto(json.dumps(message).encode(), address)

    def ask(self, message: dict) -> dict:
        """Says something and returns the answer."""
        self.tell(message)
        return json.loads(self._socket.recv(1 << 17))

    def command(self, name: str, *arguments) -> dict:
        """A command to the engine, and its answer."""
        return self.ask({"command": name, "arguments": list(arguments)})

    def status(self) -> dict:
        """The figures."""
        return self.ask({"status": True})

    def events(self) -> list[dict]:
        """What the engine said unasked."""
        return self.ask({"events": True})["events"]

    def control_pid(self) -> int:
        """The control process's number."""
        return self.ask({"events": True})["pid"]

    def until(self, what, seconds: float = 20.0) -> dict:
        """Waits until `what(status)`."""
        deadline = time.monotonic() + seconds
        while not what(status := self.status()):
            if time.monotonic() > deadline:
                raise RuntimeError(f"this never came: {status}, {self.events()}")
            time.sleep(0.05)
        return status

    def end(self, number: int = 15, seconds: float = 20.0) -> tuple[int, str]:
        """Sends a signal and returns the exit code and what was said on stderr."""
        self._socket.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            _, said = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode, said

    def close(self) -> None:
        """Kills it, if it still runs, and lets go of everything."""
        self._socket.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


@dataclass(frozen=True)
class Comparison:
    """Sound that was heard against sound that was played: how much matched, and how often it broke off or jumped."""

    matched: int
    breaks: int
    missing: int


def compare(played: np.ndarray, heard: np.ndarray, *, tolerance: float = 1e-5, chunk: int = 2048) -> Comparison:
    """Finds every piece of `heard` [T] in `played` [T'].

    A piece must continue where the one before it ended; one that does not, or is nowhere, is a break. Pieces with NaN (the recorder
    was skipped) are `missing`. Leading and trailing silence is left out.
    """
    loud = np.flatnonzero(np.abs(np.nan_to_num(heard)) > 1e-4)
    if not len(loud):
        return Comparison(0, 0, 0)
    heard = heard[loud[0] + chunk : loud[-1] - chunk]
    shift: int | None = None
    matched = breaks = missing = 0
    broken = False
    for start in range(0, len(heard) - chunk, chunk):
        piece = heard[start : start + chunk]
        if np.isnan(piece).any():
            missing += 1
            continue
        if shift is None or not _fits(played, piece, start + shift, tolerance):
            found = _find(played, piece, tolerance)
            breaks += (shift is not None or found is None) and not broken
            broken = found is None
            shift = None if found is None else found - start
        else:
            broken = False
        matched += shift is not None
    return Comparison(matched, breaks, missing)


def _fits(played: np.ndarray, piece: np.ndarray, place: int, tolerance: float) -> bool:
    part = played[place : place + len(piece)] if place >= 0 else played[:0]
    return len(part) == len(piece) and bool(np.abs(part - piece).max() <= tolerance)


def _find(played: np.ndarray, piece: np.ndarray, tolerance: float) -> int | None:
    size = 1 << int(np.ceil(np.log2(len(played) + len(piece))))
    spectrum = np.fft.rfft(played, size) * np.conj(np.fft.rfft(piece, size))
    products = np.fft.irfft(spectrum, size)[: len(played)]
    energy = np.concatenate([[0.0], np.cumsum(played.astype(np.float64) ** 2)])
    starts = np.arange(len(played))
    local = energy[np.minimum(starts + len(piece), len(played))] - energy[starts]
    distance = local - 2 * products
    for place in np.argsort(distance)[:8]:
        if _fits(played, piece, int(place), tolerance):
            return int(place)
    return None
