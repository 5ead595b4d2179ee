"""Files that players play to the end: open sizes, joined parts, damage, and names that mislead."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_engine.audio.decoding import second
from distill_engine.audio.decoding.flac import behind
from distill_engine.audio.files import audio_info, read_audio
from distill_engine.errors import AudioFileError

RATE = 44100
RNG = np.random.default_rng(0)


def tone(hertz: float, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    return (0.25 * np.sin(2 * np.pi * hertz * t) + 0.01 * RNG.standard_normal(len(t))).astype(np.float32)


def encoded(samples: np.ndarray, container: str, encoding: str, rate: int = RATE, **how: object) -> bytes:
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", rate, 1, encoding, format=container, **how) as file:
        file.write(samples)
    return buffer.getvalue()


def pitch(samples: np.ndarray, rate: int) -> float:
    return float(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))).argmax() * rate / len(samples))


def read(tmp_path: Path, name: str, data: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    (tmp_path / name).write_bytes(data)
    sound = read_audio(tmp_path / name)
    return sound.samples[0], sound.notes


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
@pytest.mark.parametrize("container", ["WAV", "AIFF"])
def test_an_open_size_means_all_there_is(tmp_path: Path, container: str, size: int) -> None:
    data = bytearray(encoded(tone(440), container, "PCM_16"))
    order, name = ("little", b"data") if container == "WAV" else ("big", b"SSND")
    at = data.index(name) + 4
    data[at : at + 4] = size.to_bytes(4, order)  # type: ignore[arg-type]
    data[4:8] = (min(size + 36, 0xFFFFFFFF) if size else 0).to_bytes(4, order)  # type: ignore[arg-type]
    samples, notes = read(tmp_path, "open", bytes(data))
    assert abs(len(samples) - RATE) <= 4
    assert notes == ()


@pytest.mark.parametrize("size", [0, RATE * 2, 1 << 60])
def test_an_open_long_size_means_all_there_is(tmp_path: Path, size: int) -> None:
    data = bytearray(encoded(tone(440), "RF64", "PCM_16"))
    at = data.index(b"ds64") + 16
    data[at : at + 8] = size.to_bytes(8, "little")
    samples, notes = read(tmp_path, "open.wav", bytes(data))
    assert abs(len(samples) - RATE) <= 4
    assert notes == ()


ID3 = b"ID3\x04\0\0\0\0\x07\x68" + bytes(1000)


@pytest.mark.parametrize(("container", "encoding"), [("WAV", "PCM_16"), ("AIFF", "PCM_16"), ("FLAC", "PCM_16")])
def test_tags_of_mp3_around_other_sound_cost_none_of_it(tmp_path: Path, container: str, encoding: str) -> None:
    whole = encoded(tone(440), container, encoding)
    for data in (ID3 + whole, ID3 + ID3 + whole, whole + b"TAG" + bytes(125)):
        samples, notes = read(tmp_path, "tagged", data)
        assert RATE <= len(samples) <= RATE + 64 * (container != "FLAC"), "a tag behind open PCM may be heard"
        assert notes == ()
    samples, _ = read(tmp_path, "tagged", ID3 + encoded(tone(440), "OGG", "VORBIS"))
    assert len(samples) == RATE


def test_what_lies_behind_an_mp3_costs_none_of_it(tmp_path: Path) -> None:
    whole = encoded(tone(440), "MP3", "MPEG_LAYER_III")
    expected, _ = read(tmp_path, "a.mp3", whole)
    for behind_it in (bytes(5000), b"TAG" + bytes(125), RNG.bytes(700).replace(b"\xff", b"")):
        samples, notes = read(tmp_path, "a.mp3", whole + behind_it)
        assert len(samples) == len(expected)
        assert notes == ()


def test_joined_flac_files_are_read_to_the_end(tmp_path: Path) -> None:
    first, second = encoded(tone(440, 1.03), "FLAC", "PCM_16"), encoded(tone(660), "FLAC", "PCM_16")
    samples, notes = read(tmp_path, "joined.flac", first + second)
    assert len(samples) == round(1.03 * RATE) + RATE
    assert pitch(samples[-RATE // 2 :], RATE) == pytest.approx(660, abs=3)
    assert notes == ()


def test_a_wave_that_is_empty_before_other_chunks_stays_empty(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="holds no sound"):
        read(tmp_path, "a.wav", encoded(tone(440)[:0], "WAV", "PCM_16") + b"LIST\x04\0\0\0INFO")


def test_a_flac_of_unknown_length_is_read_whole(tmp_path: Path) -> None:
    data = bytearray(encoded(tone(440), "FLAC", "PCM_16"))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    samples, notes = read(tmp_path, "a.flac", bytes(data))
    assert (len(samples), notes) == (RATE, ())
    assert audio_info(tmp_path / "a.flac").frames == 0


@pytest.mark.parametrize(("encoding", "rate"), [("VORBIS", 44100), ("OPUS", 48000)])
def test_all_links_of_a_chained_ogg(tmp_path: Path, encoding: str, rate: int) -> None:
    links = [encoded(tone(hertz, 1.0, rate), "OGG", encoding, rate) for hertz in (500, 900)]
    samples, notes = read(tmp_path, "chain.ogg", b"".join(links))
    assert len(samples) == 2 * rate
    assert notes == ()
    assert [round(pitch(half, rate), -1) for half in (samples[:rate], samples[rate:])] == [500, 900]
    assert audio_info(tmp_path / "chain.ogg").duration == pytest.approx(2.0)


def test_links_of_other_rates_are_converted(tmp_path: Path) -> None:
    links = [encoded(tone(500, 1.0, rate), "OGG", "VORBIS", rate) for rate in (44100, 22050)]
    samples, notes = read(tmp_path, "chain.ogg", b"".join(links))
    assert len(samples) == pytest.approx(88200, abs=50)
    assert "22050 Hz" in notes[0]
    assert pitch(samples[50_000:80_000], 44100) == pytest.approx(500, abs=3)


def test_an_mp3_of_variable_rate_without_a_header_is_read_whole(tmp_path: Path) -> None:
    sound = np.concatenate((tone(440, 1.0) * 0.01, RNG.standard_normal(3 * RATE).astype(np.float32) * 0.2))
    data = encoded(sound, "MP3", "MPEG_LAYER_III", compression_level=0.3, bitrate_mode="VARIABLE")
    first = data.index(b"\xff\xfb")
    samples, notes = read(tmp_path, "pipe.mp3", data[data.index(b"\xff\xfb", first + 4) :])
    assert len(samples) / RATE == pytest.approx(4.0, abs=0.1)
    assert notes == ()


def test_joined_mp3_files_are_read_to_the_end(tmp_path: Path) -> None:
    tag = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10)
    parts = [tag + encoded(tone(hertz), "MP3", "MPEG_LAYER_III") for hertz in (500, 900)]
    samples, notes = read(tmp_path, "joined.mp3", b"".join(parts))
    assert len(samples) == 2 * RATE
    assert notes == ()
    assert [round(pitch(half, RATE), -1) for half in (samples[:RATE], samples[RATE:])] == [500, 900]


@pytest.mark.parametrize(
    "tag",
    [
        b"ID3\x04\0\0\x7f\x7f\x7f\x7f",
        b"APETAGEX" + (2000).to_bytes(4, "little") + b"\xff\xff\xff\x7f" + bytes(16),
    ],
    ids=["ID3", "APE"],
)
def test_a_tag_longer_than_its_file_hides_no_sound(tmp_path: Path, tag: bytes) -> None:
    samples, notes = read(tmp_path, "a.mp3", tag + encoded(tone(440), "MP3", "MPEG_LAYER_III"))
    assert abs(len(samples) - RATE) < 0.1 * RATE
    assert notes == ()


@pytest.mark.parametrize(("before", "count"), [(b"\x81" * 20_000, 20_000), (bytes(20_000), 0), (b"\x81" * 1000, 0)])
def test_strange_bytes_before_an_mp3_are_said(tmp_path: Path, before: bytes, count: int) -> None:
    data = encoded(tone(440), "MP3", "MPEG_LAYER_III")
    samples, notes = read(tmp_path, "a.mp3", before + data[data.index(b"\xff\xfb") :])
    assert abs(len(samples) - RATE) < 0.1 * RATE
    assert notes == ((f"damaged: {count} bytes before its first frame left out",) if count else ())


@pytest.mark.parametrize(
    ("container", "encoding"), [("MP3", "MPEG_LAYER_III"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS")]
)
def test_damage_in_the_middle_is_passed_and_said(tmp_path: Path, container: str, encoding: str) -> None:
    rate = 48000
    data = bytearray(encoded(tone(440, 6.0, rate), container, encoding, rate))
    middle = len(data) // 2
    data[middle : middle + 300] = RNG.integers(0, 250, 300, np.uint8).tobytes()
    samples, notes = read(tmp_path, "damaged", bytes(data))
    assert 3.5 < len(samples) / rate < 6.05
    assert pitch(samples[-rate:], rate) == pytest.approx(440, abs=3)
    assert len(notes) == 1
    assert np.abs(samples).max() < 0.5


REFUSED: dict[str, tuple[bytes, str]] = {
    "zip.wav": (b"PK\x03\x04" + bytes(60), "is a ZIP archive, not a sound file"),
    "text.mp3": ("Wörter, keine Klänge\n".encode() * 9, "is a text, not a sound file"),
    "wide.wav": ("words in UTF-16".encode("utf-16"), "is a text .UTF-16., not"),
    "page.ogg": (b"<!DOCTYPE html><html>", "is a web page, not"),
    "list.wav": (b"#EXTM3U\n/etc/passwd\n", "is a text, not"),
    "sheet.pdf": (b"%PDF-1.7 \0\0", "is a PDF document, not"),
    "notes.mid": (b"MThd\0\0\0\x06\0\0", "is a MIDI file"),
    "pointer.flac": (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
    "bought.m4a": (
        b"\0\0\0\x10ftypM4A \0\0\0\0" + (40).to_bytes(4, "big") + b"moov" + b"drms".rjust(32, b"\0"),
        "protected by its seller",
    ),
    "bought.wma": (
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes.fromhex("fbb31122 23bdd211 b4b700a0c955fc6e"),
        "protected by its seller",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_holds_no_sound_is_named(tmp_path: Path, name: str) -> None:
    data, words = REFUSED[name]
    with pytest.raises(AudioFileError, match=words) as caught:
        read(tmp_path, name, data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["named.mp3", "film.m4a", "song.wma", "song.ape"])
def test_without_the_second_decoder_the_way_out_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(second, "_library", lambda: None)
    heads = {"named.mp3": b"\xff\xf1\x50\x40", "film.m4a": b"\0\0\0\x10ftypM4A ", "song.ape": b"MAC \x96\x0f"}
    data = heads.get(name, bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")) + bytes(100)
    with pytest.raises(AudioFileError, match="pip install 'distill-audio.formats.'") as caught:
        read(tmp_path, name, data)
    assert "\n" not in str(caught.value)


def with_second(path: Path, container: str, codec: str, samples: np.ndarray, rate: int = RATE) -> None:
    av = pytest.importorskip("av")
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = 96_000
        pcm = np.round(samples * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format, "mono", rate, frame_size=1024)
        for one in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(one))
        file.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("name", "container", "codec"),
    [
        ("adts named.mp3", "adts", "aac"),
        ("a.m4a", "ipod", "aac"),
        ("lossless.m4a", "ipod", "alac"),
        ("a.wma", "asf", "wmav2"),
        ("opus in.webm", "webm", "libopus"),
        ("a.wv", "wv", "wavpack"),
    ],
)
def test_foreign_formats_are_read_by_the_second_decoder(tmp_path: Path, name: str, container: str, codec: str) -> None:
    rate = 48000 if codec == "libopus" else RATE
    with_second(tmp_path / name, container, codec, tone(440, 1.0, rate), rate)
    sound = read_audio(tmp_path / name)
    assert sound.sample_rate == rate
    assert sound.duration == pytest.approx(1.0, abs=0.1)
    assert sound.notes == ()
    assert pitch(sound.samples[0], rate) == pytest.approx(440, abs=3)


def ogg_page(packet: bytes, number: int, flags: int) -> bytes:
    table = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = b"OggS\0" + bytes([flags]) + (number * 4096).to_bytes(8, "little") + b"mark" + number.to_bytes(4, "little")
    value = 0
    for byte in head + bytes(4) + bytes([len(table)]) + table + packet:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value >> 31 else value << 1) & 0xFFFFFFFF
    return head + value.to_bytes(4, "little") + bytes([len(table)]) + table + packet


def flac_in_ogg(samples: np.ndarray) -> bytes:
    """A FLAC file's frames as the packets of an Ogg file (RFC 9639, section 10.1)."""
    data = encoded(samples, "FLAC", "PCM_16")
    file, places, start = io.BytesIO(data), [], -1
    while (found := behind(file, len(data), start)) is not None:
        start = found[1]
        places.append(int(found[0][1][0]))
    frames = [data[a:b] for a, b in zip(places, [*places[1:], len(data)], strict=True)]
    comment = b"\x84\0\0\x08" + bytes(8)
    packets = [b"\x7fFLAC\1\0\0\1fLaC\0" + data[5:42], comment, *frames]
    return b"".join(
        ogg_page(packet, number, 2 if number == 0 else 4 * (number == len(packets) - 1))
        for number, packet in enumerate(packets)
    )


