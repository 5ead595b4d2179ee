"""Write the files of a render: one, or a folder of stems or slices; resampled and finished."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.decoding.opening import MAX_SAMPLES
from distill_engine.audio.encoding import BitDepth, Extra, write_audio_stream
from distill_engine.audio.finishing.finish import Finish, Finished, finished
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.audio.resampling import resampled_length, spare_samples
from distill_engine.audio.store import SampleStore
from distill_engine.errors import AudioFileError
from distill_engine.rendering.exporting.sampler import sliced, write_presets

LOOPED = ("wav", "aiff", "aif")  # formats with loop points
NAME_CHARACTERS = 40  # of a control's name in the name of its stem


@dataclass(frozen=True)
class RenderTarget:
    """The file to write: rate in Hz, bit depth, and format (None takes that of the suffix).

    Opus and MP3 may need another rate, which `RenderResult` then has. `finish` is what is done to
    the whole sound, `quality` (0 to 1) that of a lossy format; None is a high constant one. With
    `parts` the path is a folder: for "stems" a file for each pair of channels, for "controls" one
    without controls and one for each of them, for "slices" one for each attack, and presets for
    samplers.
    """

    path: Path
    sample_rate: int = DEFAULT_MEL.sample_rate
    bit_depth: BitDepth = 24
    format: str | None = None
    finish: Finish = field(default_factory=Finish)
    quality: float | None = None
    parts: str | None = None


@dataclass(frozen=True)
class Channels:
    """The channels of one sound, or of a stem for each of the `names`."""

    each: int
    names: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many there are."""
        return self.each * max(1, len(self.names))


def target_from_plain(values: Mapping[str, Any]) -> RenderTarget:
    """Return the target whose fields these are, as JSON has them."""
    return RenderTarget(**{**values, "path": Path(values["path"]), "finish": Finish(**values["finish"])})


@dataclass(frozen=True)
class WrittenFiles:
    """What was written: the file or folder, its length, and the whole sound if it was finished.

    `files` are those of a folder.
    """

    path: Path
    seconds: float
    sample_rate: int
    encoding: str
    finished: Finished | None = None
    files: tuple[Path, ...] = ()


def write_files(
    sound: Iterator[Float32Array],
    rate: int,
    frames: int,
    output: RenderTarget,
    tags: Mapping[str, str],
    channels: Channels,
) -> WrittenFiles:
    """Write blocks [channels.count, n] at `rate` (Hz), about `frames` in all.

    Raises AudioFileError.
    """
    write = partial(write_audio_stream, bit_depth=output.bit_depth, format=output.format, tags=tags)
    extra, done = Extra(quality=output.quality, frames=frames, shaped=True), None
    if output.finish.needs_all or output.parts:
        done = finished(_whole(sound, channels.count, output), rate, output.finish)
        kind = output.format or output.path.suffix.lstrip(".")
        if done.loop is not None and kind.lower() not in LOOPED:
            done = replace(done, notes=(*done.notes, f"{kind} holds no loop points: write wav or aiff for them"))
        sound, extra = iter([done.samples]), replace(extra, loop=done.loop, frames=done.samples.shape[1])
    if output.parts is None or done is None:
        written = write(output.path, sound, channels.count, rate, extra=extra)
        return WrittenFiles(written.path, written.frames / rate, rate, written.encoding, done)
    files = []
    for name, part in _parts(done.samples, rate, output, channels):
        path = output.path / f"{output.path.name}-{name}.{output.format}"
        whole = replace(extra, loop=None, frames=part.shape[1]) if output.parts == "slices" else extra
        files.append(write(path, [part], len(part), rate, extra=whole))
    paths, notes = tuple(one.path for one in files), done.notes
    if output.parts == "slices":
        notes += write_presets(output.path, output.path.name, [(path, None) for path in paths])
    done = replace(done, notes=notes)
    return WrittenFiles(output.path, done.samples.shape[1] / rate, rate, files[0].encoding, done, paths)


def _parts(x: Float32Array, rate: int, output: RenderTarget, channels: Channels) -> Iterator[tuple[str, Float32Array]]:
    """Yield the parts [ch, n] of a finished sound [ch, T] with what their files' names end in."""
    if output.parts == "slices":
        yield from ((f"{number:03d}", part) for number, part in enumerate(sliced(x, rate), 1))
        return
    size = channels.each if channels.names else 2
    for number, first in enumerate(range(0, channels.count, size), 1):
        name = f"-{_in_a_name(channels.names[number - 1])}" if channels.names else ""
        yield f"{number:03d}{name}", x[first : first + size]


def _in_a_name(text: str) -> str:
    """Return a text as part of a file's name, on every system."""
    return "".join(one if one.isalnum() else "-" for one in text[:NAME_CHARACTERS])


def resampled(blocks: Iterator[Float32Array], source: int, target: int, channels: int) -> Iterator[Float32Array]:
    """Yield blocks [channels, n] at another rate by soxr VHQ, aligned and of the same duration."""
    if source == target:
        yield from (np.clip(block, -1.0, 1.0) for block in blocks)
        return
    stream = soxr.ResampleStream(source, target, channels, "float32", "VHQ")
    received = sent = 0
    for block in blocks:
        received += block.shape[1]
        made = stream.resample_chunk(np.ascontiguousarray(block.T)).reshape(-1, channels).T
        sent += made.shape[1]
        yield np.clip(made, -1.0, 1.0)
    rest = stream.resample_chunk(np.zeros((spare_samples(source, target), channels), np.float32), last=True)
    room = max(0, resampled_length(received, source, target) - sent)
    yield np.clip(rest.reshape(-1, channels).T[:, :room], -1.0, 1.0)


def _whole(blocks: Iterator[Float32Array], channels: int, output: RenderTarget) -> Float32Array:
    """Return all blocks [channels, n] as one sound. Raises AudioFileError if it does not fit."""
    store = SampleStore(channels)
    for block in blocks:
        store.append(block)
        if store.length * channels > MAX_SAMPLES:
            raise AudioFileError(
                f"{output.path}: so long a sound cannot be finished: leave fades, --loop and levels out"
            )
    return store.take()
