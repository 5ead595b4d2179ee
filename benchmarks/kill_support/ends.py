"""Commands that are asked to end at random moments of their work, and what must be true afterwards.

Each is run once to its end to learn how long it takes. Then a signal comes at a random moment, so
that every phase is met: imports, reading, training, analysis, saving. Each third time a second one
follows at once.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distill_engine.audio.files import read_audio, write_audio
from distill_engine.errors import AudioFileError
from distill_engine.modelfile import ModelFile
from distill_engine.modelfile.verify import verify_file
from kill_support.kinds import Half, expect
from live_support.programs import environment

RATE = 44100
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CANCELLED = 3
HANG_SECONDS = 180.0  # a command that has not ended then hangs
EARLIEST_SECONDS = 0.05  # before it the interpreter itself starts


@dataclass(frozen=True)
class Command:
    """A command of `distill`; `words(folder)` may name files of `folder`, which `check` reads."""

    name: str
    words: Callable[[Path], list[str]]
    check: Callable[[Path], None]
    program: str = "main"


def begin(folder: Path) -> None:
    """Make three sounds, and the model that commands change: trained for a moment."""
    (folder / "sounds").mkdir()
    for number, frequency in enumerate((220, 330, 550)):
        time_axis = np.arange(2 * RATE) / RATE
        noise = 0.01 * np.random.default_rng(number).standard_normal(2 * RATE)
        wave = 0.2 * np.sin(2 * np.pi * frequency * time_axis) * np.exp(-3.0 * (time_axis % 0.5)) + noise
        write_audio(folder / "sounds" / f"{frequency}.wav", wave[None].astype(np.float32), RATE)


def end_many(command: Command, signals: int, seed: int, folder: Path) -> dict[str, int]:
    """Ask a command to end so often; return how often it was cancelled, complete or killed.

    Raises Half where something is half, hangs, or ends in anything but one line.
    """
    began = time.monotonic()
    expect(_ended(_start(command, folder), ())[0] == 0, f"{command.name} does not work")
    seconds, chance = time.monotonic() - began, random.Random(seed)
    counts = {"signals": signals, "cancelled": 0, "complete": 0, "at_once": 0}
    for number in range(signals):
        process = _start(command, folder)
        time.sleep(chance.uniform(EARLIEST_SECONDS, seconds))
        which = tuple(chance.choice(SIGNALS) for _ in range(2 if number % 3 == 2 else 1))
        code, said = _ended(process, which)
        where = f"{command.name}, {[one.name for one in which]}, exit code {code}: {said[-600:]}"
        expect("Traceback" not in said and "unexpected" not in said, where)
        # Python ends by SIGINT where KeyboardInterrupt came in code that `exec` ran, even if it was handled.
        expect(code in (0, CANCELLED) or code in [-one for one in (*which, signal.SIGINT, signal.SIGALRM)], where)
        counts["complete" if code == 0 else "cancelled" if code == CANCELLED else "at_once"] += 1
        try:
            command.check(folder)
        except Half:
            raise
        except Exception as error:
            raise Half(f"{where}\n{error}") from error
    return counts


def _start(command: Command, folder: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", f"distill_control.cli.{command.program}", *command.words(folder)]
    env = environment() | {"DISTILL_HOME": str(folder / "home")}
    return subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=folder)


def _ended(process: subprocess.Popen[str], which: tuple[signal.Signals, ...]) -> tuple[int, str]:
    """Send the signals; return the exit code and what it said. Raises Half if it hangs."""
    for number in which:
        process.send_signal(number)
    try:
        said = process.communicate(timeout=HANG_SECONDS)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        raise Half(f"it does not end: {process.communicate()[1][-600:]}") from None
    return process.returncode, said


def _whole_models(folder: Path) -> None:
    """Check each model file, and that a lost one lies in no other place than under its name."""
    for path in folder.glob("*.distillgan"):
        with ModelFile.open(path) as file:
            faults = [finding for finding in verify_file(file) if finding.fault]
            expect(not faults, faults)


def _kept_model(folder: Path) -> None:
    expect((folder / "m.distillgan").is_file(), "the model of before is gone")
    _whole_models(folder)


def _whole_sounds(folder: Path) -> None:
    for path in (folder / "out").glob("*.wav"):
        expect(read_audio(path).duration > 0.4, path.name)


def _whole_recording(folder: Path) -> None:
    """Check that what is there of the recording plays; each run makes one of its own."""
    for path in folder.glob("live-*.wav"):
        try:
            read_audio(path)
        except AudioFileError as error:
            expect(path.stat().st_size < 1000, error)  # ended before the first sound
        path.unlink()


_TRAIN = ("--minutes", "0.2", "--preset", "quick")
_BATCH = ("render", "starter", "--count", "30", "--duration", "0.5", "--workers", "2", "--skip-existing")
_VOCODER = ("train-vocoder", "m.distillgan", "sounds", "--force", "--fresh", "--epochs", "1", "--width", "0.03")


def _on(*words: str) -> Callable[[Path], list[str]]:
    return lambda folder: list(words)


COMMANDS = (
    Command("distill train", _on("train", "sounds", "-o", "t.distillgan", "--fresh", *_TRAIN), _whole_models),
    Command("distill train, resumed", lambda folder: _again(folder), _kept_model),
    Command("distill train-vocoder", _on(*_VOCODER), _kept_model),
    Command("distill analyse", _on("analyse", "m.distillgan", "sounds"), _kept_model),
    Command("distill corpus check", _on("corpus", "check", "sounds"), _whole_models),
    Command("distill render", _on(*_BATCH, "-o", "out"), _whole_sounds),
    Command("distill-engine", lambda folder: _engine(), _whole_recording, program="engine"),
)


def _again(folder: Path) -> list[str]:
    """Return how the model that is kept is trained: first anew, then on."""
    known = (folder / "m.distillgan").exists()
    return ["train", "sounds", "-o", "m.distillgan", *_TRAIN, "--resume" if known else "--fresh"]


def _engine() -> list[str]:
    ports = ["--osc-port", "0", "--oscquery-port", "0"]
    return [
        "starter",
        "--device",
        "null",
        "--no-midi",
        "--quiet",
        "--seconds",
        "3",
        *ports,
        "--record",
        f"live-{time.time_ns()}.wav",
    ]


def main() -> None:
    """Run one command and print the report: `python -m kill_support.ends NAME SIGNALS SEED`."""
    import json
    import tempfile

    for number in SIGNALS:  # a run in the background ignores some, and what it starts would, too
        signal.signal(number, lambda *_: sys.exit(1))
    command = next(command for command in COMMANDS if command.name == sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin(folder)
        if command.check is _kept_model and command.name != COMMANDS[1].name:
            expect(_ended(_start(COMMANDS[1], folder), ())[0] == 0, "no model")
        print(json.dumps(end_many(command, int(sys.argv[2]), int(sys.argv[3]), folder)))


if __name__ == "__main__":
    main()
