"""Write sound files, whole or not at all: see `system.atomic_write`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import soundfile

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.finishing.containers import stamp
from distill_engine.audio.finishing.dither import Quantiser
from distill_engine.audio.finishing.loops import Loop
from distill_engine.audio.finishing.tags import check_tags
from distill_engine.audio.formats import ALIASES, FORMATS, FileFormat
from distill_engine.audio.resampling import resample
from distill_engine.errors import AudioFileError, NotWrittenError
from distill_engine.system.atomic_write import replacing, write_advice
from distill_engine.system.signals import ending_held

BitDepth = Literal[16, 24, "16", "24", "32f"]

WRITE_BLOCK = 1 << 15  # frames; libsndfile's Vorbis encoder overflows its stack when given minutes at once
LONGEST_TEXT_BYTES = 1000  # of a tag in INFO and AIFF's text chunks, beyond which libsndfile reads none; ID3 has all
RIFF_BYTES = 4_000_000_000  # of samples; a longer WAV is written as RF64
TAGS = ("title", "artist", "comment", "software", "date", "album", "genre", "license", "copyright", "tracknumber")


@dataclass(frozen=True)
class Extra:
    """What a file holds besides: a loop, the quality of a lossy format, the expected length.

    `quality` is 0 to 1; an MP3 has a variable bit rate with it, else a constant one. `shaped` moves
    the noise of 16 bits to where it is heard least.
    """

    loop: Loop | None = None
    quality: float | None = None
    frames: int = 0
    shaped: bool = False


@dataclass(frozen=True)
class Written:
    """A file as written. Its rate in Hz may not be the one asked for: see `file_rate`."""

    path: Path
    sample_rate: int
    frames: int
    encoding: str


def write_audio(
    path: str | Path,
    samples: npt.ArrayLike,
    sample_rate: int,
    *,
    bit_depth: BitDepth = 24,
    format: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> Written:
    """Write samples [T] or [ch, T], full scale +-1, in the format of the suffix or in `format`.

    Bit depths are 16, 24 and 32f for wav, aiff and caf, 16 and 24 for flac; mp3, ogg and opus have
    none. Integers clip beyond full scale. 16 bit is dithered (triangular, the same noise
    every time); digital silence stays silent. Opus takes 8, 12, 16, 24 and 48 kHz, MP3 up to 48
    kHz: other rates are resampled to 48 kHz. Tags have any names.

    Raises:
        AudioFileError: if it cannot be written; an existing file is then unchanged.
    """
    target = Path(path)
    name, kind = _format(target, format)
    data = _frames(target, samples)
    encoding = _encoding(target, name, kind, str(bit_depth))
    _check_channels(target, name, kind, data.shape[1])
    if not 1_000 <= sample_rate <= 768_000:
        raise AudioFileError(
            f"{target}: a rate of {sample_rate} Hz cannot be written: use 1000 to 768000 Hz, such as 44100"
        )
    if kind.rates and sample_rate not in kind.rates:
        data = resample(data.T, sample_rate, kind.rates[-1]).T
        sample_rate = kind.rates[-1]
    how = _Encoding(kind, encoding, data.shape[1], sample_rate, check_tags(tags or {}), Extra(frames=len(data)))
    _replace(target, _Blocks([data.T]), how)
    return Written(target, sample_rate, len(data), encoding)


def file_rate(path: str | Path, sample_rate: int, format: str | None = None) -> int:
    """Return the rate in Hz at which a format is written if `sample_rate` (Hz) is asked for."""
    _, kind = _format(Path(path), format)
    return kind.rates[-1] if kind.rates and sample_rate not in kind.rates else sample_rate


def write_audio_stream(  # seven parameters: the options of `write_audio`, which a stream has too
    path: str | Path,
    blocks: Iterable[Float32Array],
    channels: int,
    sample_rate: int,
    *,
    bit_depth: BitDepth = 24,
    format: str | None = None,
    tags: Mapping[str, str] | None = None,
    extra: Extra | None = None,
) -> Written:
    """Write blocks [channels, n] as they are made, in bounded memory; else as `write_audio`.

    The rate must be one of the format's: `file_rate` returns it. The file appears when the last
    block is written. Exceptions of `blocks` pass through and leave an existing file unchanged.
    `extra` has the loop, the quality of a lossy format, and the length.

    Raises AudioFileError.
    """
    target = Path(path)
    name, kind = _format(target, format)
    encoding = _encoding(target, name, kind, str(bit_depth))
    _check_channels(target, name, kind, channels)
    if kind.rates and sample_rate not in kind.rates:
        raise AudioFileError(f"{target}: {name} takes {', '.join(map(str, kind.rates))} Hz, not {sample_rate}")
    counted = _Blocks(blocks)
    how = _Encoding(kind, encoding, channels, sample_rate, check_tags(tags or {}), extra or Extra())
    _replace(target, counted, how)
    return Written(target, sample_rate, counted.frames, encoding)


@dataclass(frozen=True)
class _Encoding:
    """How a file is encoded: its format, libsndfile's subtype, channels, rate in Hz and tags."""

    format: FileFormat
    subtype: str
    channels: int
    sample_rate: int
    tags: Mapping[str, str]
    extra: Extra

    @property
    def container(self) -> str:
        """libsndfile's name of the container: RF64 for a WAV that is too long for RIFF."""
        size = self.extra.frames * self.channels * 4
        return "RF64" if self.format.container == "WAV" and size > RIFF_BYTES else self.format.container

    @property
    def options(self) -> dict[str, Any]:
        """libsndfile's options of a lossy format."""
        quality, kind = self.extra.quality, self.format
        level = kind.compression if quality is None or not kind.lossy else min(1.0 - quality, 0.99)
        options: dict[str, Any] = {} if level is None else {"compression_level": level}
        if kind.container == "MP3":
            options["bitrate_mode"] = "CONSTANT" if quality is None else "VARIABLE"
        return options


