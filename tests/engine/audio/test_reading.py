"""Sound files read: every format, damaged ones, and anything else that may lie under such a name."""

from __future__ import annotations

import io
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_engine.audio.encoding import write_audio
from distill_engine.audio.files import audio_info, read_audio
from distill_engine.audio.formats import FORMATS
from distill_engine.errors import AudioFileError

T = np.arange(44100)
SINE = (0.4 * np.sin(T * 0.05)).astype(np.float32)


def sound_bytes(container: str, encoding: str, samples: np.ndarray = SINE, rate: int = 44100) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples.T, rate, format=container, subtype=encoding)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("container", "encoding"),
    [
        (container, encoding)
        for container in ("WAV", "AIFF", "FLAC", "CAF", "AU", "W64", "RF64", "NIST", "SVX")
        for encoding in soundfile.available_subtypes(container)
        if encoding.startswith(("PCM", "FLOAT", "DOUBLE", "ULAW", "ALAW"))
        and soundfile.check_format(container, encoding)
        and not encoding.startswith("ALAC")
    ],
)
def test_every_uncompressed_encoding_is_read(tmp_path: Path, container: str, encoding: str) -> None:
    path = tmp_path / f"sound.{container.lower()}"
    path.write_bytes(sound_bytes(container, encoding))
    sound = read_audio(path)
    error = 0.02 if "8" in encoding or "LAW" in encoding else 1e-4
    assert sound.samples.shape == (1, len(SINE))
    assert np.abs(sound.samples[0] - SINE).max() < error
    assert audio_info(path).encoding == encoding


