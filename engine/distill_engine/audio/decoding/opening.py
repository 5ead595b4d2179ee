"""Open a sound file of any kind: tell its kind, find its parts, choose the decoder."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.decoding.chunks import chunk_parts
from distill_engine.audio.decoding.flac import flac_parts
from distill_engine.audio.decoding.kinds import HEAD_BYTES, UNKNOWN, Kind, kind_of, protection
from distill_engine.audio.decoding.mpeg import mpeg_parts
from distill_engine.audio.decoding.native import open_native
from distill_engine.audio.decoding.ogg import SOUND_CODECS, ogg_parts
from distill_engine.audio.decoding.parts import Parts
from distill_engine.audio.decoding.second import WAY_OUT, NoSoundError, available, open_second
from distill_engine.audio.decoding.stream import SoundStream
from distill_engine.audio.decoding.tags import behind_tags
from distill_engine.audio.decoding.windows import Window
from distill_engine.errors import AudioFileError
from distill_engine.system.c_libraries import stderr_silenced
from distill_engine.system.regular_files import NotRegularError, open_regular
from distill_engine.system.signals import ending_held

RATES = (1_000, 768_000)  # Hz, lowest and highest
MAX_CHANNELS = 64  # of a file
MAX_SAMPLES = 1 << 30  # of all channels together: 4 GiB of memory
_FIND_PARTS: dict[str, Callable[[BinaryIO, int], Parts | None]] = {
    "chunks": chunk_parts,
    "flac": flac_parts,
    "mpeg": mpeg_parts,
    "ogg": ogg_parts,
}
_MPEG_SUFFIXES = (".mp1", ".mp2", ".mp3")
_CONVERT = "convert it to WAV or FLAC, or take it out"


@contextmanager
def open_sound(path: Path) -> Iterator[SoundStream]:
    """Open a sound file for this block. Raises AudioFileError with one line for every reason."""
    with _open_file(path) as opened:
        file, size = _without_tag(opened, os.fstat(opened.fileno()).st_size)
        head = file.read(HEAD_BYTES)
        if not head:
            raise AudioFileError(f"{path} is empty (0 bytes): export it again")
        kind = kind_of(head)
        if kind is UNKNOWN and path.suffix.lower() in _MPEG_SUFFIXES:
            kind = Kind("an MP3 file", "mpeg")
        with stderr_silenced() if kind.reader == "mpeg" else nullcontext(), ExitStack() as closing:
            with ending_held():  # the decoders call back into Python
                stream = _decoder(path, file, size, kind)
                closing.callback(stream.close)
            stream.blocks = _uninterrupted(stream.blocks)
            _check_size(path, stream, size)
            yield stream


def _uninterrupted(blocks: Iterator[Float32Array]) -> Iterator[Float32Array]:
    """Yield blocks [n, ch]; a signal that asks for the end waits until one is decoded."""
    while True:
        with ending_held():
            block = next(blocks, None)
        if block is None:
            return
        yield block


def _without_tag(file: BinaryIO, size: int) -> tuple[BinaryIO, int]:
    """Return a file without an ID3 tag before sound that is no MPEG, and its size of now."""
    start = behind_tags(file, 0, size)
    file.seek(start)
    if start and kind_of(file.read(HEAD_BYTES)).reader in ("chunks", "flac", "ogg"):
        return io.BufferedReader(Window(file, [(start, size - start)])), size - start
    file.seek(0)
    return file, size


def _open_file(path: Path) -> BinaryIO:
    try:
        return open_regular(path)
    except NotRegularError:
        raise AudioFileError(f"{path} is not a file: give the path of a sound file") from None
    except FileNotFoundError:
        raise AudioFileError(f"{path} does not exist: check the name and the folder") from None
    except OSError as error:
        why = error.strerror or error
        raise AudioFileError(f"{path} cannot be opened ({why}): check its permissions") from None


def _decoder(path: Path, file: BinaryIO, size: int, kind: Kind) -> SoundStream:
    """Return the stream of the first decoder that reads the file. Raises AudioFileError."""
    if kind.reader == "none":
        raise AudioFileError(f"{path} is {kind.name}, not a sound file: take it out")
    if protection(file, kind, size):
        raise AudioFileError(f"{path} is {kind.name} protected by its seller (DRM): take it out")
    find = _FIND_PARTS.get(kind.reader)
    parts = find(file, size) if find else Parts()
    codec = next((part.codec for part in parts.parts if part.codec), "") if parts else ""
    stream = open_native(file, parts, size) if parts is not None and kind.reader != "second" else None
    try:
        stream = stream or (open_second(file) if kind is not UNKNOWN else None)
    except NoSoundError:
        raise AudioFileError(f"{path} is {kind.name} without sound, such as a video: take it out") from None
    if stream is None:
        raise AudioFileError(f"{path} {_refusal(kind, codec)}")
    return stream


def _refusal(kind: Kind, codec: str) -> str:
    """Return what a file is that no decoder here has read, and the way out."""
    if kind is UNKNOWN:
        return f"is not a sound file: {_CONVERT}"
    if kind.reader == "ogg" and codec not in SOUND_CODECS and codec:
        return f"is an Ogg file without sound that can be read ({codec}): {_CONVERT}"
    name = f"{codec} in an Ogg file" if codec in ("FLAC", "Speex") else kind.name
    if kind.reader == "second" or codec in ("FLAC", "Speex"):
        return f"is {name}, damaged or without sound: {_CONVERT}" if available() else f"is {name}: {WAY_OUT}"
    return f"is {name} that is damaged or of an unknown kind: {_CONVERT}"


def _check_size(path: Path, stream: SoundStream, size: int) -> None:
    rate, channels, frames = stream.sample_rate, stream.channels, stream.frames
    if not RATES[0] <= rate <= RATES[1] or not 1 <= channels <= MAX_CHANNELS:
        raise AudioFileError(
            f"{path} claims {rate} Hz and {channels} channels: {RATES[0]} to {RATES[1]} Hz and up to {MAX_CHANNELS} channels work"
        )
    if frames * channels > MAX_SAMPLES and size * 64 > MAX_SAMPLES:
        raise AudioFileError(f"{path} is too long to load ({frames / rate / 60:.0f} minutes): cut it into pieces")
