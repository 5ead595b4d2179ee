"""Sound files written: every format comes back, writing is atomic, every failure is one clear line."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from distill_engine.audio import encoding
from distill_engine.audio.encoding import BitDepth, file_rate, write_audio, write_audio_stream
from distill_engine.audio.files import audio_info, read_audio
from distill_engine.audio.formats import FORMATS
from distill_engine.errors import AudioFileError
from support_rights import bound_by_modes

T = np.arange(30000)
STEREO = np.stack([0.5 * np.sin(T * 0.05), 0.25 * np.sin(T * 0.021)]).astype(np.float32)


def only_file(folder: Path, name: str) -> bool:
    return [path.name for path in folder.iterdir()] == [name]


@pytest.mark.parametrize(("bits", "error"), [(16, 4.6e-5), (24, 1.2e-7), ("32f", 0.0)])
@pytest.mark.parametrize("suffix", ["wav", "aiff", "caf", "flac"])
def test_lossless_formats_come_back(tmp_path: Path, suffix: str, bits: BitDepth, error: float) -> None:
    path = tmp_path / f"sound.{suffix}"
    if suffix == "flac" and bits == "32f":
        with pytest.raises(AudioFileError, match="flac cannot hold 32f bits: use 16 or 24"):
            write_audio(path, STEREO, 44100, bit_depth=bits)
        return
    written = write_audio(path, STEREO, 44100, bit_depth=bits)
    sound = read_audio(path)
    assert (written.frames, written.sample_rate, sound.sample_rate, sound.notes) == (30000, 44100, 44100, ())
    assert np.abs(sound.samples - STEREO).max() <= error
    assert only_file(tmp_path, path.name)


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "opus"])
@pytest.mark.parametrize("channels", [1, 2])
def test_lossy_formats_come_back_in_time(tmp_path: Path, suffix: str, channels: int) -> None:
    path = tmp_path / f"sound.{suffix}"
    written = write_audio(path, STEREO[:channels], 44100)
    sound = read_audio(path, sample_rate=44100)
    assert written.sample_rate == (48000 if suffix == "opus" else 44100) == audio_info(path).sample_rate
    assert abs(sound.samples.shape[1] - 30000) <= 2
    assert np.abs(sound.samples[:, 3000:27000] - STEREO[:channels, 3000:27000]).max() < 0.02


@pytest.mark.parametrize(
    ("suffix", "asked", "given"),
    [
        ("opus", 44100, 48000),
        ("opus", 24000, 24000),
        ("opus", 192000, 48000),
        ("mp3", 96000, 48000),
        ("mp3", 22050, 22050),
        ("ogg", 96000, 96000),
        ("flac", 192000, 192000),
        ("wav", 8000, 8000),
    ],
)
def test_formats_with_fixed_rates_are_resampled(tmp_path: Path, suffix: str, asked: int, given: int) -> None:
    path = tmp_path / f"sound.{suffix}"
    assert file_rate(path, asked) == given
    assert write_audio(path, STEREO[0], asked).sample_rate == given
    sound = read_audio(path)
    assert sound.sample_rate == given
    assert sound.duration == pytest.approx(30000 / asked, abs=0.002)


def test_six_channels_and_mono_vectors(tmp_path: Path) -> None:
    six = np.concatenate([STEREO, STEREO, STEREO])
    for suffix in ("wav", "flac", "aiff", "caf", "ogg", "opus"):
        write_audio(tmp_path / f"six.{suffix}", six, 48000)
        assert read_audio(tmp_path / f"six.{suffix}").samples.shape[0] == 6
    with pytest.raises(AudioFileError, match="up to 2 channels, not 6"):
        write_audio(tmp_path / "six.mp3", six, 48000)
    write_audio(tmp_path / "mono.wav", STEREO[0], 48000)
    assert read_audio(tmp_path / "mono.wav").samples.shape == (1, 30000)


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_tags_come_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"sound.{suffix}"
    write_audio(path, STEREO, 44100, tags={"title": "Dusk", "artist": "Distill", "model": "bells", "seed": "7"})
    tags = audio_info(path).tags
    assert (tags["title"], tags["artist"]) == ("Dusk", "Distill")
    assert tags.get("comment") == ("MODEL=bells; SEED=7" if suffix == "caf" else None)  # others have names of their own


def test_sixteen_bits_are_dithered_the_same_way_each_time_and_silence_stays_silent(tmp_path: Path) -> None:
    faint = (0.4 / 32768 * np.sin(T * 0.05)).astype(np.float32)  # below one step: lost without dither
    write_audio(tmp_path / "a.wav", faint, 44100, bit_depth=16)
    write_audio(tmp_path / "b.wav", faint, 44100, bit_depth=16)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    heard = read_audio(tmp_path / "a.wav").samples[0]
    assert np.corrcoef(heard, faint)[0, 1] > 0.2
    write_audio(tmp_path / "silent.wav", np.zeros(5000, np.float32), 44100, bit_depth=16)
    assert not read_audio(tmp_path / "silent.wav").samples.any()


@pytest.mark.parametrize("bits", [16, 24])
def test_over_full_scale_clips_and_never_wraps(tmp_path: Path, bits: BitDepth) -> None:
    write_audio(tmp_path / "loud.wav", 3.0 * STEREO, 44100, bit_depth=bits)
    loud = read_audio(tmp_path / "loud.wav").samples
    np.testing.assert_allclose(loud, np.clip(3.0 * STEREO, -1, 1), atol=1e-4)


def test_suffixes_and_formats(tmp_path: Path) -> None:
    for name in ("a.WAV", "a.aif", "a.oga", "a.wave"):
        write_audio(tmp_path / name, STEREO, 44100)
        assert read_audio(tmp_path / name).samples.shape[0] == 2
    write_audio(tmp_path / "take", STEREO, 44100, format="flac")
    assert audio_info(tmp_path / "take").format == "FLAC"
    with pytest.raises(AudioFileError, match="unknown format 'xyz': use one of wav"):
        write_audio(tmp_path / "a.xyz", STEREO, 44100)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_not_numbers_are_refused(tmp_path: Path, bad: float) -> None:
    path = tmp_path / "sound.wav"
    write_audio(path, STEREO, 44100)
    before = path.read_bytes()
    broken = STEREO.copy()
    broken[1, 77] = bad
    with pytest.raises(AudioFileError, match="1 of 60000 samples are not numbers"):
        write_audio(path, broken, 44100)
    with pytest.raises(AudioFileError, match="not numbers"):
        write_audio_stream(path, [STEREO, broken], 2, 44100)
    assert path.read_bytes() == before
    assert only_file(tmp_path, path.name)


@pytest.mark.parametrize("shape", [(0,), (2, 0), (2, 3, 4)])
def test_nothing_to_write_is_said(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(AudioFileError, match="nothing to write"):
        write_audio(tmp_path / "sound.wav", np.zeros(shape, np.float32), 44100)


@pytest.mark.parametrize("rate", [0, -5, 10, 10_000_000])
def test_impossible_rates_are_refused(tmp_path: Path, rate: int) -> None:
    with pytest.raises(AudioFileError, match="cannot be written"):
        write_audio(tmp_path / "sound.wav", STEREO, rate)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EIO, "choose another folder"),
    ],
)
@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_a_full_disk_is_one_line_and_the_old_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, code: int, words: str
) -> None:
    path = tmp_path / f"sound.{suffix}"
    write_audio(path, STEREO, 44100)
    before = path.read_bytes()
    room = 4000

    def failing(self: object, data: memoryview) -> int:
        nonlocal room
        if len(data) > room:
            raise OSError(code, os.strerror(code))
        room -= len(data)
        return len(data)

    monkeypatch.setattr(encoding._Target, "_put", failing)
    with pytest.raises(AudioFileError, match=words) as caught:
        write_audio(path, STEREO, 44100)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    assert only_file(tmp_path, path.name)


def test_the_kernels_own_limit_is_one_line(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "sound.wav"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(AudioFileError, match="grew beyond what this disk"):
            write_audio(path, STEREO, 44100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_folders_that_cannot_take_it(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="does not exist: create it first"):
        write_audio(tmp_path / "none" / "sound.wav", STEREO, 44100)
    (tmp_path / "file").write_text("x")
    with pytest.raises(AudioFileError, match="is not a folder"):
        write_audio(tmp_path / "file" / "sound.wav", STEREO, 44100)
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(AudioFileError, match="it is a folder: give a file name"):
        write_audio(tmp_path / "folder.wav", STEREO, 44100)


@pytest.mark.parametrize(("code", "words"), [(errno.EACCES, "no permission"), (errno.EROFS, "read-only")])
def test_read_only_folders_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str) -> None:
    def refuse(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(AudioFileError, match=words):
        write_audio(tmp_path / "sound.wav", STEREO, 44100)


def test_a_real_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with bound_by_modes(), pytest.raises(AudioFileError, match="no permission"):
        write_audio(tmp_path / "sound.wav", STEREO, 44100)
    tmp_path.chmod(stat.S_IRWXU)


def test_streamed_writing_is_the_same_file(tmp_path: Path) -> None:
    for suffix in FORMATS:
        rate = file_rate(tmp_path / f"a.{suffix}", 44100)
        blocks = [STEREO[:, start : start + 777] for start in range(0, 30000, 777)]
        written = write_audio_stream(tmp_path / f"a.{suffix}", blocks, 2, rate)
        assert written.frames == 30000
        write_audio(tmp_path / f"b.{suffix}", STEREO, rate)
        a, b = (read_audio(tmp_path / f"{name}.{suffix}").samples for name in "ab")
        np.testing.assert_allclose(a, b, atol=0.02 if FORMATS[suffix].lossy else 0)  # encoders look at their blocks
    with pytest.raises(AudioFileError, match="opus takes"):
        write_audio_stream(tmp_path / "c.opus", [STEREO], 2, 44100)
    with pytest.raises(AudioFileError, match="up to 2 channels"):
        write_audio_stream(tmp_path / "c.mp3", [STEREO], 6, 44100)


def test_an_error_of_the_maker_goes_through_and_leaves_nothing(tmp_path: Path) -> None:
    def blocks():
        yield STEREO
        raise ValueError("the synth broke")

    with pytest.raises(ValueError, match="the synth broke"):
        write_audio_stream(tmp_path / "sound.wav", blocks(), 2, 44100)
    assert list(tmp_path.iterdir()) == []


def test_new_files_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_audio(tmp_path / "sound.wav", STEREO, 44100)
    finally:
        os.umask(before)
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "sound.wav").stat().st_mode) == 0o640
