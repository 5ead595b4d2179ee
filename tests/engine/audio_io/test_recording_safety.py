"""What was recorded is safe: after a kill, and when its folder is removed meanwhile."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_engine.audio.files import read_audio
from distill_engine.audio_io.recording import AudioWriter

RATE = 44100
PROGRAM = """
import sys, time, numpy
from pathlib import Path
from distill_engine.audio.files import read_audio
from distill_engine.audio_io.recording import AudioWriter

writer, began, done = AudioWriter(Path(sys.argv[1]), 44100, 2), time.monotonic(), 0
while True:
    wanted = int((time.monotonic() - began) * 44100)
    ramp = (numpy.arange(done, wanted) % 44100 / 88200).astype(numpy.float32)
    writer.write(numpy.stack([ramp, -ramp], axis=1))
    done = wanted
    print(done, flush=True)
    time.sleep(0.01)
"""


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff"])
def test_all_but_the_last_half_second_survives_a_kill(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"show{suffix}"
    command = [sys.executable, "-c", PROGRAM, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(1.8)
        process.send_signal(signal.SIGKILL)
        played = int(process.stdout.read().split()[-1])
    read = read_audio(path)  # by block: a killed FLAC does not know its own length
    assert (read.sample_rate, read.notes) == (RATE, ())
    sound = read.samples.T
    assert len(sound) >= played - 0.7 * RATE, f"{len(sound)} of {played} frames"
    expected = np.arange(len(sound)) % RATE / (2 * RATE)
    assert np.abs(sound[:, 0] - expected).max() < 1e-3


def test_a_folder_removed_meanwhile_is_there_again_with_all_sound(tmp_path: Path) -> None:
    folder = tmp_path / "takes"
    said: list[str] = []
    folder.mkdir()
    writer = AudioWriter(folder / "show.wav", RATE, 2, said.append)
    block = np.full((RATE // 10, 2), 0.25, np.float32)
    for _ in range(5):
        writer.write(block)
    time.sleep(0.3)
    shutil.rmtree(folder)
    deadline = time.monotonic() + 10
    while not said and time.monotonic() < deadline:
        writer.write(block)
        time.sleep(0.1)
    writer.write(block)
    writer.close()
    assert "was removed while it was recorded" in said[0]
    parts = [soundfile.read(folder / name, dtype="float32")[0] for name in ("show.wav", "show-2.wav")]
    assert sum(map(len, parts)) == writer.frames
    assert all((part == 0.25).all() for part in parts)