def test_flac_in_ogg_is_read_or_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = flac_in_ogg(tone(440, 0.5))
    if second.available():
        samples, notes = read(tmp_path, "a.oga", data)
        assert (len(samples), notes) == (22050, ())
        assert pitch(samples, RATE) == pytest.approx(440, abs=3)
    monkeypatch.setattr(second, "_library", lambda: None)
    with pytest.raises(AudioFileError, match="is FLAC in an Ogg file: install the second decoder"):
        read(tmp_path, "a.oga", data)


def test_a_damaged_foreign_file_is_read_behind_the_damage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with_second(tmp_path / "a.aac", "adts", "aac", tone(440, 2.0))
    data = bytearray((tmp_path / "a.aac").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 600] = RNG.integers(0, 250, 600, np.uint8).tobytes()
    samples, _ = read(tmp_path, "a.aac", bytes(data))
    assert 1.5 < len(samples) / RATE < 2.1
    assert capfd.readouterr().err == ""


def test_a_video_without_sound_is_named(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "film.mp4"), "w") as file:
        stream = file.add_stream("mpeg4", rate=10, width=32, height=32, pix_fmt="yuv420p")
        for _ in range(3):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        file.mux(stream.encode(None))
    with pytest.raises(AudioFileError, match="without sound, such as a video"):
        read_audio(tmp_path / "film.mp4")


def test_blocks_are_heard_before_they_are_mixed_and_resampled(tmp_path: Path) -> None:
    stereo = np.stack([tone(440), tone(660)])
    soundfile.write(tmp_path / "a.wav", stereo.T, RATE, subtype="FLOAT")
    heard: dict[str, list[np.ndarray]] = {"decoded": [], "mixed": []}

    def listener(name: str) -> Callable[[np.ndarray, int], None]:
        return lambda block, rate: heard[name].append(block) if rate == RATE else None

    sound = read_audio(
        tmp_path / "a.wav", sample_rate=22050, mono=True, decoded=listener("decoded"), mixed=listener("mixed")
    )
    np.testing.assert_array_equal(np.concatenate(heard["decoded"], axis=1), stereo)
    assert np.concatenate(heard["mixed"], axis=1).shape == (1, RATE)
    assert sound.samples.shape == (1, 22050)
