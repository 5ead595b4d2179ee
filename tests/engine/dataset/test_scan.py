"""Every file of a folder is judged: used if it can be read, named with the reason if not."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distill_engine.audio.levels import SILENCE_DB
from distill_engine.dataset.discovery import find_files
from distill_engine.dataset.left_out import read_left_out, write_left_out
from distill_engine.dataset.scan import CorpusReport, FileReport, ScanProgress, corpus_report, scan_corpus
from distill_engine.errors import CorpusError

Sound = Callable[..., Path]


def verdicts(report: CorpusReport) -> dict[str, str]:
    return {file.name: file.verdict for file in report.files}


def one(report: CorpusReport, name: str) -> FileReport:
    return next(file for file in report.files if file.name == name)


def test_every_format_rate_and_channel_count_is_used(tmp_path: Path, sound: Sound) -> None:
    for suffix in ("wav", "aiff", "flac", "mp3", "ogg", "opus", "caf"):
        sound(f"{suffix} of {suffix}.{suffix}", channels=2)
    for rate in (8000, 22050, 48000, 96000, 192000):
        sound(f"rate {rate}.wav", rate=rate)
    sound("six.wav", channels=6, rate=48000)
    sound("32f.wav", bit_depth="32f")
    report = scan_corpus(tmp_path / "sounds")
    assert set(verdicts(report).values()) == {"ok"}
    assert len(report.usable_files) == 14
    assert report.remarks == ()
    six = one(report, "six.wav")
    assert (six.channels, six.rate, six.duration) == (6, 48000, pytest.approx(0.5))
    assert report.seconds == pytest.approx(7.0, abs=0.1)


def test_nested_folders_hidden_files_and_junk(tmp_path: Path, sound: Sound) -> None:
    for name in ("b.wav", "a/deep/er/c.wav", "a/ü ñ.wav", ".hidden.wav", ".git/x.wav", "__MACOSX/y.wav", "a/._b.wav"):
        sound(name)
    folder = tmp_path / "sounds"
    for junk in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (folder / junk).write_bytes(b"junk")
    assert [file.name for file in find_files(folder)] == ["a/deep/er/c.wav", "a/ü ñ.wav", "b.wav"]


def test_a_sound_is_found_however_deep_its_folders_lie(tmp_path: Path) -> None:
    places = [tmp_path]
    for _ in range(1100):  # more than Python's functions may call each other
        places.append(places[-1] / "d")
        places[-1].mkdir()
    sound = places[-1] / "a.wav"
    sound.write_bytes(b"RIFF")
    assert [file.path for file in find_files(tmp_path)] == [sound]
    sound.unlink()
    for place in reversed(places[1:]):
        place.rmdir()  # nothing else removes so deep a folder


def test_what_the_user_leaves_out_is_named_and_not_read(tmp_path: Path, sound: Sound) -> None:
    for name in ("a.wav", "deep/käuz.wav", 'odd "\x7f\n.wav'):
        sound(name)
    folder = tmp_path / "sounds"
    write_left_out(folder, ["deep/käuz.wav", 'odd "\x7f\n.wav', "gone.wav"])
    report = scan_corpus(folder)
    assert verdicts(report) == {"a.wav": "ok", "deep/käuz.wav": "skipped", 'odd "\x7f\n.wav': "skipped"}
    assert one(report, "deep/käuz.wav").reason == "left out in corpus.toml"
    assert read_left_out(folder) == {"deep/käuz.wav", 'odd "\x7f\n.wav', "gone.wav"}
    write_left_out(folder, [])
    assert len(scan_corpus(folder).usable_files) == 3
    for text in ("exclude = 1", "exclude = [", "exclude = [1]", "exclude = " + "[" * 9999, "a." * 9999 + "a = 1"):
        (folder / "corpus.toml").write_text(text)
        with pytest.raises(CorpusError, match=r"corpus\.toml"):
            scan_corpus(folder)
    (folder / "corpus.toml").write_text("mine = 1")
    with pytest.raises(CorpusError, match="by hand"):
        write_left_out(folder, [])


def test_what_is_not_sound_is_named(tmp_path: Path, sound: Sound) -> None:
    shutil.copy(sound("a.wav"), tmp_path / "sounds" / "no suffix")
    sound("b.flac")
    folder = tmp_path / "sounds"
    (folder / "notes.txt").write_text("words")
    (folder / "song.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    (folder / "film.avi").write_bytes(b"RIFF\0\0\0\0AVI ")
    (folder / "noise.bin").write_bytes(bytes(range(256)))
    (folder / "text.wav").write_text("words, " * 100)
    (folder / "empty.mp3").touch()
    report = scan_corpus(folder)
    reasons = {file.name: file.reason for file in report.files}
    assert reasons["notes.txt"] == "is a text, not a sound file: take it out"
    assert reasons["noise.bin"] == "not a sound file"
    assert reasons["song.m4a"].startswith("is an MP4 file")
    assert reasons["film.avi"].startswith("is an AVI video")
    assert reasons["text.wav"].startswith("is a text, not a sound file")
    assert reasons["empty.mp3"].startswith("is empty")
    assert reasons["no suffix"] == "duplicate of a.wav", "read, though it has no suffix"
    assert [file.name for file in report.usable_files] == ["a.wav", "b.flac"]


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are Unicode there")
def test_names_that_are_not_utf8_are_written_out(tmp_path: Path, sound: Sound) -> None:
    folder = tmp_path / "sounds"
    os.rename(sound("a.wav"), os.fsencode(folder) + b"/caf\xe9.wav")
    os.rename(sound("b/c.wav").parent, os.fsencode(folder) + b"/\xff")
    report = scan_corpus(folder)
    assert verdicts(report) == {"caf\\xe9.wav": "ok", "\\xff/c.wav": "ok"}


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_followed_once(tmp_path: Path, sound: Sound) -> None:
    sound("in/a.wav")
    folder = tmp_path / "sounds"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(sound("b.wav"), elsewhere / "c.wav")
    (folder / "b.wav").unlink()
    (folder / "in" / "loop").symlink_to(folder)
    (folder / "in" / "again").symlink_to(folder / "in")
    (folder / "linked").symlink_to(elsewhere)
    (folder / "broken.wav").symlink_to(folder / "nowhere.wav")
    (folder / "self.wav").symlink_to(folder / "self.wav")
    report = scan_corpus(folder)
    assert verdicts(report) == {
        "broken.wav": "skipped",
        "in/a.wav": "ok",
        "linked/c.wav": "ok",
        "self.wav": "skipped",
    }
    assert one(report, "broken.wav").reason == "broken link"


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_files_that_cannot_be_reached_are_named_and_the_rest_is_used(
    tmp_path: Path, sound: Sound, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    sound("a.wav")
    sound("closed/b.wav")
    sound("closed/deep/c.wav")
    genuine = Path.stat

    def status(path: Path, **how: bool) -> os.stat_result:
        if "closed" in path.parent.parts:
            raise OSError(code, os.strerror(code), str(path))
        return genuine(path, **how)

    monkeypatch.setattr(Path, "stat", status)
    report = scan_corpus(tmp_path / "sounds")
    assert verdicts(report) == {"a.wav": "ok", "closed/b.wav": "skipped", "closed/deep/": "skipped"}
    assert one(report, "closed/b.wav").reason == f"cannot be reached ({os.strerror(code)})"
    assert os.strerror(code) in one(report, "closed/deep/").reason


def test_silent_files_are_skipped_and_quiet_ones_used(tmp_path: Path, sound: Sound) -> None:
    sound("zeros.wav", samples=np.zeros(20000, np.float32))
    sound("hiss.wav", samples=1e-4 * np.random.default_rng(0).uniform(-1, 1, 20000))
    sound("quiet.wav", samples=1e-3 * np.random.default_rng(0).uniform(-1, 1, 20000))
    report = scan_corpus(tmp_path / "sounds")
    assert verdicts(report) == {"hiss.wav": "skipped", "quiet.wav": "warning", "zeros.wav": "skipped"}
    assert one(report, "zeros.wav").reason == "silent"
    assert one(report, "zeros.wav").peak_db == SILENCE_DB
    assert one(report, "hiss.wav").reason == "silent (its peak is -80 dBFS)"
    assert one(report, "quiet.wav").reason == "very quiet"


def test_duplicates_are_found_by_their_sound(tmp_path: Path, sound: Sound) -> None:
    original = sound("a.wav", bit_depth=16)
    from distill_engine.audio.files import read_audio

    samples = read_audio(original).samples
    sound("z.flac", samples=samples, bit_depth=24)
    sound("stereo.wav", samples=np.concatenate([samples, samples]), bit_depth=24)
    sound("other.wav")
    report = scan_corpus(tmp_path / "sounds")
    assert verdicts(report) == {"a.wav": "ok", "other.wav": "ok", "stereo.wav": "skipped", "z.flac": "skipped"}
    assert one(report, "z.flac").reason == "duplicate of a.wav"


def test_clipped_damaged_and_odd_files_are_used_with_a_warning(tmp_path: Path, sound: Sound) -> None:
    t = np.arange(44100) / 44100
    tone, high, higher, highest = (np.sin(2 * np.pi * hertz * t).astype(np.float32) for hertz in (200, 300, 400, 500))
    sound("clipped.wav", samples=np.clip(2 * tone, -1, 1))
    broken = 0.5 * high
    broken[5] = np.nan
    import soundfile

    soundfile.write(tmp_path / "sounds" / "nan.wav", broken, 44100, subtype="FLOAT")
    sound("over.wav", samples=4 * higher, bit_depth="32f")
    sound("short.wav", seconds=0.02)
    sound("cancel.wav", samples=np.stack([0.4 * highest, -0.4 * highest]))
    whole = sound("cut.flac", seconds=2.0)
    whole.write_bytes(whole.read_bytes()[:100_000])
    report = scan_corpus(tmp_path / "sounds")
    assert set(verdicts(report).values()) == {"warning"}
    reasons = {file.name: file.reason for file in report.files}
    assert reasons["clipped.wav"].startswith("clipped (")
    assert reasons["nan.wav"] == "1 sample is not a number (NaN or infinite): read as silence"
    assert reasons["over.wav"] == "peaks 12.0 dB over full scale: turned down to it"
    assert reasons["short.wav"].startswith("shorter than 0.05 s")
    assert "cancel" in reasons["cancel.wav"]
    assert reasons["cut.flac"].startswith("ends early")


def test_ten_minutes_are_in_range_and_more_is_said(tmp_path: Path, sound: Sound) -> None:
    hum = 0.1 * np.sin(np.arange(601 * 1000) * 0.1)
    sound("ten minutes.flac", samples=hum[: 600 * 1000], rate=1000)
    sound("longer.flac", samples=0.1 * np.sin(np.arange(601 * 1000) * 0.2), rate=1000)
    report = scan_corpus(tmp_path / "sounds")
    assert one(report, "ten minutes.flac").verdict == "ok"
    assert "longer than 10 minutes" in one(report, "longer.flac").reason


def test_remarks_outside_five_to_five_hundred(tmp_path: Path) -> None:
    file = FileReport(tmp_path, "x", "ok", duration=1.0)
    assert "4 usable files" in corpus_report(tmp_path, [file] * 4).remarks[0]
    assert corpus_report(tmp_path, [file] * 5).remarks == corpus_report(tmp_path, [file] * 500).remarks == ()
    hours = FileReport(tmp_path, "x", "ok", duration=3600.0)
    assert "5.0 hours of sound: a training keeps 3.2 GB" in corpus_report(tmp_path, [hours] * 5).remarks[0]
    assert "more than 500" in corpus_report(tmp_path, [file] * 501).remarks[0]


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="does not exist"):
        scan_corpus(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match="is a file: give the folder"):
        scan_corpus(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    assert scan_corpus(tmp_path / "empty").files == ()


def test_progress_names_every_file_and_the_report_is_json(tmp_path: Path, sound: Sound) -> None:
    for index in range(7):
        sound(f"{index}.wav", seconds=0.1)
    events: list[ScanProgress] = []
    report = scan_corpus(tmp_path / "sounds", events.append)
    assert [(event.done, event.total) for event in events] == [(index + 1, 7) for index in range(7)]
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert data["usable"] == 7
    assert data["files"][0]["name"] == "0.wav"
    assert data["files"][0]["verdict"] == "ok"


def test_a_constant_is_no_sound(tmp_path: Path, sound: Sound) -> None:
    sound("constant.wav", samples=np.full((2, 20000), 0.5, np.float32))
    sound("offset.wav", samples=0.3 + 0.1 * np.sin(np.arange(20000) * 0.05))
    report = scan_corpus(tmp_path / "sounds")
    assert verdicts(report) == {"constant.wav": "skipped", "offset.wav": "ok"}
    assert one(report, "constant.wav").reason == "silent (it holds a constant value, 0.5, and nothing else)"


def test_one_sample_out_of_range_does_not_turn_a_file_down(tmp_path: Path, sound: Sound) -> None:
    quiet = 0.01 * np.sin(np.arange(20000) * 0.05)
    quiet[500] = 1e6
    sound("spike.wav", samples=quiet, bit_depth="32f")
    file = one(scan_corpus(tmp_path / "sounds"), "spike.wav")
    assert file.reason == "1 sample is far out of range: read as silence"
    assert file.peak_db == pytest.approx(-40, abs=0.1)


def test_tones_that_begin_with_the_same_click_are_no_copies(tmp_path: Path, sound: Sound) -> None:
    time = np.arange(int(0.8 * 44_100)) / 44_100
    for index in range(6):
        pluck = 0.5 * np.exp(-12.0 * time) * np.cos(2 * np.pi * 220.0 * 2 ** (index / 4) * time)
        sound(f"{index}.wav", samples=pluck)
    assert len(scan_corpus(tmp_path / "sounds").usable_files) == 6


def test_near_copies_are_found_and_other_sounds_of_a_kind_stay(tmp_path: Path, sound: Sound) -> None:
    from distill_engine.audio.files import read_audio
    from distill_engine.audio.resampling import resample

    rng = np.random.default_rng(0)
    shape = np.exp(-np.arange(30000) / 20000)
    sounds = {
        name: 0.1 * np.convolve(rng.standard_normal(30000), 0.7 ** np.arange(20), "same") * shape
        for name in ("hiss", "noise")
    }
    for name, samples in sounds.items():
        sound(f"{name}.wav", samples=samples)
    sound("tone.wav")
    tone = read_audio(tmp_path / "sounds" / "tone.wav").samples[0]
    sound("x lossy.mp3", samples=0.5 * sounds["hiss"])
    sound("x lossy.ogg", samples=sounds["hiss"])
    sound("x other rate.wav", samples=resample(0.7 * tone, 44100, 48000), rate=48000)
    sound("x late and inverted.wav", samples=-np.concatenate((np.zeros(3000), tone)))
    report = scan_corpus(tmp_path / "sounds")
    assert [file.name for file in report.usable_files] == ["hiss.wav", "noise.wav", "tone.wav"]
    assert one(report, "x lossy.mp3").reason == "duplicate of hiss.wav in another format or at another level"
    assert one(report, "x other rate.wav").reason.startswith("duplicate of tone.wav")


@pytest.mark.parametrize(("channels", "rate", "suffix"), [(1, 48000, "wav"), (2, 44100, "flac")])
def test_a_long_file_is_read_in_about_its_own_size(
    tmp_path: Path, sound: Sound, channels: int, rate: int, suffix: str
) -> None:
    import tracemalloc

    hum = np.tile(0.1 * np.random.default_rng(0).standard_normal(rate).astype(np.float32), (channels, 160))
    for name in ("a", "b"):
        sound(f"{name}.{suffix}", samples=hum * (1.0 if name == "a" else np.linspace(0, 1, hum.shape[1])), rate=rate)
    decoded = hum.nbytes
    del hum
    tracemalloc.start()
    try:
        scan_corpus(tmp_path / "sounds")
        assert tracemalloc.get_traced_memory()[1] < 1.2 * decoded
    finally:
        tracemalloc.stop()
