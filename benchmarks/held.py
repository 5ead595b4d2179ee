"""Measure whether a vocoder hums at its frame rate, makes noise metallic, or misses a pitch.

    python benchmarks/held.py

* repeats: a sine of 440 Hz, a harmonic tone of 220 Hz and white noise go through the base
  vocoders as they are and with one mel frame held; then the starter drifts for 20 s. The figure
  is the median correlation of pieces of 4,096 samples with the sound one hop (512 samples) later,
  beside the original's own. Near 1 where the original's is not: a hum at 86 Hz.
* ripple: how much the spectrum of noise over 12 s differs between neighbouring bins of 5.4 Hz,
  copied and with its mean mel held. Noise itself hardly differs; a comb is a metallic sound.
* sines: by how many cents the strongest partial of a copied sine is off, by how many dB its
  level.
"""

from __future__ import annotations

import tempfile
import warnings
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.benchmark import Benchmark, Column, Pivot, Run, Table

if TYPE_CHECKING:
    from measures.vocoders import Vocode

RATE, HOP, PIECE = 44100, 512, 4096
SECONDS, NOISE_SECONDS, DRIFT_SECONDS = 3, 12, 20
HELD_FRAME = 100
RIPPLE_HERTZ = (130.0, 1300.0, 4300.0, 10800.0)
SINES_HERTZ = (55.0, 65.4, 82.4, 98.0, 110.0, 130.0, 147.0, 165.0, 220.0, 440.0, 1000.0, 2500.0, 5000.0)
SINE_LEVEL = 0.2
BENCHMARK = Benchmark(
    "held",
    "Held sounds: hum, comb, pitch",
    [
        Table(
            "repeats",
            "Correlation of a sound with itself one hop later, -1 to 1. A copy near 1 where the original is "
            "not hums at the frame rate.",
            (
                Column("vocoder", "vocoder"),
                Column("sound", "sound"),
                Column("own", "original", ".2f"),
                Column("copied", "copied", ".2f"),
                Column("log_mel", "log-mel L1 (nat)", ".3f"),
                Column("held", "one frame held", ".2f"),
            ),
            key=("vocoder", "sound"),
        ),
        Table(
            "ripple",
            "Deviation of the mean spectrum of white noise from its own smooth course, as a share, by frequency band. "
            "0 is smooth.",
            (Column("noise", "white noise"), Column("band", "band"), Column("ripple", "ripple", ".2f")),
            key=("noise",),
            pivot=Pivot("band", "{}", "{ripple:.2f}", ("noise",)),
        ),
        Table(
            "sines",
            "Copied sines: how far the strongest partial is off, and the level.",
            (
                Column("vocoder", "vocoder"),
                Column("hertz", "Hz", "g"),
                Column("cents", "cents", "+.0f"),
                Column("level_db", "dB", "+.1f"),
            ),
            key=("vocoder",),
            pivot=Pivot("hertz", "{:g} Hz", "{cents:+.0f} ct, {level_db:+.1f} dB", ("vocoder",)),
        ),
    ],
)


def repeats(samples: np.ndarray, lag: int = HOP) -> float:
    """Return the median correlation [-1, 1] of pieces with the sound `lag` samples later.

    Silent pieces are left out.
    """
    found = []
    for start in range(0, len(samples) - PIECE - lag, PIECE):
        a, b = samples[start : start + PIECE], samples[start + lag : start + lag + PIECE]
        power = float(np.dot(a, a) * np.dot(b, b))
        if power > 1e-6:
            found.append(float(np.dot(a, b)) / power**0.5)
    return float(np.median(found)) if found else 0.0


def seconds_of(count: int) -> np.ndarray:
    """Return the times in s of `count` seconds of whole hops."""
    return np.arange(count * RATE // HOP * HOP) / RATE


def sounds() -> dict[str, np.ndarray]:
    """Return the three sounds [T] by name."""
    t = seconds_of(SECONDS)
    harmonic = sum(0.1 / k * np.sin(2 * np.pi * 220 * k * t) for k in range(1, 20))
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(t))
    sine = SINE_LEVEL * np.sin(2 * np.pi * 440 * t)
    made = {"sine 440 Hz": sine, "harmonic tone 220 Hz": harmonic, "white noise": noise}
    return {name: np.asarray(x, np.float32) for name, x in made.items()}


def pitch_and_level(samples: np.ndarray, hertz: float) -> tuple[float, float]:
    """Return how far a copied sine [T] is off.

    The distance of the strongest partial within an octave from `hertz` in cents, and the level
    in dB of that of the original.
    """
    piece = np.asarray(samples, np.float64)[RATE // 2 : RATE // 2 + 65536]
    power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 4 * len(piece))) ** 2
    frequencies = np.fft.rfftfreq(4 * len(piece), 1 / RATE)
    power[(frequencies < hertz / 2) | (frequencies > hertz * 2)] = 0
    cents = 1200 * np.log2(frequencies[power.argmax()] / hertz)
    return float(cents), float(10 * np.log10(np.mean(np.square(piece)) / (SINE_LEVEL**2 / 2)))


