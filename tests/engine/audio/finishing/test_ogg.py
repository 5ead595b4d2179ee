"""Ogg files whose bytes follow from their sound: numbers of streams, checksums, other readers."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from distill_engine.audio.encoding import write_audio, write_audio_stream
from distill_engine.audio.files import read_audio
from distill_engine.audio.finishing.ogg import number_streams, page_checksum, pages
from distill_engine.errors import AudioFileError

FIELDS = [*range(14, 18), *range(22, 26)]  # the number of the stream, the checksum


def noise(seed: int, seconds: float = 3.0) -> np.ndarray:
    """Return noise [2, T] at 48 kHz, of several pages a second."""
    return (0.1 * np.random.default_rng(seed).standard_normal((2, round(48000 * seconds)))).astype(np.float32)


def encoded(kind: str, sound: np.ndarray) -> bytes:
    """Return a file as the encoder alone writes it."""
    file = io.BytesIO()
    soundfile.write(file, sound.T, 48000, format="OGG", subtype=kind)
    return file.getvalue()


def numbered(data: bytes) -> bytes:
    """Return a file whose streams were numbered."""
    file = io.BytesIO(data)
    number_streams(file)
    return file.getvalue()


def serials(data: bytes) -> list[int]:
    """Return the number of each page, after a check of its checksum."""
    found = []
    for _, page in pages(io.BytesIO(data)):
        assert page_checksum(page) == int.from_bytes(page[22:26], "little")
        found.append(int.from_bytes(page[14:18], "little"))
    return found


@pytest.mark.parametrize("kind", ["VORBIS", "OPUS"])
def test_the_encoders_own_checksums_are_found(kind: str) -> None:
    assert len(serials(encoded(kind, noise(0)))) > 3


@pytest.mark.parametrize("kind", ["VORBIS", "OPUS"])
def test_only_numbers_and_checksums_of_pages_change(kind: str) -> None:
    before = encoded(kind, noise(0))
    after = numbered(before)
    assert len(set(serials(after))) == 1
    assert numbered(after) == after
    for (at, old), (_, new) in zip(pages(io.BytesIO(before)), pages(io.BytesIO(after)), strict=True):
        assert {index for index in range(len(old)) if old[index] != new[index]} <= set(FIELDS), at


@pytest.mark.parametrize("kind", ["ogg", "opus"])
@pytest.mark.parametrize("tags", [{}, {"title": "a"}, {"comment": "c" * 10000}])
def test_the_same_sound_is_the_same_file_and_readers_take_it(tmp_path: Path, kind: str, tags: dict[str, str]) -> None:
    mutagen, av = pytest.importorskip("mutagen"), pytest.importorskip("av")
    paths = [tmp_path / f"{name}.{kind}" for name in "abc"]
    for path, seed in zip(paths, (0, 0, 1), strict=True):
        write_audio(path, noise(seed), 48000, tags=tags)
    data = [path.read_bytes() for path in paths]
    assert data[0] == data[1]
    assert set(serials(data[0])).isdisjoint(serials(data[2]))
    assert {name: found[0] for name, found in mutagen.File(paths[0]).tags.items()} == tags or not tags
    own = soundfile.read(paths[0])[0].T
    assert own.shape[1] == noise(0).shape[1]
    with av.open(str(paths[0])) as container:
        frames = sum(frame.samples for frame in container.decode(audio=0))
    assert abs(frames - own.shape[1]) < 2000  # FFmpeg leaves the lead-in of Opus in


@pytest.mark.parametrize("kind", ["VORBIS", "OPUS"])
def test_links_of_a_chain_keep_different_numbers(tmp_path: Path, kind: str) -> None:
    one, other = encoded(kind, noise(0)), encoded(kind, noise(1))
    chain = numbered(one + other + encoded(kind, noise(0)))  # the first and the last hold the same
    assert len(set(serials(chain))) == 3
    path = tmp_path / "chain.ogg"
    path.write_bytes(chain)
    assert read_audio(path).samples.shape[-1] >= 3 * noise(0).shape[1]


@pytest.mark.parametrize("data", [b"OggS" + bytes(9), b"no page at all, and long enough for a header", bytes(100)])
def test_what_is_no_page_is_refused(data: bytes) -> None:
    with pytest.raises(AudioFileError):
        numbered(data)


@pytest.mark.parametrize("kind", ["wav", "aiff"])
def test_a_float_file_holds_no_date(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    write_audio_stream(path, [noise(0, 0.1)], 2, 48000, bit_depth="32f")
    data = path.read_bytes()
    at = data.index(b"PEAK")
    assert data[at + 12 : at + 16] == bytes(4)
    assert np.abs(soundfile.read(path)[0].T - noise(0, 0.1)).max() == 0
