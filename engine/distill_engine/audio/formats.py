"""The formats that sound files are written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FileFormat:
    """How a suffix is written.

    `encodings` are libsndfile's subtypes by bit depth ("" for a lossy format). `rates` (Hz) are the
    only ones it takes, if any are given; others are resampled to the last. `compression` is 0
    (best) to 1, for a lossy format without a quality of its own.
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
FORMATS: Mapping[str, FileFormat] = {
    "wav": FileFormat("WAV", {**_PCM, "32f": "FLOAT"}),
    "aiff": FileFormat("AIFF", {**_PCM, "32f": "FLOAT"}),
    "caf": FileFormat("CAF", {**_PCM, "32f": "FLOAT"}),
    "flac": FileFormat("FLAC", _PCM, max_channels=8),
    "mp3": FileFormat("MP3", {"": "MPEG_LAYER_III"}, _MP3_RATES_HZ, 2, 0.1),
    "ogg": FileFormat("OGG", {"": "VORBIS"}, max_channels=8, compression=0.2),
    "opus": FileFormat("OGG", {"": "OPUS"}, (8000, 12000, 16000, 24000, 48000), 8, 0.4),
}
ALIASES = {"wave": "wav", "aif": "aiff", "aifc": "aiff", "oga": "ogg"}
