"""What benchmarks/live.py, soak.py and control.py share: a model to play, the engine, OSC, and listening from outside over JACK."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from machine import processor
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from support_jack import JackServer, Recorder, Recording  # noqa: E402

OUTPUTS = ("PortAudio:out_0", "PortAudio:out_1")


def machine() -> str:
    """Processor, cores and load."""
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return f"{processor()}, {os.cpu_count()} cores{load}, Python {platform.python_version()}"


def model_to_play(given: Path | None, folder: Path) -> Path:
    """The model asked for, the built-in one, or an untrained one of the same size (speed does not depend on training)."""
    if given is not None:
        return given
    from distill_engine.errors import DistillError
    from distill_engine.library.assets import starter_path

    with contextlib.suppress(DistillError):
        return starter_path()
    return untrained_model(folder / "untrained.distillgan")


def untrained_model(path: Path) -> Path:
    """A model of the default size with both kinds of vocoder and random weights."""
    import torch

    from distill_engine.audio.mel import DEFAULT_MEL
    from distill_engine.modelfile import Manifest, save_model
    from distill_engine.models.latent_model import LatentModel
    from distill_engine.models.model_config import ModelConfig
    from distill_engine.training.export import export_runtime
    from distill_engine.vocoders import HifiGan, HifiGanConfig, Vocos, VocosConfig

    torch.manual_seed(0)
    model = LatentModel(ModelConfig()).eval()
    vocoders = {"vocos": Vocos(VocosConfig()).eval(), "hifigan": HifiGan(HifiGanConfig()).eval()}
    parts = {"model": _arrays(model)} | {f"vocoder/{kind}": _arrays(network) for kind, network in vocoders.items()}
    entries = {
        kind: {"config": network.config.to_dict(), "epochs": 100, "steps": 1, "usable": True, "validation": {}}
        for kind, network in vocoders.items()
    }
    manifest = Manifest(
        name="untrained", family="vae", mel=DEFAULT_MEL.to_dict(), model=model.config.to_dict(), vocoders=entries
    )
    save_model(path, manifest, parts, export_runtime(model, vocoders))
    return path


def _arrays(network) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}


class Osc:
    """Talks to an engine over UDP."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._address = ("127.0.0.1", port)

    def send(self, address: str, *arguments: float | str) -> None:
        """One message."""
        self._socket.sendto(packet(address, *arguments), self._address)

    def ask(self, address: str, *arguments: float | str, wait_for: tuple[str, ...], seconds: float = 30.0) -> list:
        """Sends, and returns the arguments of the first message among `wait_for` (its address comes first)."""
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(1 << 16):  # what came too late answers an earlier question
                pass
        self.send(address, *arguments)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            with contextlib.suppress(TimeoutError, OSError):
                message = OscMessage(self._socket.recv(1 << 16))
                about = address in (message.params[:1] or [""]) or message.address.endswith(".reply")
                if message.address in wait_for and about:
                    return [message.address, *message.params]
        raise TimeoutError(f"no answer to {address} within {seconds:g} s")

    def status(self, seconds: float = 30.0) -> dict[str, float | str]:
        """The engine's figures by name."""
        pairs = self.ask("/distill/status", wait_for=("/distill/status.reply",), seconds=seconds)[1:]
        return dict(zip(pairs[::2], pairs[1::2], strict=False))

    def do(self, address: str, *arguments: float | str) -> str | None:
        """A command; None when done, else the reason."""
        answer = self.ask(address, *arguments, wait_for=("/distill/done", "/distill/error"))
        return None if answer[0] == "/distill/done" else str(answer[-1])

    def close(self) -> None:
        """Lets go of the socket."""
        self._socket.close()


