"""Decode with libsndfile: each part of a file to its end, and behind damage where it stops."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import soundfile

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.decoding.flac import behind
from distill_engine.audio.decoding.parts import Part, Parts
from distill_engine.audio.decoding.stream import SoundStream
from distill_engine.audio.decoding.windows import Window
from distill_engine.audio.resampling import resample

READ_SAMPLES = 1 << 16  # of all channels together, at once
UNKNOWN_FRAMES = 1 << 48  # libsndfile says about 2^63, or 2^63 less some, for a length that is not known
LEAST_MISSING_SECONDS = 0.1  # of sound: encoders' delays are shorter
_TRUNCATED = re.compile(r"^\s*(?:data|SSND)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE)
_OPEN_BYTES = 0x7FFFF000  # of sound that a header promises: from here on the size was never filled in
_Failed = (soundfile.SoundFileError, RuntimeError, AssertionError, TypeError, ValueError)


class _Forward(soundfile.SoundFile):  # type: ignore[misc]
    """A file that is only read forward.

    soundfile seeks after each block it reads, which misses the position in an MP3 of variable bit
    rate.
    """

    def seekable(self) -> bool:
        """Say that it cannot seek."""
        return False

    def next_block(self) -> tuple[Float32Array, bool]:
        """Return what can be decoded of the next block [n, ch], and whether the decoder failed.

        soundfile's own `read` gives nothing of a block with damage in it.
        """
        block: Float32Array = np.empty((max(1, READ_SAMPLES // self.channels), self.channels), np.float32)
        count = soundfile._snd.sf_readf_float(self._file, soundfile._ffi.cast("float *", block.ctypes.data), len(block))
        return block[:count], bool(soundfile._snd.sf_error(self._file))


def open_native(file: BinaryIO, parts: Parts, size: int) -> SoundStream | None:
    """Return a stream over all parts of a file of `size` bytes, None if libsndfile cannot read it.

    Its rate and channels are the first part's.
    """
    opened = [sound for part in parts.parts if (sound := _open(file, size, part)) is not None]
    if not opened:
        return None
    first = opened[0]
    lengths = [_length(sound) for sound in opened]
    notes = [*parts.notes, *_truncation(str(first.extra_info))]
    lost = len(parts.parts) - len(opened)
    if lost:
        notes.append(f"damaged: {lost} of its {len(parts.parts)} joined parts cannot be read")
    blocks = _all_blocks(file, size, opened, lengths, notes)
    tags = {key: value for key, value in first.copy_metadata().items() if value}
    rate, channels = int(first.samplerate), int(first.channels)

    def close() -> None:
        for sound in opened:
            sound.close()

    return SoundStream(str(first.format), str(first.subtype), rate, channels, sum(lengths), blocks, notes, tags, close)


def _open(file: BinaryIO, size: int, part: Part) -> Any:
    try:
        descriptor = _descriptor(file) if part.pieces is None else None
        if descriptor is not None:
            return _Forward(descriptor)
        return _Forward(Window(file, part.pieces if part.pieces is not None else [(0, size)]))
    except _Failed:
        return None


def _descriptor(file: BinaryIO) -> int | None:
    """Return a descriptor of a whole file from its beginning; None where Python must read it.

    libsndfile then needs no lock of the interpreter, so that files are decoded side by side. It
    shares its position with `file`, which may seek and read again when libsndfile has ended.
    """
    if sys.platform == "win32":  # descriptors belong to the C library that opened them
        return None
    try:
        descriptor = os.dup(file.fileno())
    except OSError:  # a part of a file, or the process has as many files open as it may
        return None
    file.seek(0, os.SEEK_END)  # forgets what was read ahead
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _length(sound: Any) -> int:
    frames = int(sound.frames)
    return frames if 0 <= frames < UNKNOWN_FRAMES else 0


def _all_blocks(
    file: BinaryIO, size: int, opened: list[Any], lengths: list[int], notes: list[str]
) -> Iterator[Float32Array]:
    """Yield blocks [n, ch] of all parts at the first one's rate and channels."""
    rate, channels = opened[0].samplerate, opened[0].channels
    for sound, promised in zip(opened, lengths, strict=True):
        present = 0
        same = sound.samplerate == rate and sound.channels == channels
        if not same:
            notes.append(f"a joined part has {sound.samplerate} Hz and {sound.channels} channels: it is converted")
        for block in _part_blocks(file, size, sound, notes):
            present += len(block)
            yield block if same else _converted(block, sound.samplerate, rate, channels)
        missing = (promised - present) / sound.samplerate
        if not notes and promised > present and (missing >= LEAST_MISSING_SECONDS or sound.format != "OGG"):
            notes.append(
                f"ends early: {present / sound.samplerate:.2f} of {promised / sound.samplerate:.2f} s can be read, "
                "the rest is damaged or missing"
            )


def _part_blocks(file: BinaryIO, size: int, sound: Any, notes: list[str]) -> Iterator[Float32Array]:
    """Yield blocks [n, ch] up to the end; a FLAC goes on behind each damaged place."""
    total, restarted = 0, False
    while True:
        block, failed = sound.next_block()
        total += len(block)
        if len(block):
            yield block
        if failed:
            following = behind(file, size, total) if sound.format == "FLAC" else None
            rest = _open(file, size, Part(list(following[0]))) if following else None
            if following is None or rest is None:
                return
            if not restarted:
                notes.append(f"damaged at {total / sound.samplerate:.2f} s: read on behind it")
            sound, total, restarted = rest, following[1], True
        elif not len(block):
            return


def _converted(block: Float32Array, source_rate: int, rate: int, channels: int) -> Float32Array:
    """Return a block [n, ch] at another rate and number of channels, by way of one channel."""
    mono = resample(block.mean(axis=1, dtype=np.float32), source_rate, rate)
    return np.repeat(mono[:, None], channels, axis=1)


def _truncation(log: str) -> list[str]:
    """Return a note if the header promises more bytes than there are."""
    found = _TRUNCATED.search(log)
    promised, present = (int(found[1]), int(found[2])) if found else (0, 0)
    if promised <= present or promised >= _OPEN_BYTES:
        return []
    return [f"ends early: {present / promised:.1%} of the sound its header promises is there"]
