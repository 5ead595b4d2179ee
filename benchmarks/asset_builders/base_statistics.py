"""Mean, covariance and loudest values of the base corpus's mel frames, for skeletons."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from distill_engine.analysis.stretches.skeleton import frame_statistics
from distill_engine.audio.files import read_audio
from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.mel_config import DEFAULT_MEL


def write_base_statistics(folder: Path, output: Path) -> int:
    """Write the statistics of all frames of a folder's FLAC files; return the number of frames."""
    paths = sorted(folder.glob("*.flac"))
    sounds = (read_audio(path, sample_rate=DEFAULT_MEL.sample_rate, mono=True).samples[0] for path in paths)
    found = frame_statistics((mel_spectrogram(sound) for sound in sounds), heard=False)
    if found is None:
        raise SystemExit(f"{folder}: no sounds")
    arrays = {"mean": found.mean, "covariance": found.covariance, "loudest": found.loudest}
    np.savez(output, count=found.count, **{name: array.astype(np.float32) for name, array in arrays.items()})
    return found.count