class _Blocks:
    """Blocks [ch, n] as frames [n, ch], counted, in sizes that libsndfile takes."""

    def __init__(self, blocks: Iterable[Float32Array]) -> None:
        self._blocks = blocks
        self.frames = 0
        self.failure: BaseException | None = None

    def __iter__(self) -> Iterator[Float32Array]:
        try:
            for block in self._blocks:
                for start in range(0, block.shape[1], WRITE_BLOCK):
                    part = block[:, start : start + WRITE_BLOCK].T
                    self.frames += len(part)
                    yield part
        except BaseException as error:
            self.failure = error
            raise


def _format(target: Path, asked: str | None) -> tuple[str, FileFormat]:
    given = (asked or target.suffix).lower().lstrip(".")
    name = ALIASES.get(given, given)
    if name not in FORMATS:
        raise AudioFileError(f"{target}: unknown format {given!r}: use one of {', '.join(FORMATS)}")
    return name, FORMATS[name]


def _frames(target: Path, samples: npt.ArrayLike) -> Float32Array:
    """Return samples [T] or [ch, T] as frames [T, ch], checked."""
    x = np.atleast_2d(np.asarray(samples, np.float32))
    if x.ndim != 2 or x.shape[0] == 0 or x.shape[1] == 0:
        raise AudioFileError(f"{target}: nothing to write: samples have shape {x.shape}, need [T] or [channels, T]")
    bad = int(x.size - np.count_nonzero(np.isfinite(x)))
    if bad:
        raise AudioFileError(
            f"{target}: {bad} of {x.size} samples are not numbers (NaN or infinite): nothing was written"
        )
    return x.T


def _check_channels(target: Path, name: str, kind: FileFormat, channels: int) -> None:
    if channels > kind.max_channels:
        raise AudioFileError(f"{target}: {name} holds up to {kind.max_channels} channels, not {channels}: use wav")


def _encoding(target: Path, name: str, kind: FileFormat, bit_depth: str) -> str:
    encoding = kind.encodings.get("" if kind.lossy else bit_depth)
    if encoding is None:
        raise AudioFileError(f"{target}: {name} cannot hold {bit_depth} bits: use {' or '.join(kind.encodings)}")
    return encoding


class _Target(FileIO):
    """The temporary file for libsndfile's callbacks: keeps the exception that C cannot pass on."""

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of `data`, or return 0 and keep the reason."""
        view = memoryview(data)
        try:
            done = 0
            while done < len(view):
                done += self._put(view[done:])
            return done
        except OSError as error:
            self.failure = self.failure or error
            return 0

    def _put(self, data: memoryview) -> int:
        return super().write(data) or 0


def _replace(target: Path, blocks: _Blocks, encoding: _Encoding) -> None:
    try:
        with replacing(target) as temporary, _Target(temporary.fileno(), "r+", closefd=False) as file:
            _encode(file, blocks, encoding)
    except OSError as error:
        if error is blocks.failure:
            raise
        raise NotWrittenError(f"{target} could not be written: {write_advice(error, target)}") from None
    except (soundfile.SoundFileError, RuntimeError, AssertionError, TypeError, ValueError) as error:
        if error is blocks.failure:
            raise
        how = f"{encoding.subtype} at {encoding.sample_rate} Hz"
        raise AudioFileError(f"{target} could not be encoded as {how}: {error}") from None


def _encode(file: _Target, blocks: _Blocks, encoding: _Encoding) -> None:
    subtype, rate, container = encoding.subtype, encoding.sample_rate, encoding.container
    quantiser = Quantiser(subtype, encoding.channels, rate, shaped=encoding.extra.shaped)
    try:
        with contextlib.ExitStack() as closing:
            with ending_held():  # libsndfile calls `file` back
                sound = soundfile.SoundFile(
                    file, "w", rate, encoding.channels, subtype=subtype, format=container, **encoding.options
                )
                closing.callback(ending_held()(sound.close))
                for key, value in _own_texts(container, encoding.tags).items():
                    setattr(sound, key, value)
            for block in blocks:
                if not np.isfinite(block).all():
                    raise AudioFileError(
                        "the sound holds samples that are not numbers (NaN or infinite): nothing was written"
                    )
                frames = quantiser.process(block)
                with ending_held():
                    sound.write(frames)
        stamp(file, container, rate, encoding.tags, encoding.extra.loop)
    finally:
        if file.failure:
            raise file.failure


def _own_texts(container: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that libsndfile writes: where `stamp` has no scheme, or adds to them."""
    known = {key: value for key, value in tags.items() if key in TAGS}
    if container == "CAF":  # no names of one's own: the others go into the comment
        other = [f"{key}={value}" for key, value in tags.items() if key not in TAGS]
        return known | ({"comment": "; ".join([*filter(None, [known.get("comment")]), *other])} if other else {})
    if container in ("WAV", "RF64", "AIFF"):
        return {key: value for key, value in known.items() if len(value.encode()) <= LONGEST_TEXT_BYTES}
    return {}
