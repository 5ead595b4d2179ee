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
from distill_engine.audio.mel import DEFAULT_MEL
from distill_engine.audio.resampling import resampled_length, spare_samples
from distill_engine.audio.store import SampleStore
from distill_engine.errors import AudioFileError
from distill_engine.rendering.exporting.sampler import FIRST_KEY, LAST_KEY, Region, sliced, write_presets


@dataclass(frozen=True)
class RenderTarget:
    """The file to write: rate in Hz, bit depth, and format (None takes that of the suffix).

    Opus and MP3 may need another rate, which `RenderResult` then has. `finish` is what is done to
    the whole sound, `quality` (0 to 1) that of a lossy format; None is a high constant one. With
    `parts` the path is a folder: for "stems" a file for each pair of channels, for "slices" one for
    each attack, and presets for samplers.
    """

    path: Path
    sample_rate: int = DEFAULT_MEL.sample_rate
    bit_depth: BitDepth = 24
    format: str | None = None
    finish: Finish = field(default_factory=Finish)
    quality: float | None = None
    parts: str | None = None


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
    sound: Iterator[Float32Array], rate: int, channels: int, frames: int, output: RenderTarget, tags: Mapping[str, str]
) -> WrittenFiles:
    """Write blocks [channels, n] at `rate` (Hz), about `frames` in all. Raises AudioFileError."""
    write = partial(write_audio_stream, bit_depth=output.bit_depth, format=output.format, tags=tags)
    extra, done = Extra(quality=output.quality, frames=frames, shaped=True), None
    if output.finish.needs_all or output.parts:
        done = finished(_whole(sound, channels, output), rate, output.finish)
        sound, extra = iter([done.samples]), replace(extra, loop=done.loop, frames=done.samples.shape[1])
    if output.parts is None or done is None:
        written = write(output.path, sound, channels, rate, extra=extra)
        return WrittenFiles(written.path, written.frames / rate, rate, written.encoding, done)
    x = done.samples
    stems = [x[pair : pair + 2] for pair in range(0, channels, 2)]
    files = []
    for number, part in enumerate(stems if output.parts == "stems" else sliced(x, rate), 1):
        path = output.path / f"{output.path.name}-{number:03d}.{output.format}"
        whole = extra if output.parts == "stems" else replace(extra, loop=None, frames=part.shape[1])
        files.append(write(path, [part], len(part), rate, extra=whole))
    keys = range(FIRST_KEY, LAST_KEY + 1)
    if output.parts == "slices":
        regions = [Region(one.path, key) for one, key in zip(files, keys, strict=False)]
        write_presets(output.path, output.path.name, regions)
    paths = tuple(one.path for one in files)
    return WrittenFiles(output.path, x.shape[1] / rate, rate, files[0].encoding, done, paths)


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
