"""Read sound files: WAV, AIFF, FLAC, MP3, Ogg Vorbis, Opus, CAF and others that libsndfile reads.

Damaged files give the samples that can be decoded, and notes on what was wrong. `encoding` writes
files.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.encoding import write_audio as write_audio
from distill_engine.audio.levels import mix_to_mono
from distill_engine.audio.resampling import resample
from distill_engine.errors import AudioFileError
from distill_engine.system.c_libraries import stderr_silenced

READ_BLOCK = 4096  # frames; a damaged file is read up to the last whole block
RATES = (1_000, 768_000)  # Hz, lowest and highest
MAX_CHANNELS = 64  # of a file
MAX_SAMPLES = 1 << 30  # of all channels together: 4 GiB of memory
UNKNOWN_FRAMES = 1 << 60  # libsndfile says about 2^63 for a length that is not known
_LIBSNDFILE_UNRECOGNISED = 1
_TRUNCATED = re.compile(r"^\s*(?:data|SSND)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE)


@dataclass(frozen=True)
class AudioInfo:
    """A sound file's header: format ("WAV"), encoding ("PCM_16"), rate in Hz, frames, tags."""

    path: Path
    format: str
    encoding: str
    sample_rate: int
    channels: int
    frames: int
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate


@dataclass(frozen=True)
class Sound:
    """Decoded samples [ch, T], full scale +-1, finite; `notes` say what was wrong with the file."""

    samples: Float32Array
    sample_rate: int
    path: Path
    notes: tuple[str, ...] = ()

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[1] / self.sample_rate)


def audio_info(path: str | Path) -> AudioInfo:
    """Read the header of a sound file, without decoding it. Raises AudioFileError."""
    with _decoder_silenced(Path(path)), _open(Path(path)) as file:
        return _info(file, Path(path))


def read_audio(path: str | Path, *, sample_rate: int | None = None, mono: bool = False) -> Sound:
    """Read a whole file as [ch, T], or [1, T] if `mono`, at its own rate or at `sample_rate` (Hz).

    A file that breaks off gives the samples before the break, and samples that are not numbers
    become silence; `notes` say so. Raises AudioFileError if nothing can be decoded.
    """
    where = Path(path)
    with _decoder_silenced(where), _open(where) as file:
        info = _info(file, where)
        blocks = list(_blocks(file))
        notes = _truncation(str(file.extra_info)) if info.format != "OGG" else _broken_off(where)
    decoded = np.concatenate(blocks, axis=0) if blocks else np.zeros((0, info.channels), np.float32)
    if not len(decoded):
        raise AudioFileError(f"{where} holds no sound that can be decoded: it is empty or damaged; export it again")
    if not notes and len(decoded) < info.frames:
        notes = (_early_end(len(decoded) / info.sample_rate, info.duration),)
    samples = np.ascontiguousarray(decoded.T)
    samples, repaired = _without_nan(samples)
    notes += repaired
    if mono:
        mixed, note = mix_to_mono(samples)
        samples = mixed[None]
        notes += (note,) if note else ()
    if sample_rate is not None and sample_rate != info.sample_rate:
        samples = resample(samples, info.sample_rate, sample_rate)
    return Sound(samples, sample_rate or info.sample_rate, where, notes)


class _Forward(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is only read forward.

    soundfile seeks after each block it reads, which misses the position in an MP3 of variable bit
    rate.
    """

    def seekable(self) -> bool:
        """Say that it cannot seek."""
        return False


def _decoder_silenced(path: Path) -> AbstractContextManager[None]:
    """Discard what libsndfile's MP3 decoder prints; `notes` and errors say it in words."""
    return stderr_silenced() if _is_mp3(path) else nullcontext()


def _is_mp3(path: Path) -> bool:
    """Return whether a file is MP3: by its name, an ID3 tag or an MPEG audio frame header."""
    if path.suffix.lower() in (".mp1", ".mp2", ".mp3"):
        return True
    if not path.is_file():
        return False
    try:
        with open(path, "rb") as file:
            head = file.read(3)
    except (OSError, ValueError):
        return False
    return head == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0)


