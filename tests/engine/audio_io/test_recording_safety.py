"""What was recorded is safe: after a kill, and when its folder is removed meanwhile."""

from __future__ import annotations

import queue
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_engine.audio.files import read_audio
from distill_engine.audio_io.capture import Capture
from distill_engine.audio_io.device_keeper import DeviceKeeper
from distill_engine.audio_io.devices import AudioSystem
from distill_engine.audio_io.recording import AudioWriter
from distill_engine.errors import AudioFileError, TakeError
from distill_engine.takes.take import ParameterChange, PlayedModel, TakeHeader
from distill_engine.takes.take_file import read_take
from distill_engine.takes.take_recorder import TakeRecorder

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


FULL = """
import resource, sys, time, numpy
from pathlib import Path
from distill_engine.audio_io.output import FileOutput

sys.dont_write_bytecode = True  # a file of it that is cut off would be taken for whole
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
output = FileOutput(Path(sys.argv[1]), 44100, lambda sentence: print(sentence, flush=True))
done = 0
while output._writer.failure is None:
    ramp = (numpy.arange(done, done + 4410) % 44100 / 88200).astype(numpy.float32)
    output.write(numpy.stack([ramp, -ramp], axis=1))
    done += 4410
    while output._writer._queue.qsize() > 50:
        time.sleep(0.001)
output.close()
"""


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".ogg"])
def test_where_nothing_more_can_be_written_the_cause_is_said_at_once_and_the_rest_plays(
    suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"show{suffix}"
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert "the recording breaks off: the file grew beyond what this disk or account allows" in run.stdout
    assert "the recording is incomplete: the file grew beyond" in run.stderr
    sound = read_audio(path).samples.T
    assert len(sound) > (20_000 if suffix != ".ogg" else 100_000)
    assert 300_000 < path.stat().st_size <= 400_000
    if suffix != ".ogg":
        expected = np.arange(len(sound)) % RATE / (2 * RATE)
        assert np.abs(sound[:, 0] - expected).max() < 1e-3


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, for those who may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only an administrator may mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.skipif(shutil.which("mount") is None, reason="there is no mount")
def test_a_full_disk_is_named_by_recordings_and_takes(small_disk: Path) -> None:
    heard: queue.Queue[str] = queue.Queue()
    keeper = DeviceKeeper(
        f"file:{small_disk / 'show.wav'}", None, lambda output: None, lambda level, text: heard.put(text),
        system=AudioSystem(), capture=Capture(AudioSystem(), None, RATE),
    )  # fmt: skip
    output = keeper.open_first()
    take = TakeRecorder(small_disk / "show.take")
    take.begin(
        TakeHeader((PlayedModel(0, "rain", "vocos", {"model": "abc", "vocoder": "def"}),), seed=7, block=2, state=None)
    )
    take.note(ParameterChange(0, "/distill/gain", -3.0))
    time.sleep(0.6)
    for _ in range(40):  # 1.4 MB
        output.write(np.full((RATE // 10, 2), 0.25, np.float32))
    assert "show.wav: the recording breaks off: the disk is full" in heard.get(timeout=30)
    for tick in range(20_000):
        take.note(ParameterChange(tick, "/distill/gain", -3.0))
    assert "show.take: the take breaks off: the disk is full" in take.news.get(timeout=30)
    with pytest.raises(AudioFileError, match="incomplete: the disk is full"):
        keeper.stop()
    with pytest.raises(TakeError, match="the disk is full"):
        take.close(20_000)
    assert (read_audio(small_disk / "show.wav").samples == 0.25).all()
    assert len(read_take(small_disk / "show.take", allow_truncated=True).events) > 0


FLUSHED = """
import sys, time, numpy
from pathlib import Path
from distill_engine.audio_io import recording
from distill_engine.takes import take_recorder
from distill_engine.takes.take import ParameterChange, PlayedModel, TakeHeader

folder = Path(sys.argv[1])
recording.HEADER_SECONDS = take_recorder.FLUSH_SECONDS = 0.1
recording.SYNC_SECONDS = take_recorder.SYNC_SECONDS = 0.2
writer = recording.AudioWriter(folder / "show.wav", 44100, 2)
take = take_recorder.TakeRecorder(folder / "show.take")
take.begin(TakeHeader((PlayedModel(0, "rain", "vocos", {"model": "abc", "vocoder": "def"}),), seed=7, block=2, state=None))
for tick in range(150):
    writer.write(numpy.full((441, 2), 0.25, numpy.float32))
    take.note(ParameterChange(tick, "/distill/gain", -3.0))
    time.sleep(0.01)
writer.close()
take.close(150)
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_what_is_played_all_the_time_reaches_the_disk_by_the_clock(tmp_path: Path) -> None:
    """A power cut loses no more than what came after the last flush; the folder is flushed once, for the names."""
    trace = tmp_path / "trace"
    folder = tmp_path / "recordings"
    folder.mkdir()
    command = ["strace", "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", str(trace), sys.executable, "-c", FLUSHED]
    subprocess.run([*command, str(folder)], check=True, timeout=60)
    names = re.findall(r"f(?:data)?sync\(\d+<([^>]+)>", trace.read_text())
    assert names.count(str(folder / "show.wav")) >= 3
    assert names.count(str(folder / "show.take")) >= 3
    assert str(folder) in names
