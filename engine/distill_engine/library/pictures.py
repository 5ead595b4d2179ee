"""Small pictures of sounds: the outline of the samples, and a spectrogram as a PNG."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.mel_config import DEFAULT_MEL, LEAD_IN
from distill_engine.audio.resampling import StreamingResampler

COLUMNS = 600  # of an outline and of a picture, at most
FULL_SCALE = 127  # of an outline's values
STRETCH = 1 << 19  # samples whose spectrogram is computed at once: 12 s
QUIET, LOUD = -9.5, 1.5  # natural logarithms of mel magnitudes: the ends of the colours
_COLOURS = np.array([(14, 17, 21), (22, 58, 66), (31, 122, 108), (90, 209, 184), (236, 250, 220)], dtype=np.float64)


class Outline:
    """The lowest and the highest value of each stretch of a sound of `length` samples."""

    def __init__(self, length: int, columns: int = COLUMNS) -> None:
        self._length, self._at = max(1, length), 0
        self._edges = np.zeros((2, min(columns, length)), np.float32)
        self._edges[0], self._edges[1] = np.inf, -np.inf

    def process(self, block: Float32Array) -> None:
        """Add samples [ch, n]."""
        columns = self._edges.shape[1]
        places = np.minimum((self._at + np.arange(block.shape[1])) * columns // self._length, columns - 1)
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        if len(starts) and columns:
            at = places[starts]
            low, high = (np.minimum.reduceat(block.min(axis=0), starts), np.maximum.reduceat(block.max(axis=0), starts))
            self._edges[0, at] = np.minimum(self._edges[0, at], low)
            self._edges[1, at] = np.maximum(self._edges[1, at], high)
        self._at += block.shape[1]

    def values(self) -> list[list[int]]:
        """Return two lists, from -127 to 127 (full scale); what was never heard is 0."""
        heard = np.where(np.isfinite(self._edges), np.clip(self._edges, -1, 1), 0.0)
        values: list[list[int]] = np.rint(heard * FULL_SCALE).astype(int).tolist()
        return values


def outline(samples: Float32Array, columns: int = COLUMNS) -> list[list[int]]:
    """Return the lowest and the highest value of each stretch of samples [ch, T].

    The two lists have `columns` entries, or T where that is less, from -127 to 127 (full scale).
    """
    drawn = Outline(samples.shape[1], columns)
    drawn.process(samples)
    return drawn.values()


class Spectrogram:
    """The mel spectrogram of a sound of `length` samples at `sample_rate` (Hz), as a picture.

    A long sound is heard in stretches; each column of the picture keeps its loudest frame.
    """

    def __init__(self, length: int, sample_rate: int) -> None:
        self._frames = max(1, round(length / sample_rate * DEFAULT_MEL.frame_rate))
        self._resampler = StreamingResampler(sample_rate, DEFAULT_MEL.sample_rate, 1)
        self._waiting: list[Float32Array] = []
        self._at = 0
        self._columns = np.full((DEFAULT_MEL.bands, min(COLUMNS, self._frames)), -np.inf, np.float32)

    def process(self, block: Float32Array) -> None:
        """Add samples [ch, n]."""
        self._waiting.append(self._resampler.process(block.mean(axis=0, keepdims=True))[0])
        if sum(map(len, self._waiting)) >= STRETCH:
            self._draw()

    def _draw(self) -> None:
        samples, self._waiting = np.concatenate([*self._waiting, np.zeros(0, np.float32)]), []
        mel = mel_spectrogram(np.pad(samples, (0, max(0, LEAD_IN - len(samples)))))
        columns = self._columns.shape[1]
        places = np.minimum((self._at + np.arange(mel.shape[1])) * columns // self._frames, columns - 1)
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        loudest = np.maximum.reduceat(mel, starts, axis=1)
        self._columns[:, places[starts]] = np.maximum(self._columns[:, places[starts]], loudest)
        self._at += len(samples) // DEFAULT_MEL.hop

    def png(self) -> bytes:
        """Return the picture as a PNG, low frequencies below."""
        self._waiting.append(self._resampler.flush()[0])
        self._draw()
        place = np.clip((self._columns[::-1] - QUIET) / (LOUD - QUIET), 0, 1) * (len(_COLOURS) - 1)
        steps = np.arange(len(_COLOURS))
        pixels = np.stack([np.interp(place, steps, channel) for channel in _COLOURS.T], axis=-1)
        return png(np.rint(pixels).astype(np.uint8))


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Return pixels [rows, columns, 3] as a PNG (ISO/IEC 15948), without a filter."""
    rows, columns, _ = pixels.shape
    lines = np.zeros((rows, 1 + 3 * columns), np.uint8)  # each line begins with its filter: 0, none
    lines[:, 1:] = pixels.reshape(rows, -1)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