def packet(address: str, *arguments: float | str) -> bytes:
    """An OSC message as bytes."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build().dgram


def free_port() -> int:
    """A port that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Engine:
    """`distill-engine` on a JACK server. `spinning` lets a Python thread spin in its control process."""

    def __init__(self, server: JackServer, model: Path, *options: str, spinning: bool = False) -> None:
        self.port, self.query_port = free_port(), free_port()
        command = [sys.executable, str(Path(__file__).resolve()), "engine", *(["--spinning"] if spinning else []), "--"]
        command += [str(model), "--device", "system"]
        command += ["--osc-port", str(self.port), "--oscquery-port", str(self.query_port)]
        command += ["--no-midi", "--quiet", "--allow-paths", *options]
        self.log = Path(tempfile.mkstemp(prefix="engine-", suffix=".log")[1])
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=server.environment, stdout=log, stderr=log)
        self.osc = Osc(self.port)

    def wait_ready(self, seconds: float = 60.0) -> Engine:
        """Waits until it plays."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(TimeoutError, OSError):
                if float(self.osc.status(0.3).get("hops", 0)) > 0:
                    return self
            time.sleep(0.05)
        raise RuntimeError(f"the engine does not play: {self.log.read_text()[-800:]}")

    def stop(self) -> int:
        """Ends it; returns its exit code."""
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


class Flood:
    """A process of its own that sends OSC messages at a steady rate."""

    def __init__(self, port: int, rate: int) -> None:
        command = [sys.executable, str(Path(__file__).resolve()), "flood", str(port), str(rate)]
        self._process = subprocess.Popen(command)

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait()


class IdleClient:
    """`jack_capture` on the same server, doing nothing but listening: what it suffers, the server did."""

    def __init__(self, server: JackServer) -> None:
        self._server, self._process = server, None
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(
                [
                    "jack_capture",
                    "-jn",
                    "idle",
                    "-c",
                    "1",
                    "--disable-console",
                    "--port",
                    "system:capture_1",
                    "/dev/null",
                ],
                env=server.environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def stop(self) -> int | None:
        """Ends it; how often the server said it was late (None if there is no jack_capture)."""
        if self._process is None:
            return None
        self._process.terminate()
        self._process.wait()
        return self._server.late("idle")


@dataclass
class Hearing:
    """A playing engine; once it has ended also what was heard of it outside, and how often jackd waited in vain for whom."""

    engine: Engine
    server: JackServer
    before: dict[str, float | str]
    heard: Recording = field(init=False)
    found: Heard = field(init=False)
    late: int = field(init=False)
    idle_late: int | None = field(init=False)


@contextlib.contextmanager
def heard_outside(
    model: Path, vocoder: str, folder: Path, *, spinning: bool = False, period: int = 256
) -> Iterator[Hearing]:
    """Lets an engine play on a JACK server of its own; what it records itself is compared with what a client hears."""
    server = JackServer(f"distill-heard-{os.getpid()}", period=period).start()
    played = folder / "played.wav"
    try:
        idle = IdleClient(server)
        options = ("--vocoder", vocoder, "--block", "1", "--record", str(played))
        with Engine(server, model, *options, spinning=spinning).wait_ready() as engine:
            time.sleep(3.0)
            hearing, late = Hearing(engine, server, engine.osc.status()), server.late("PortAudio")
            recorder = Recorder(server, OUTPUTS[0])
            yield hearing
            hearing.late, hearing.heard = server.late("PortAudio") - late, recorder.stop()
        hearing.idle_late = idle.stop()
        hearing.found = compare_recordings(played, hearing.heard, server.rate)
    finally:
        server.remove()
        played.unlink(missing_ok=True)


@dataclass(frozen=True)
class Heard:
    """What was heard against what was played: `breaks` are gaps and jumps, `skipped` what the recorder itself missed (pieces)."""

    seconds: float
    matched: int
    breaks: int
    skipped: int
    finite: bool


def compare_recordings(played_file: Path, heard: Recording, rate: int, chunk: int = 2048) -> Heard:
    """Looks for every piece of what was heard in the engine's own recording (its output before the device's rate)."""
    import soundfile

    samples, source_rate = soundfile.read(played_file, dtype="float32")
    sound, finite = heard.samples[0], bool(np.isfinite(samples).all())
    loud = np.flatnonzero(np.abs(np.nan_to_num(sound)) > 1e-4)
    if not len(loud):
        return Heard(0.0, 0, 0, 0, finite)
    sound = sound[loud[0] + chunk :]
    played, start, shift = _aligned(samples[:, 0], source_rate, rate, sound, chunk)
    matched = breaks = skipped = 0
    if played is None:
        return Heard(len(sound) / rate, 0, 1, 0, finite)
    broken = False
    for place in range(start, len(sound) - chunk, chunk):
        piece = sound[place : place + chunk]
        if place + shift + chunk > len(played):
            break
        if np.isnan(piece).any():
            skipped += 1
            continue
        if np.abs(played[place + shift : place + shift + chunk] - piece).max() <= 1e-5:
            matched, broken = matched + 1, False
            continue
        breaks += not broken
        found = _nearby(played, piece, place + shift)
        broken = found is None
        shift = shift if found is None else found - place
    return Heard(len(sound) / rate, matched, breaks, skipped, finite)


def _aligned(mono: np.ndarray, source_rate: int, rate: int, sound: np.ndarray, chunk: int):
    """The recording at the device's rate, where in `sound` the first whole piece is, and the shift between the two.

    A recording that began in the middle of a stream may start at any place of the resampler's grid: all are tried.
    """
    from math import gcd

    from distill_engine.audio.resampling import StreamingResampler

    start = next((p for p in range(0, len(sound) - chunk, chunk) if np.isfinite(sound[p : p + chunk]).all()), None)
    if start is None:
        return None, 0, 0
    piece = sound[start : start + chunk]
    for phase in range(source_rate // gcd(source_rate, rate)):
        resampler = StreamingResampler(source_rate, rate, 1)
        resampler.process(np.zeros((1, phase), np.float32))
        head = resampler.process(mono[None, : 20 * source_rate])[0]
        found = _search(head, piece)
        if found is not None:
            resampler = StreamingResampler(source_rate, rate, 1)
            resampler.process(np.zeros((1, phase), np.float32))
            seconds = [mono[None, at : at + source_rate] for at in range(0, len(mono), source_rate)]
            return np.concatenate([resampler.process(second)[0] for second in seconds]), start, found - start
    return None, 0, 0


def _nearby(played: np.ndarray, piece: np.ndarray, place: int, reach: int = 1 << 16) -> int | None:
    begin = max(0, place - reach)
    found = _search(played[begin : place + reach], piece)
    return None if found is None else begin + found


def _search(played: np.ndarray, piece: np.ndarray) -> int | None:
    if len(played) < len(piece):
        return None
    size = 1 << int(np.ceil(np.log2(len(played) + len(piece))))
    products = np.fft.irfft(np.fft.rfft(played, size) * np.conj(np.fft.rfft(piece, size)), size)[: len(played)]
    energy = np.concatenate([[0.0], np.cumsum(played.astype(np.float64) ** 2)])
    ends = np.minimum(np.arange(len(played)) + len(piece), len(played))
    distance = energy[ends] - energy[: len(played)] - 2 * products
    for place in np.argpartition(distance, 4)[:4]:
        part = played[place : place + len(piece)]
        if len(part) == len(piece) and np.abs(part - piece).max() <= 1e-5:
            return int(place)
    return None


def write_results(results: dict, title: str, as_json: bool, rows: list[tuple[str, str]]) -> None:
    """Prints a table (or JSON) with the machine named."""
    if as_json:
        print(json.dumps(results, indent=2))
        return
    print(f"## {title}\n\n{results['machine']}\n\n| what | figure |\n|---|---|")
    for name, figure in rows:
        print(f"| {name} | {figure} |")


def _run_engine(arguments: list[str]) -> int:
    from distill_control.cli import engine

    if arguments[0] == "--spinning":
        engine.CONTROL_PROGRAM = (sys.executable, str(Path(__file__).resolve()), "control")
        arguments = arguments[1:]
    return engine.main(arguments[1:])


def _run_control(arguments: list[str]) -> None:
    import runpy
    import threading

    def spin() -> None:
        while True:
            pass

    threading.Thread(target=spin, daemon=True).start()
    sys.argv = ["distill_control.session", *arguments]
    runpy.run_module("distill_control.session", run_name="__main__", alter_sys=True)


def _run_flood(port: int, rate: int) -> None:
    osc = Osc(port)
    addresses = ("/distill/width", "/distill/latent/0", "/distill/latent/1", "/distill/source/range")
    packets = [packet(address, float(value) / 16) for value in range(16) for address in addresses]
    began, sent = time.perf_counter(), 0
    while True:
        for _ in range(max(1, rate // 500)):
            osc._socket.sendto(packets[sent % len(packets)], osc._address)
            sent += 1
        time.sleep(max(0.0, began + sent / rate - time.perf_counter()))


if __name__ == "__main__":
    if sys.argv[1] == "engine":
        sys.exit(_run_engine(sys.argv[2:]))
    if sys.argv[1] == "control":
        _run_control(sys.argv[2:])
    elif sys.argv[1] == "flood":
        parser = argparse.ArgumentParser()
        parser.add_argument("numbers", type=int, nargs=2)
        _run_flood(*parser.parse_args(sys.argv[2:]).numbers)