def test_rate_and_channels_on_demand(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", np.stack([SINE] * 6), 192000)
    own = read_audio(tmp_path / "a.wav")
    assert (own.samples.shape, own.sample_rate) == ((6, 44100), 192000)
    mono = read_audio(tmp_path / "a.wav", sample_rate=44100, mono=True)
    assert mono.samples.shape == (1, -(-44100 * 44100 // 192000))
    assert mono.duration == pytest.approx(own.duration, abs=1e-4)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
@pytest.mark.parametrize(
    ("container", "encoding"), [("FLAC", "PCM_16"), ("WAV", "PCM_16"), ("AIFF", "PCM_24"), ("MP3", "MPEG_LAYER_III")]
)
def test_a_truncated_file_gives_what_it_has_and_says_so(
    tmp_path: Path, container: str, encoding: str, share: float
) -> None:
    data = sound_bytes(container, encoding)
    path = tmp_path / "cut"
    path.write_bytes(data[: int(len(data) * share)])
    try:
        sound = read_audio(path)
    except AudioFileError:
        assert share == 0.1  # less than one frame of the codec, or no header left
        return
    assert 0 < sound.samples.shape[1] < len(SINE)
    assert len(sound.notes) == 1
    assert sound.notes[0].startswith("ends early")
    if container != "MP3":
        assert np.abs(sound.samples[0] - SINE[: sound.samples.shape[1]]).max() < 1e-4


def test_a_truncated_ogg_says_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for encoding, rate in (("VORBIS", 44100), ("OPUS", 48000)):
        data = sound_bytes("OGG", encoding, (0.1 * rng.standard_normal(5 * rate)).astype(np.float32), rate)
        (tmp_path / "whole.ogg").write_bytes(data)
        assert read_audio(tmp_path / "whole.ogg").notes == ()
        (tmp_path / "cut.ogg").write_bytes(data[: len(data) // 2])
        assert read_audio(tmp_path / "cut.ogg").notes == ("ends early: the stream breaks off without its last page",)


def test_streamed_wav_headers_without_a_length_are_whole(tmp_path: Path) -> None:
    data = bytearray(sound_bytes("WAV", "PCM_16"))
    at = data.index(b"data") + 4
    data[at : at + 4] = b"\xff\xff\xff\xff"
    data[4:8] = b"\xff\xff\xff\xff"
    (tmp_path / "pipe.wav").write_bytes(bytes(data))
    sound = read_audio(tmp_path / "pipe.wav")
    assert sound.samples.shape == (1, 44100)
    assert sound.notes == ()


def test_samples_that_are_not_numbers_become_silence_and_are_counted(tmp_path: Path) -> None:
    broken = SINE.copy()
    broken[100:103] = np.nan, np.inf, -np.inf
    (tmp_path / "nan.wav").write_bytes(sound_bytes("WAV", "FLOAT", broken))
    sound = read_audio(tmp_path / "nan.wav")
    assert np.isfinite(sound.samples).all()
    np.testing.assert_array_equal(sound.samples[0, 100:103], 0.0)
    assert sound.notes == ("3 samples are not numbers (NaN or infinite): read as silence",)


def test_variable_rate_mp3_is_read_without_seams(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        buffer, "w", 44100, 1, format="MP3", subtype="MPEG_LAYER_III", compression_level=0.1, bitrate_mode="VARIABLE"
    ) as file:
        file.write(SINE)
    (tmp_path / "a.mp3").write_bytes(buffer.getvalue())
    assert np.abs(read_audio(tmp_path / "a.mp3").samples[0] - SINE)[3000:40000].max() < 0.02


def test_the_mp3_decoder_does_not_chatter(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = sound_bytes("MP3", "MPEG_LAYER_III")
    (tmp_path / "cut.mp3").write_bytes(data[: len(data) // 2])
    (tmp_path / "no suffix").write_bytes(data[: len(data) // 3])
    (tmp_path / "broken.mp3").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read_audio, [tmp_path / "cut.mp3", tmp_path / "no suffix"] * 4))
    with pytest.raises(AudioFileError):
        read_audio(tmp_path / "broken.mp3")
    os.write(2, b"still heard")
    assert capfd.readouterr().err == "still heard"


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("text.wav", b"these are words, not sound\n" * 40, "is a text, not a sound file"),
        ("empty.flac", b"", "is empty"),
        ("header.wav", sound_bytes("WAV", "PCM_16")[:44], "no sound that can be decoded"),
        ("half.flac", sound_bytes("FLAC", "PCM_16")[:60], "sound"),
        ("zeros.aiff", bytes(5000), "is not a sound file"),
        ("raw.raw", bytes(5000), "is not a sound file"),
        ("picture.mp3", b"\x89PNG\r\n\x1a\n" + bytes(200), "is a picture .PNG., not a sound file"),
    ],
)
def test_files_without_sound_are_one_line(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(AudioFileError, match=words) as caught:
        read_audio(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_places_without_a_file_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="does not exist"):
        read_audio(tmp_path / "none.wav")
    with pytest.raises(AudioFileError, match="is not a file"):
        audio_info(tmp_path)
    with pytest.raises(AudioFileError, match="cannot be opened"):
        read_audio(f"{tmp_path}/nul\0.wav")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_named_wav_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioFileError, match="is not a file"):
        read_audio(tmp_path / "pipe.wav")


@pytest.mark.parametrize("rate", [1, 500, 2_000_000])
def test_absurd_rates_are_refused(tmp_path: Path, rate: int) -> None:
    (tmp_path / "a.wav").write_bytes(sound_bytes("WAV", "PCM_16", SINE[:100], rate))
    with pytest.raises(AudioFileError, match=f"claims {rate} Hz"):
        read_audio(tmp_path / "a.wav")


def test_a_header_that_promises_terabytes_costs_no_memory(tmp_path: Path) -> None:
    data = bytearray(sound_bytes("FLAC", "PCM_16", SINE[:1000]))
    data[21] |= 0x0F  # STREAMINFO's 36-bit count of samples
    data[22:26] = b"\xff\xff\xff\xff"
    (tmp_path / "huge.flac").write_bytes(bytes(data))
    judge(tmp_path / "huge.flac")


SEEDS = {
    name: sound_bytes(kind.container, next(iter(kind.encodings.values())), SINE[:3000], 48000)
    for name, kind in FORMATS.items()
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_gives_finite_sound_or_one_line(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SEEDS)))
    content = bytearray(SEEDS[name])
    for _ in range(data.draw(st.integers(0, 8))):
        limit = data.draw(st.sampled_from([64, len(content)]))  # headers are short: damage them often
        content[data.draw(st.integers(0, min(limit, len(content)) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    path = tmp_path / f"damaged.{data.draw(st.sampled_from([*sorted(SEEDS), 'bin']))}"
    path.write_bytes(bytes(content))
    judge(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"RIFF\x00\x01\x00\x00WAVEfmt ", b"fLaC", b"OggS", b"FORM", b"caff", b"ID3"]),
)
def test_any_bytes_give_finite_sound_or_one_line(tmp_path: Path, content: bytes, head: bytes) -> None:
    path = tmp_path / "anything.wav"
    path.write_bytes(head + content)
    judge(path)


def judge(path: Path) -> None:
    """The reader's promise: finite mono sound, or one line that names the file."""
    line, samples = "", np.zeros((1, 1), np.float32)
    try:
        samples = read_audio(path, mono=True).samples
    except AudioFileError as error:
        line = str(error)
    assert not line or (str(path) in line and "\n" not in line)
    assert samples.dtype == np.float32
    assert samples.ndim == 2
    assert len(samples) == 1
    assert samples.size > 0
    assert np.isfinite(samples).all()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 3000),
    st.integers(1, 6),
    st.sampled_from([8000, 22050, 44100, 48000, 96000, 192000]),
    st.sampled_from(["wav", "flac", "aiff", "caf"]),
)
def test_what_is_written_is_read(tmp_path: Path, length: int, channels: int, rate: int, suffix: str) -> None:
    samples = np.random.default_rng(length).uniform(-1, 1, (channels, length)).astype(np.float32)
    path = tmp_path / f"sound.{suffix}"
    write_audio(path, samples, rate, bit_depth=24)
    sound = read_audio(path)
    assert (sound.sample_rate, sound.notes) == (rate, ())
    np.testing.assert_allclose(sound.samples, samples, atol=1.3e-7)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="the system shows no open files")
def test_no_file_stays_open_whether_it_is_read_or_refused(tmp_path: Path) -> None:
    sounds = [sound_bytes(*kind) for kind in (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"))]
    whole = [data for data in sounds for _ in range(3)]
    broken = [data[:length] for data in sounds for length in (4, 12, 40, len(data) // 2)]
    read_audio(_written(tmp_path, whole[0]))
    before = len(os.listdir("/proc/self/fd"))
    for data in (*whole, *broken, *(head + bytes(4000) for head in (b"RIFF", b"fLaC", b"OggS", b"FORM"))):
        with suppress(AudioFileError):
            read_audio(_written(tmp_path, data))
        with suppress(AudioFileError):
            audio_info(tmp_path / "sound.wav")
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.skipif(sys.platform == "win32", reason="the system sets no such limit")
@pytest.mark.parametrize("kind", [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")])
def test_one_descriptor_is_enough(tmp_path: Path, kind: tuple[str, str]) -> None:
    import resource

    path = _written(tmp_path, sound_bytes(*kind))
    expected = read_audio(path).samples
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = [os.open(path, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(64, held[0] + 1), limits[1]))
    try:
        with suppress(OSError):
            while True:
                held.append(os.dup(held[0]))
        os.close(held.pop())
        np.testing.assert_array_equal(read_audio(path).samples, expected)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for descriptor in held:
            os.close(descriptor)


def _written(folder: Path, data: bytes) -> Path:
    path = folder / "sound.wav"
    path.write_bytes(data)
    return path
