"""The programs in `examples/` run as they are printed in the documentation."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_control.osc.client import OscClient
from distill_engine.errors import ControlError
from support_ports import free_ports

ROOT = Path(__file__).parents[2]
RATE = 44100


def run_example(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "examples" / f"{name}.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """A folder with a soft low tone, a loud high one, and a text."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    time_axis = np.arange(RATE) / RATE
    for name, frequency, level in (("low", 220.0, 0.05), ("high", 1760.0, 0.5)):
        soundfile.write(folder / f"{name}.wav", level * np.sin(2 * np.pi * frequency * time_axis), RATE)
    (folder / "notes.txt").write_text("no sound\n")
    return folder


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[int]:
    """The starter, played by the clock; gives its OSC port."""
    port = free_ports()
    command = [sys.executable, "-m", "distill_control.cli.engine", "--device", "null", "--no-midi", "--quiet"]
    command += ["--stopped", "--osc-port", str(port), "--oscquery-port", str(port + 1)]
    process = subprocess.Popen(command, env={**os.environ, "DISTILL_HOME": str(tmp_path / "home")})
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with OscClient(port=port) as client:
                client.send("/distill/status")
                status = client.receive(0.2)
                pairs = () if status is None else status.arguments
                hops = dict(zip(pairs[::2], pairs[1::2], strict=False)).get("hops")
                if isinstance(hops, int | float) and hops > 0:
                    return
        except ControlError:
            time.sleep(0.1)
    raise RuntimeError("the engine does not play")


def test_a_sound_is_encoded_and_rendered(sounds: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.wav"
    done = run_example("encode_and_render", "starter", str(sounds / "high.wav"), str(output))
    assert done.returncode == 0, done.stderr
    samples, rate = soundfile.read(output)
    assert (rate, len(samples)) == (RATE, RATE)
    assert np.isfinite(samples).all()
    assert np.sqrt(np.mean(samples[: RATE // 2] ** 2)) > 1e-3


@pytest.mark.realtime
def test_a_playing_engine_is_steered(engine: int) -> None:
    with OscClient(port=engine) as watcher:
        watcher.send("/distill/subscribe")
        done = run_example("steer_over_osc", "--port", str(engine), "--seconds", "1")
        values = []
        while (message := watcher.receive(0.5)) is not None:
            if message.address == "/distill/control/brightness":
                values.append(float(str(message.arguments[0])))
    assert done.returncode == 0, done.stderr
    assert "moved brightness" in done.stdout
    assert max(values) > 0.9
    assert math.isclose(values[-1], 0.0, abs_tol=1e-6)


def test_a_control_that_is_not_there_ends_with_the_reason(engine: int) -> None:
    done = run_example("steer_over_osc", "--port", str(engine), "--seconds", "0.2", "--control", "sweetness")
    assert done.returncode == 1
    assert "sweetness" in done.stderr


def test_a_folder_is_analysed(sounds: Path) -> None:
    done = run_example("analyse_a_folder", str(sounds))
    assert done.returncode == 0, done.stderr
    left_out, titles, *rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert left_out == ["# left out: notes.txt: is a text, not a sound file: take it out"]
    table = {row[0]: dict(zip(titles, row, strict=True)) for row in rows}
    assert set(table) == {"low.wav", "high.wav"}
    for title in ("loudness (LUFS)", "brightness (Cam)", "pitch (semitones)"):
        assert float(table["low.wav"][title]) < float(table["high.wav"][title])
    assert float(table["high.wav"]["pitch (semitones)"]) == pytest.approx(93.0, abs=0.2)


@pytest.mark.parametrize("name", ["encode_and_render", "steer_over_osc", "analyse_a_folder"])
def test_each_program_is_short_and_explains_itself(name: str) -> None:
    text = (ROOT / "examples" / f"{name}.py").read_text()
    assert len(text.splitlines()) <= 60
    assert f"python examples/{name}.py" in text
    done = run_example(name, "--help")
    assert done.returncode == 0


def test_each_control_is_rendered_at_both_ends(tmp_path: Path) -> None:
    done = run_example("hear_each_control", "starter", str(tmp_path / "out"), "--seconds", "0.3")
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert {"brightness-1.wav", "brightness+1.wav"} <= set(names)
    assert len(names) == 2 * len(done.stdout.splitlines())


def test_a_source_of_ones_own_plays(sounds: Path, tmp_path: Path) -> None:
    inputs = (str(sounds / "low.wav"), str(sounds / "high.wav"))
    done = run_example("play_a_source_of_your_own", "starter", *inputs, str(tmp_path / "out.wav"), "--seconds", "1")
    assert done.returncode == 0, done.stderr
    samples, rate = soundfile.read(tmp_path / "out.wav")
    assert samples.shape == (rate, 2)
    assert np.abs(samples).max() > 0.01


def test_the_example_of_a_training_says_what_it_takes() -> None:
    done = run_example("train_a_model", "--help")
    assert done.returncode == 0, done.stderr
    assert "--minutes" in done.stdout
