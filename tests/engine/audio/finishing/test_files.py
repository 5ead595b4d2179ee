"""Files as independent readers find them: formats, rates, depths, tags, loop points, long WAVs."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_engine.audio import encoding
from distill_engine.audio.encoding import Extra, write_audio, write_audio_stream
from distill_engine.audio.files import read_audio
from distill_engine.audio.finishing.loops import Loop
from distill_engine.errors import AudioFileError

RATES = (44100, 48000, 88200, 96000)
LOSSLESS = [("wav", "16"), ("wav", "24"), ("wav", "32f"), ("aiff", "16"), ("aiff", "24"), ("aiff", "32f"),
            ("caf", "24"), ("flac", "16"), ("flac", "24")]  # fmt: skip
TAGS = {"title": "Régen 雨", "artist": "A", "album": "B", "genre": "Noise", "date": "2026-11-28", "comment": "c" * 10000,
        "bpm": "120", "DISTILL_SEED": "7", "distill_Model": "קול"}  # fmt: skip


def _tone(rate: int, seconds: float = 0.5) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    return np.stack([0.5 * np.sin(2 * np.pi * 440 * t), 0.25 * np.sin(2 * np.pi * 660 * t)]).astype(np.float32)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("kind", "depth"), LOSSLESS)
def test_every_lossless_file_has_its_length_and_level(tmp_path, rate, kind, depth):
    path, x = tmp_path / f"a.{kind}", _tone(rate)
    write_audio(path, x, rate, bit_depth=depth, tags=TAGS)
    for samples in (soundfile.read(path, dtype="float64")[0].T, read_audio(path).samples):
        assert samples.shape == x.shape
        levels = 10 * np.log10(np.square(samples.astype(np.float64)).mean(axis=1) / np.square(x).mean(axis=1))
        assert np.abs(levels).max() < 0.01
    assert soundfile.info(path).samplerate == rate


@pytest.mark.parametrize(
    ("kind", "rate", "padding"), [("mp3", 44100, 0), ("mp3", 48000, 0), ("ogg", 96000, 0), ("opus", 48000, 0)]
)
@pytest.mark.parametrize("quality", [None, 0.3, 0.9])
def test_every_lossy_file_has_its_length_and_level(tmp_path, kind, rate, padding, quality):
    path, x = tmp_path / f"a.{kind}", _tone(rate)
    write_audio_stream(path, [x], 2, rate, tags=TAGS, extra=Extra(quality=quality))
    samples = soundfile.read(path)[0].T
    assert samples.shape[1] == x.shape[1] + padding
    assert np.abs(10 * np.log10(np.square(samples).mean(axis=1) / np.square(x).mean(axis=1))).max() < 0.2


def test_quality_makes_larger_files(tmp_path):
    noise = 0.2 * np.random.default_rng(0).standard_normal((2, 96000)).astype(np.float32)
    for kind in ("mp3", "ogg", "opus"):
        sizes = []
        for quality in (0.1, 0.5, 1.0):
            write_audio_stream(tmp_path / f"a.{kind}", [noise], 2, 48000, extra=Extra(quality=quality))
            sizes.append((tmp_path / f"a.{kind}").stat().st_size)
        assert sizes == sorted(set(sizes)), kind


@pytest.mark.parametrize("kind", ["wav", "aiff", "flac", "mp3", "ogg", "opus"])
def test_an_independent_reader_finds_the_tags(tmp_path, kind):
    mutagen = pytest.importorskip("mutagen")
    path = tmp_path / f"a.{kind}"
    write_audio(path, _tone(48000), 48000, tags=TAGS)
    file = mutagen.File(path)
    frames = {"title": "TIT2", "artist": "TPE1", "album": "TALB", "genre": "TCON", "date": "TDRC", "bpm": "TBPM",
              "comment": "COMM::eng", "DISTILL_SEED": "TXXX:DISTILL_SEED", "DISTILL_MODEL": "TXXX:DISTILL_MODEL"}  # fmt: skip
    found = {name: file.tags[frame if kind in ("wav", "aiff", "mp3") else name] for name, frame in frames.items()}
    wanted = {name.upper() if name.lower().startswith("distill") else name: text for name, text in TAGS.items()}
    for name, value in found.items():
        assert str(value[0] if isinstance(value, list) else value) == wanted[name], name
    assert file.info.length == pytest.approx(0.5, abs=0.1)
    short = {name: value for name, value in TAGS.items() if name in ("title", "artist")}
    assert {name: getattr(soundfile.SoundFile(path), name) for name in short} == short
    assert soundfile.read(path)[0].shape == (24000, 2)


@pytest.mark.parametrize("kind", ["wav", "aiff", "flac", "mp3", "ogg", "opus"])
def test_ffprobe_finds_the_tags(tmp_path, kind):
    if shutil.which("ffprobe") is None:
        pytest.skip("no ffprobe here")
    path = tmp_path / f"a.{kind}"
    write_audio(path, _tone(48000), 48000, tags={"title": "Rain", "DISTILL_SEED": "7"})
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-show_streams", "-show_format", path], capture_output=True, text=True
    )
    assert told.stderr == ""
    assert "Rain" in told.stdout


def _chunks(path: Path) -> dict[bytes, bytes]:
    data, order = path.read_bytes(), ">" if path.suffix == ".aiff" else "<"
    assert struct.unpack(f"{order}I", data[4:8])[0] == len(data) - 8
    found, at = {}, 12
    while at < len(data):
        size = struct.unpack(f"{order}I", data[at + 4 : at + 8])[0]
        found[data[at : at + 4]] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return found


def test_loop_points_of_wav_and_aiff(tmp_path):
    for kind in ("wav", "aiff"):
        write_audio_stream(tmp_path / f"a.{kind}", [_tone(44100)], 2, 44100, tags=TAGS, extra=Extra(Loop(1000, 22050)))
        assert soundfile.read(tmp_path / f"a.{kind}")[0].shape == (22050, 2)
    wav, aiff = _chunks(tmp_path / "a.wav"), _chunks(tmp_path / "a.aiff")
    assert struct.unpack("<9I", wav[b"smpl"][:36])[7] == 1
    assert struct.unpack("<2I", wav[b"smpl"][44:52]) == (1000, 22049)
    assert wav[b"bext"][256:263] == b"Distill"
    assert struct.unpack(">I", aiff[b"MARK"][4:8])[0] == 1000
    assert len(aiff[b"INST"]) == 20


def test_a_wav_too_long_for_riff_becomes_rf64(tmp_path, monkeypatch):
    monkeypatch.setattr(encoding, "RIFF_BYTES", 10_000)
    path, x = tmp_path / "long.wav", _tone(44100)
    write_audio_stream(path, [x], 2, 44100, tags={"title": "Rain"}, extra=Extra(frames=x.shape[1]))
    data = path.read_bytes()
    assert data[:4] == b"RF64"
    assert struct.unpack("<Q", data[20:28])[0] == len(data) - 8
    assert np.abs(soundfile.read(path)[0].T - x).max() < 1e-6
    assert soundfile.info(path).format == "RF64"
    assert read_audio(path).samples.shape == x.shape
    if shutil.which("ffprobe") is not None:
        command = ["ffprobe", "-v", "error", "-show_entries", "stream=duration_ts,channels", "-of", "json", path]
        shown = subprocess.run(command, capture_output=True, text=True)
        assert (shown.stderr, json.loads(shown.stdout)["streams"]) == ("", [{"channels": 2, "duration_ts": x.shape[1]}])


@pytest.mark.parametrize(
    ("tags", "said"),
    [({"a=b": "c"}, "cannot be called"), ({"": "c"}, "cannot be called"), ({"x": "y" * 50_000}, "40000 at most")],
)
def test_tags_that_no_file_takes_are_refused(tmp_path, tags, said):
    (tmp_path / "a.wav").write_bytes(b"before")
    with pytest.raises(AudioFileError, match=said):
        write_audio(tmp_path / "a.wav", _tone(44100), 44100, tags=tags)
    assert (tmp_path / "a.wav").read_bytes() == b"before"
