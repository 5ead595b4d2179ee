"""Resynthesise a recording through model and vocoder, or through the vocoder alone, into a file."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.encoding import file_rate, write_audio
from distill_engine.audio.files import read_audio
from distill_engine.audio.levels import peak_db, rms_db
from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.resampling import resample
from distill_engine.library.history.recipe_tags import tags_of
from distill_engine.rendering.loaded_model import LoadedModel
from distill_engine.rendering.recipe import resynth_recipe
from distill_engine.rendering.render import RenderTarget


@dataclass(frozen=True)
class ResynthResult:
    """What was written. Levels are in dB of full scale, `speed` in seconds of sound per second.

    `log_mel_error` is the mean distance of the output's log-mel from the input's, in nat. `made` is
    the recipe.
    """

    path: Path
    seconds: float
    sample_rate: int
    peak_db: float
    rms_db: float
    log_mel_error: float
    speed: float
    vocoder: str
    reason: str
    notes: tuple[str, ...]
    made: Mapping[str, Any] = field(default_factory=dict)


def resynth(model: LoadedModel, source: Path, output: RenderTarget, *, mel_only: bool = False) -> ResynthResult:
    """Resynthesise a sound file to the same length. Raises AudioFileError or VocoderError."""
    sound = read_audio(source, sample_rate=model.sample_rate, mono=True)
    samples = np.ascontiguousarray(sound.samples[0])
    started = time.monotonic()
    made = model.copy_synthesise(samples) if mel_only else model.resynthesise(samples)
    elapsed = max(time.monotonic() - started, 1e-9)
    made = _within_full_scale(made)
    recipe = resynth_recipe(model, samples.tobytes(), mel_only)
    rate = file_rate(output.path, output.sample_rate, output.format)
    written = write_audio(
        output.path,
        resample(made, model.sample_rate, rate) if rate != model.sample_rate else made,
        rate,
        bit_depth=output.bit_depth,
        format=output.format,
        tags=tags_of(recipe, f"{source.name} through {model.manifest.name}"),
    )
    choice = model.choice()
    seconds = len(made) / model.sample_rate
    return ResynthResult(
        written.path,
        seconds,
        written.sample_rate,
        peak_db(made),
        rms_db(made),
        _log_mel_error(samples, made),
        seconds / elapsed,
        choice.name,
        choice.reason,
        (*sound.notes, *model.drain_notes()),
        recipe,
    )


def _within_full_scale(samples: Float32Array) -> Float32Array:
    """Return the samples [T], scaled down as a whole if their peak would clip."""
    peak = float(np.abs(samples).max(initial=0.0))
    return samples * np.float32(0.999 / peak) if peak > 0.999 else samples


def _log_mel_error(source: Float32Array, made: Float32Array) -> float:
    return float(np.abs(mel_spectrogram(source) - mel_spectrogram(made)).mean())
