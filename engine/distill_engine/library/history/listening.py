"""Hear a finished sound file once, in bounded memory: outline, picture, quality, digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distill_engine.audio.decoding.opening import open_sound
from distill_engine.audio.measuring.quality import Quality, QualityMeter
from distill_engine.errors import AudioFileError
from distill_engine.library.pictures import Outline, Spectrogram


@dataclass(frozen=True)
class Heard:
    """A sound file as it was heard: `digest` is the SHA-256 (hex) of its decoded samples."""

    seconds: float
    sample_rate: int
    digest: str
    outline: list[list[int]]
    picture: bytes
    quality: Quality


def listen(path: Path) -> Heard:
    """Hear a sound file. Raises AudioFileError."""
    samples, digest = 0, hashlib.sha256()
    with open_sound(path) as stream:
        rate = stream.sample_rate
        outline, picture = Outline(stream.frames), Spectrogram(stream.frames, rate)
        quality = QualityMeter(rate, stream.channels)
        for frames in stream.blocks:
            block = np.ascontiguousarray(frames.T)
            samples += block.shape[1]
            digest.update(np.ascontiguousarray(frames, "<f4").tobytes())
            for meter in (outline, picture, quality):
                meter.process(block)
    if not samples:
        raise AudioFileError(f"{path} holds no sound: it is empty or damaged")
    return Heard(samples / rate, rate, digest.hexdigest(), outline.values(), picture.png(), quality.result())


def digest_of_all(paths: Iterable[Path]) -> str:
    """Return the SHA-256 (hex) of the samples of several files in this order, whatever their names.

    Raises AudioFileError.
    """
    return hashlib.sha256("".join(map(samples_digest, paths)).encode()).hexdigest()


def samples_digest(path: Path) -> str:
    """Return the SHA-256 (hex) of a file's decoded samples. Raises AudioFileError."""
    digest = hashlib.sha256()
    with open_sound(path) as stream:
        for frames in stream.blocks:
            digest.update(np.ascontiguousarray(frames, "<f4").tobytes())
    return digest.hexdigest()
