"""A cache of mel spectrograms on disk, keyed by the samples and the mel's definition.

An entry is a `.npy` file followed by the SHA-256 of its bytes, which is checked at every reading. A
damaged entry is computed again and replaced. A folder that cannot be written costs time and nothing
else.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from contextlib import suppress
from pathlib import Path

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.mel_config import MelConfig
from distill_engine.system.atomic_write import remove_stale, write_file
from distill_engine.system.regular_files import read_regular

VERSION = 1  # of the computation: raise it when the numbers change
CAPACITY_BYTES = 2 << 30  # the least recently used entries are removed beyond that
_DIGEST_BYTES = 32  # of the SHA-256 at an entry's end


class MelCache:
    """Mels in the folder `folder`/mel, up to `capacity` bytes. `folder` None keeps nothing."""

    def __init__(self, folder: Path | None, capacity: int = CAPACITY_BYTES) -> None:
        self._folder = folder / "mel" if folder else None
        self._capacity = capacity

    def mel(self, samples: Float32Array, config: MelConfig) -> Float32Array:
        """Return the log-mel [bands, T // hop] of mono samples [T], cached or computed."""
        if self._folder is None:
            return mel_spectrogram(samples, config)
        entry = self._folder / f"{mel_key(samples, config)}.npy"
        frames = max(1, len(samples) // config.hop)
        known = _read(entry, (config.bands, frames))
        if known is not None:
            return known
        mel = mel_spectrogram(samples, config)
        _write(entry, mel)
        return mel

    def prune(self) -> None:
        """Remove the least recently used entries beyond the capacity, and what crashes left."""
        if self._folder is None:
            return
        remove_stale(self._folder)
        with suppress(OSError):
            entries = [(status.st_mtime, status.st_size, path) for path, status in _entries(self._folder)]
            total = 0
            for _, size, path in sorted(entries, reverse=True, key=lambda one: one[:2]):
                total += size
                if total > self._capacity:
                    path.unlink(missing_ok=True)


def mel_key(samples: Float32Array, config: MelConfig) -> str:
    """Return the entry's name, a SHA-256, for samples [T] and a definition."""
    definition = json.dumps([VERSION, config.to_dict()], sort_keys=True).encode()
    key = hashlib.sha256(definition)
    key.update(np.ascontiguousarray(samples, "<f4").view(np.uint8).data)  # no copy of a long sound
    return key.hexdigest()


def _entries(folder: Path) -> list[tuple[Path, os.stat_result]]:
    return [(Path(entry.path), entry.stat()) for entry in os.scandir(folder) if entry.is_file()]


def _read(entry: Path, shape: tuple[int, int]) -> Float32Array | None:
    try:
        data = read_regular(entry)
        if hashlib.sha256(data[:-_DIGEST_BYTES]).digest() != data[-_DIGEST_BYTES:]:
            return None
        mel = np.load(io.BytesIO(data[:-_DIGEST_BYTES]), allow_pickle=False)
        os.utime(entry)
    except (OSError, ValueError, EOFError):
        return None
    return mel if mel.shape == shape and mel.dtype == np.float32 else None


def _write(entry: Path, mel: Float32Array) -> None:
    buffer = io.BytesIO()
    np.save(buffer, mel, allow_pickle=False)
    with suppress(OSError):
        entry.parent.mkdir(parents=True, exist_ok=True)
        write_file(entry, buffer.getvalue() + hashlib.sha256(buffer.getvalue()).digest(), sweep=False)
