"""Read sound files of every kind that the decoders know. `encoding` writes files.

Damaged files give the samples that can be decoded, and notes on what was wrong. Files are read
block by block: beyond the samples that are returned, reading takes a few megabytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soxr

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.decoding.opening import MAX_SAMPLES, open_sound
from distill_engine.audio.decoding.stream import SoundStream
from distill_engine.audio.encoding import write_audio as write_audio
from distill_engine.audio.mono import MonoMixer
from distill_engine.audio.repair import Repair
from distill_engine.audio.resampling import resampled_length, spare_samples
from distill_engine.audio.store import SampleStore
from distill_engine.errors import AudioFileError

BLOCK = 1 << 16  # frames that are worked on at once
Listener = Callable[[Float32Array, int], object]
"""Takes samples [ch, n] and their rate in Hz."""


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
    with open_sound(Path(path)) as s:
        return AudioInfo(Path(path), s.format, s.encoding, s.sample_rate, s.channels, s.frames, s.tags)


def read_audio(
    path: str | Path,
    *,
    sample_rate: int | None = None,
    mono: bool = False,
    decoded: Listener | None = None,
    mixed: Listener | None = None,
) -> Sound:
    """Read a whole file as [ch, T], or [1, T] if `mono`, at its own rate or at `sample_rate` (Hz).

    Damage is left out, and samples that are not numbers or far out of range become silence; `notes`
    say so. `decoded` hears every block [ch, n] before it is mixed, `mixed` every block before it is
    resampled. Raises AudioFileError if nothing can be decoded.
    """
    where = Path(path)
    with open_sound(where) as stream:
        rate, repair = stream.sample_rate, Repair()
        mixer = MonoMixer(stream.channels) if mono else None
        target = sample_rate or rate
        channels = 1 if mono else stream.channels
        store = SampleStore(channels, resampled_length(stream.frames, rate, target))
        converter = _Converter(rate, target, channels, store)
        for block in _blocks(stream):
            block = repair.process(block)
            _tell(decoded, block, rate)
            block = mixer.process(block)[None] if mixer else block
            _tell(mixed, block, rate)
            converter.process(block)
        if mixer:
            rest = mixer.flush()[None]
            _tell(mixed, rest, rate)
            converter.process(rest)
        converter.flush()
        notes = (*stream.notes, *repair.notes, *([mixer.note] if mixer and mixer.note else []))
    samples = store.take()
    if not samples.shape[1]:
        raise AudioFileError(f"{where} holds no sound that can be decoded: it is empty or damaged; export it again")
    if mixer and mixer.gain != 1.0:
        samples *= np.float32(mixer.gain)
    return Sound(samples, target, where, notes)


def _blocks(stream: SoundStream) -> Iterator[Float32Array]:
    """Yield blocks [ch, n] of up to BLOCK frames and a decoder's block, at most MAX_SAMPLES in all.

    The memory they take follows the data, whatever the header claims.
    """
    held: list[Float32Array] = []
    frames = total = 0
    for block in stream.blocks:
        total += block.size
        if total > MAX_SAMPLES:
            stream.notes.append(
                f"longer than {MAX_SAMPLES / stream.channels / stream.sample_rate / 60:.0f} minutes: cut"
            )
            break
        held.append(block)
        frames += len(block)
        if frames >= BLOCK:
            yield np.ascontiguousarray(np.concatenate(held).T)
            held, frames = [], 0
    if held:
        yield np.ascontiguousarray(np.concatenate(held).T)


def _tell(listener: Listener | None, block: Float32Array, rate: int) -> None:
    if listener is not None:
        listener(block, rate)


class _Converter:
    """Resamples blocks [ch, n] into a store: the samples that `resample` gives for the whole."""

    def __init__(self, source_rate: int, target_rate: int, channels: int, store: SampleStore) -> None:
        self._rates, self._store = (source_rate, target_rate), store
        self._received = 0
        same = source_rate == target_rate
        self._stream = None if same else soxr.ResampleStream(source_rate, target_rate, channels, "float32", "HQ")

    def process(self, block: Float32Array) -> None:
        """Add samples [ch, n]."""
        self._received += block.shape[1]
        if self._stream is None:
            self._store.append(block)
        else:
            self._add(self._stream.resample_chunk(np.ascontiguousarray(block.T)))

    def flush(self) -> None:
        """Add what the filter still holds."""
        if self._stream is None or not self._received:
            return
        silence = np.zeros((spare_samples(*self._rates), self._store.channels), np.float32)
        self._add(self._stream.resample_chunk(silence, last=True))

    def _add(self, y: Float32Array) -> None:
        room = resampled_length(self._received, *self._rates) - self._store.length
        self._store.append(np.asarray(y, np.float32).reshape(-1, self._store.channels).T[:, : max(0, room)])
