"""Write sound files, whole or not at all: see `system.atomic_write`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import soundfile

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.resampling import resample
from distill_engine.errors import AudioFileError
from distill_engine.system.atomic_write import replacing, write_advice

BitDepth = Literal[16, 24, "16", "24", "32f"]

WRITE_BLOCK = 1 << 15  # frames; libsndfile's Vorbis encoder overflows its stack when given minutes at once
TAGS = ("title", "artist", "comment", "software", "date", "album", "genre", "license", "copyright", "tracknumber")


@dataclass(frozen=True)
class FileFormat:
    """How a suffix is written.

    `encodings` are libsndfile's subtypes by bit depth ("" for a lossy format). `rates` (Hz) are the
    only ones it takes, if any are given; others are resampled to the last.
    """

    container: str
    encodings: Mapping[str, str]
    rates: tuple[int, ...] = ()
    max_channels: int = 64
    compression: float | None = None

    @property
    def lossy(self) -> bool:
        """Whether it has no bit depth."""
        return "" in self.encodings


_PCM = {"16": "PCM_16", "24": "PCM_24"}
_MP3_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
FORMATS: dict[str, FileFormat] = {
    "wav": FileFormat("WAV", {**_PCM, "32f": "FLOAT"}),
    "aiff": FileFormat("AIFF", {**_PCM, "32f": "FLOAT"}),
    "caf": FileFormat("CAF", {**_PCM, "32f": "FLOAT"}),
    "flac": FileFormat("FLAC", _PCM, max_channels=8),
    "mp3": FileFormat("MP3", {"": "MPEG_LAYER_III"}, _MP3_RATES_HZ, 2, 0.1),
    "ogg": FileFormat("OGG", {"": "VORBIS"}, max_channels=8, compression=0.2),
    "opus": FileFormat("OGG", {"": "OPUS"}, (8000, 12000, 16000, 24000, 48000), 8, 0.4),
}
_ALIASES = {"wave": "wav", "aif": "aiff", "aifc": "aiff", "oga": "ogg"}


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
    none. Integers clip beyond full scale. 16 bit is dithered (triangular, the same noise every
    time); digital silence stays silent. Opus takes 8, 12, 16, 24 and 48 kHz, MP3 up to 48 kHz:
    other rates are resampled to 48 kHz. Tags beside `TAGS` go into the comment.

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
    _replace(target, _Blocks([data.T]), _Encoding(kind, encoding, data.shape[1], sample_rate, _tags(tags)))
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
) -> Written:
    """Write blocks [channels, n] as they are made, in bounded memory; else as `write_audio`.

    The rate must be one of the format's: `file_rate` returns it. The file appears when the last
    block is written. Exceptions of `blocks` pass through and leave an existing file unchanged.
    Raises AudioFileError.
    """
    target = Path(path)
    name, kind = _format(target, format)
    encoding = _encoding(target, name, kind, str(bit_depth))
    _check_channels(target, name, kind, channels)
    if kind.rates and sample_rate not in kind.rates:
        raise AudioFileError(f"{target}: {name} takes {', '.join(map(str, kind.rates))} Hz, not {sample_rate}")
    counted = _Blocks(blocks)
    _replace(target, counted, _Encoding(kind, encoding, channels, sample_rate, _tags(tags)))
    return Written(target, sample_rate, counted.frames, encoding)


@dataclass(frozen=True)
class _Encoding:
    """How a file is encoded: its format, libsndfile's subtype, channels, rate in Hz and tags."""

    format: FileFormat
    subtype: str
    channels: int
    sample_rate: int
    tags: Mapping[str, str]


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
    name = _ALIASES.get(given, given)
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


def _tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    known = {key: str(value) for key, value in (tags or {}).items() if key in TAGS}
    other = [f"{key}={value}" for key, value in (tags or {}).items() if key not in TAGS]
    if other:
        known["comment"] = "; ".join(([known["comment"]] if "comment" in known else []) + other)
    return known


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
        raise AudioFileError(f"{target} could not be written: {write_advice(error, target)}") from None
    except (soundfile.SoundFileError, RuntimeError, AssertionError, TypeError, ValueError) as error:
        if error is blocks.failure:
            raise
        how = f"{encoding.subtype} at {encoding.sample_rate} Hz"
        raise AudioFileError(f"{target} could not be encoded as {how}: {error}") from None


def _encode(file: _Target, blocks: _Blocks, encoding: _Encoding) -> None:
    kind, subtype = encoding.format, encoding.subtype
    options: dict[str, Any] = {} if kind.compression is None else {"compression_level": kind.compression}
    if kind.container == "MP3":
        options["bitrate_mode"] = "CONSTANT"
    dither = np.random.default_rng(0)
    try:
        sound = soundfile.SoundFile(
            file, "w", encoding.sample_rate, encoding.channels, subtype=subtype, format=kind.container, **options
        )
        with sound:
            for key, value in encoding.tags.items():
                setattr(sound, key, value)
            for block in blocks:
                if not np.isfinite(block).all():
                    raise AudioFileError(
                        "the sound holds samples that are not numbers (NaN or infinite): nothing was written"
                    )
                sound.write(_quantised(block, subtype, dither))
    finally:
        if file.failure:
            raise file.failure


def _quantised(block: Float32Array, subtype: str, dither: np.random.Generator) -> npt.NDArray[Any]:
    """Return a block [n, ch] as integers of 16 or 24 bits, dithered at 16, or else as it is."""
    if subtype == "PCM_16":
        noise = dither.random(block.shape) - dither.random(block.shape)
        scaled = np.rint(block * 32768.0 + np.where(block == 0.0, 0.0, noise))
        return np.asarray(np.clip(scaled, -32768, 32767), np.int16)
    if subtype == "PCM_24":
        scaled = np.rint(block.astype(np.float64) * 8388608.0)
        return np.left_shift(np.asarray(np.clip(scaled, -8388608, 8388607), np.int32), 8)
    return np.ascontiguousarray(block)