def ripple(samples: np.ndarray) -> list[float]:
    """Return the ripple of the mean power spectrum between RIPPLE_HERTZ, as a share.

    It is the standard deviation from the spectrum's own smooth course, the mean of 101 bins.
    """
    pieces = np.lib.stride_tricks.sliding_window_view(samples[RATE:], 2 * PIECE)[::2048]
    power = np.square(np.abs(np.fft.rfft(pieces * np.hanning(2 * PIECE)))).mean(0)
    share = power / np.convolve(power, np.ones(101) / 101, "same")
    at = [round(hertz * 2 * PIECE / RATE) for hertz in RIPPLE_HERTZ]
    return [float(share[low:high].std()) for low, high in pairwise(at)]


def measure_repeats(run: Run, bases: dict[str, Vocode]) -> None:
    """Fill the first table."""
    from distill_engine.audio.mel import mel_spectrogram

    for kind, vocoder in bases.items():
        for name, sound in sounds().items():
            mel = mel_spectrogram(sound)
            held = np.repeat(mel[:, HELD_FRAME : HELD_FRAME + 1], mel.shape[1], 1)
            copy, still = vocoder(mel), vocoder(held)
            error = float(np.abs(mel_spectrogram(np.asarray(copy, np.float32)) - mel)[:, 20:-20].mean())
            own, copied, kept = (repeats(x[RATE:]) for x in (sound, copy, still))
            run.row("repeats", vocoder=kind, sound=name, own=own, copied=copied, log_mel=error, held=kept)
        run.row("repeats", vocoder=kind, sound="the starter's drift, 20 s", copied=repeats(starter_drift(kind)))


def measure_ripple(run: Run, runs: dict[str, Vocode]) -> None:
    """Fill the table of noise."""
    from distill_engine.audio.mel import mel_spectrogram

    bands = [f"{low:g} to {high:g} Hz" for low, high in pairwise(RIPPLE_HERTZ)]
    noise = (0.1 * np.random.default_rng(0).standard_normal(len(seconds_of(NOISE_SECONDS)))).astype(np.float32)
    mel = mel_spectrogram(noise)
    heard = {"itself": noise}
    for name, vocoder in runs.items():
        heard[f"{name}, copied"] = vocoder(mel)
        heard[f"{name}, held"] = vocoder(np.repeat(mel.mean(1, keepdims=True), mel.shape[1], 1))
    for name, samples in heard.items():
        for band, share in zip(bands, ripple(np.asarray(samples, np.float64)), strict=True):
            run.row("ripple", noise=name, band=band, ripple=share)


def measure_sines(run: Run, runs: dict[str, Vocode]) -> None:
    """Fill the table of sines."""
    from distill_engine.audio.mel import mel_spectrogram

    t = seconds_of(SECONDS)
    for name, vocoder in runs.items():
        for hertz in SINES_HERTZ:
            sine = (SINE_LEVEL * np.sin(2 * np.pi * hertz * t)).astype(np.float32)
            cents, level = pitch_and_level(vocoder(mel_spectrogram(sine)), hertz)
            run.row("sines", vocoder=name, hertz=hertz, cents=cents, level_db=level)


def starter_drift(kind: str) -> np.ndarray:
    """Return 20 s of the starter's drift [T] through a base vocoder, both channels mixed."""
    from distill_control.cli.main import main as distill
    from distill_engine.audio.files import read_audio

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drift.wav"
        command = ["render", "starter", "-o", str(path), "--source", "drift", "--duration", str(DRIFT_SECONDS)]
        if distill([*command, "--vocoder", kind]):
            raise SystemExit("the starter cannot be rendered")
        return np.asarray(read_audio(path).samples.mean(axis=0))


def main() -> None:
    """Run the benchmark on one thread."""
    options = BENCHMARK.parser(__doc__).parse_args()
    warnings.simplefilter("ignore")
    import torch

    from measures.vocoders import base_vocoders, griffin_lim

    torch.set_num_threads(1)
    bases = base_vocoders()
    runs = {"Griffin-Lim 60": griffin_lim, **{f"base {kind}": vocoder for kind, vocoder in bases.items()}}
    with BENCHMARK.run(options) as run:
        run.conditions["torch_threads"] = 1
        measure_repeats(run, bases)
        measure_ripple(run, runs)
        measure_sines(run, runs)


if __name__ == "__main__":
    main()
