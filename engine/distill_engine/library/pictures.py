"""Small pictures of sounds: the outline of the samples, and a spectrogram as a PNG."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.mel import LEAD_IN, mel_spectrogram

COLUMNS = 600  # of an outline and of a picture, at most
FULL_SCALE = 127  # of an outline's values
QUIET, LOUD = -9.5, 1.5  # natural logarithms of mel magnitudes: the ends of the colours
_COLOURS = np.array([(14, 17, 21), (22, 58, 66), (31, 122, 108), (90, 209, 184), (236, 250, 220)], dtype=np.float64)


def outline(samples: Float32Array, columns: int = COLUMNS) -> list[list[int]]:
    """Return the lowest and the highest value of each stretch of samples [ch, T].

    The two lists have `columns` entries, or T where that is less, from -127 to 127 (full scale).
    """
    length = samples.shape[1]
    columns = min(columns, length)
    if not columns:
        return [[], []]
    starts = np.arange(columns) * length // columns
    low = np.minimum.reduceat(samples.min(axis=0), starts)
    high = np.maximum.reduceat(samples.max(axis=0), starts)
    return [np.rint(np.clip(edge, -1, 1) * FULL_SCALE).astype(int).tolist() for edge in (low, high)]


def spectrogram(samples: Float32Array, columns: int = COLUMNS) -> bytes:
    """Return a PNG of the mel spectrogram of samples [T] at 44.1 kHz, low frequencies below."""
    mel = mel_spectrogram(np.pad(samples, (0, max(0, LEAD_IN - len(samples)))))
    starts = np.arange(min(columns, mel.shape[1])) * mel.shape[1] // min(columns, mel.shape[1])
    loudest = np.maximum.reduceat(mel, starts, axis=1)
    place = np.clip((loudest[::-1] - QUIET) / (LOUD - QUIET), 0, 1) * (len(_COLOURS) - 1)
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