def _open(path: Path) -> Any:
    """Open a file with libsndfile. Raises AudioFileError with one line for every reason."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise AudioFileError(f"{path} is not a file: give the path of a sound file")
        with open(path, "rb") as file:
            if not file.read(1):
                raise AudioFileError(f"{path} is empty (0 bytes): export it again")
    except FileNotFoundError:
        raise AudioFileError(f"{path} does not exist: check the name and the folder") from None
    except (OSError, ValueError) as error:
        raise AudioFileError(f"{path} cannot be opened ({_reason(error)}): check its permissions") from None
    try:
        file = _Forward(os.fspath(path) if os.name == "nt" else os.fsencode(path))
    except soundfile.LibsndfileError as error:
        what = "is not a sound file" if error.code == _LIBSNDFILE_UNRECOGNISED else "is damaged or of an unknown kind"
        raise AudioFileError(f"{path} {what}: convert it to WAV or FLAC, or take it out") from None
    except (TypeError, ValueError, RuntimeError):
        raise AudioFileError(f"{path} has no readable header: convert it to WAV or FLAC, or take it out") from None
    rate, channels, frames = int(file.samplerate), int(file.channels), int(file.frames)
    if not RATES[0] <= rate <= RATES[1] or not 1 <= channels <= MAX_CHANNELS:
        file.close()
        raise AudioFileError(
            f"{path} claims {rate} Hz and {channels} channels: {RATES[0]} to {RATES[1]} Hz and up to {MAX_CHANNELS} channels work"
        )
    if frames * channels > MAX_SAMPLES and os.path.getsize(path) * 64 > MAX_SAMPLES:
        file.close()
        raise AudioFileError(f"{path} is too long to load ({frames / rate / 60:.0f} minutes): cut it into pieces")
    return file


def _info(file: Any, path: Path) -> AudioInfo:
    tags = {key: value for key, value in file.copy_metadata().items() if value}
    encoding, container = str(file.subtype), str(file.format)
    frames = int(file.frames)
    known = frames if 0 <= frames < UNKNOWN_FRAMES else 0  # a stream's header leaves the length open
    return AudioInfo(path, container, encoding, int(file.samplerate), int(file.channels), known, tags)


def _blocks(file: Any) -> Iterator[Float32Array]:
    """Yield blocks [n, ch] up to the end, or to the first that cannot be decoded.

    The memory they take follows the data, whatever the header claims.
    """
    total = 0
    while total <= MAX_SAMPLES:
        try:
            block: Float32Array = file.read(READ_BLOCK, dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, RuntimeError, AssertionError):
            return
        if not len(block):
            return
        total += block.size
        yield block


def _truncation(log: str) -> tuple[str, ...]:
    """Return a note if the header promises more bytes than there are."""
    found = _TRUNCATED.search(log)
    promised, present = (int(found[1]), int(found[2])) if found else (0, 0)
    if promised <= present or promised >= 0xFFFFFF00 or promised == 0x7FFFFFFF:
        return ()
    return (f"ends early: {present / promised:.1%} of the sound its header promises is there",)


def _broken_off(path: Path) -> tuple[str, ...]:
    """Return a note if the last Ogg page lacks the end-of-stream flag (RFC 3533, section 6)."""
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - (1 << 17)))  # a page is at most 65,307 bytes
        tail = file.read()
    at = tail.rfind(b"OggS")
    ended = 0 <= at < len(tail) - 5 and tail[at + 5] & 4
    return () if ended else ("ends early: the stream breaks off without its last page",)


def _early_end(present: float, promised: float) -> str:
    return f"ends early: {present:.2f} of {promised:.2f} s can be read, the rest is damaged or missing"


def _without_nan(samples: Float32Array) -> tuple[Float32Array, tuple[str, ...]]:
    finite = np.isfinite(samples)
    bad = int(samples.size - np.count_nonzero(finite))
    if not bad:
        return samples, ()
    what = "sample is not a number" if bad == 1 else "samples are not numbers"
    return np.where(finite, samples, np.float32(0.0)), (f"{bad} {what} (NaN or infinite): read as silence",)


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
