"""Compare sounds that are there: entries of the history, and sound files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from distill_control.cli.compare.page import LONGEST_SECONDS, ComparedSound
from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.files import read_audio
from distill_engine.audio.measuring.distances import distances
from distill_engine.audio.measuring.quality import QualityMeter
from distill_engine.audio.resampling import resample
from distill_engine.errors import ConfigError

if TYPE_CHECKING:
    from distill_engine.library.renders import RenderEntry

RATE_HZ = 44100  # at which distances are measured
MOST_SOUNDS = 9  # of a comparison: one key each
TITLES = {
    "snr_db": "SNR (dB)",
    "spectral_convergence": "spectral convergence",
    "log_mel": "log-mel L1 (nat)",
    "mr_stft": "MR-STFT",
    "zimtohrli": "zimtohrli (MOS)",
}


def sounds_of(things: Sequence[str]) -> list[ComparedSound]:
    """Return the sounds of entries and files, each with its distance from the first.

    Raises LibraryError, AudioFileError, ConfigError.
    """
    if not 2 <= len(things) <= MOST_SOUNDS:
        raise ConfigError(f"give 2 to {MOST_SOUNDS} sounds, or one with --vocoders A,B: {len(things)} were given")
    return measured([_sound(thing) for thing in things])


def through_vocoders(entry: RenderEntry, vocoders: Sequence[str], args: argparse.Namespace) -> list[ComparedSound]:
    """Render an entry's performance through each vocoder, into files beside the page.

    Raises DistillError.
    """
    from distill_control.cli.history.again import adapted, made_anew, parsed

    sounds = []
    for vocoder in vocoders:
        options = parsed(entry)
        adapted(options, entry, vocoder=vocoder, as_json=args.json)
        options.output, options.format, options.bit_depth = args.output / f"{vocoder}.wav", "wav", None
        made_anew(options)
        sounds.append((vocoder, *_read(options.output), options.output.name))
    return measured(sounds)


def measured(sounds: Sequence[tuple[str, Float32Array, int, str]]) -> list[ComparedSound]:
    """Return sounds (name, samples [ch, T], rate in Hz, file) with quality and distances."""
    reference = _mono(*sounds[0][1:3])
    found = []
    for index, (name, samples, rate, link) in enumerate(sounds):
        meter = QualityMeter(rate, len(samples))
        meter.process(samples)
        quality = meter.result()
        far = distances(reference, _mono(samples, rate)) if index else {}
        figures: dict[str, Any] = {
            "loudness (LUFS)": quality.lufs,
            "peak (dB)": quality.peak_db,
            "up to (kHz)": round(quality.bandwidth_hz / 1000, 1),
            "quality": "; ".join(quality.remarks) or "good",
            **{f"{title} from {sounds[0][0]}": far[key] for key, title in TITLES.items() if far.get(key) is not None},
        }
        found.append(ComparedSound(name, samples, rate, quality.lufs, figures, link))
    return found


def _sound(thing: str) -> tuple[str, Float32Array, int, str]:
    """Return the name, samples [ch, T] and rate of a sound file or an entry's sound."""
    from distill_engine.library.renders import RenderStore

    if Path(thing).is_file():
        return (Path(thing).name, *_read(Path(thing)), "")
    store = RenderStore()
    entry = store.find(thing)
    return (entry.title, *_read(store.sound(entry.id)), "")


def _read(path: Path) -> tuple[Float32Array, int]:
    sound = read_audio(path)
    if len(sound.samples) > 2:
        raise ConfigError(f"{path}: has {len(sound.samples)} channels: one or two can be compared")
    return sound.samples[:, : round(LONGEST_SECONDS * sound.sample_rate)], sound.sample_rate


def _mono(samples: Float32Array, rate: int) -> Float32Array:
    """Return samples [ch, T] as one channel [T] at RATE_HZ."""
    mixed = np.ascontiguousarray(samples.mean(axis=0))
    return mixed if rate == RATE_HZ else resample(mixed, rate, RATE_HZ)
