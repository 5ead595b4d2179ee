"""Sound files whose headers, sizes and frames are changed."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import soundfile
from hypothesis import strategies as st

from distill_engine.audio.files import read_audio
from distill_engine.errors import AudioFileError
from fuzz_support.file_kinds import in_file, refuses
from fuzz_support.kinds import Kind, mutated

RATE = 22050
LONGEST_SECONDS = 3600.0  # no change of 50 ms of sound may make more of it
_FORMATS = (
    ("WAV", "PCM_16"),
    ("AIFF", "PCM_16"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", None),
)
_SIZES = st.sampled_from([0, 1, 7, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF]) | st.integers(0, 2**32 - 1)
_CHANGES = st.lists(st.tuples(st.integers(0, 120), _SIZES, st.sampled_from(["big", "little"])), max_size=4)


@cache
def _whole(number: int) -> bytes:
    """Return a file of 50 ms of noise."""
    kind, encoding = _FORMATS[number]
    rate, file = 48000 if encoding == "OPUS" else RATE, io.BytesIO()
    noise = 0.2 * np.random.default_rng(0).standard_normal((rate // 20, 2)).astype(np.float32)
    soundfile.write(file, noise, rate, format=kind, subtype=encoding)
    return file.getvalue()


def _changed(number: int, changes: list[tuple[int, int, str]], joined: bool) -> bytes:
    """Return a file with 32-bit numbers of its beginning changed, twice end to end if `joined`."""
    data = bytearray(_whole(number))
    for place, value, order in changes:
        data[place : place + 4] = value.to_bytes(4, "big" if order == "big" else "little")
    return bytes(data) * (1 + joined)


def _read(data: bytes) -> None:
    sound = in_file(lambda path: read_audio(path, mono=True, sample_rate=RATE), "a.bin")(data)
    if not np.isfinite(sound.samples).all() or sound.duration > LONGEST_SECONDS:
        raise AssertionError(f"{sound.duration} s")


KINDS = (
    Kind(
        "sound files",
        mutated(st.builds(_changed, st.integers(0, len(_FORMATS) - 1), _CHANGES, st.booleans())),
        refuses(_read, AudioFileError),
    ),
)
