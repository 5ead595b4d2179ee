"""Does a vocoder sound at its own frame rate, and at the right pitch? A mel that stands still, or nearly, must not become a tone of 86 Hz.

    python benchmarks/held.py [--json FILE]

Three sounds (a sine of 440 Hz, a harmonic tone of 220 Hz, white noise) go through the base vocoders as they are and with one mel frame
held; then the starter drifts for 20 s. The figure is how much the sound repeats after one hop of 512 samples: the correlation of
pieces of 4,096 samples with what comes a hop later, the median; beside it the sound's own. Near 1 where the sound's own is not: a buzz.
Then noise: how much its spectrum over 12 s differs between neighbouring bins of 5.4 Hz, where noise's own hardly does (a comb: a
metallic sound), copied and with its mean mel held. Then sines go through the base vocoders and Griffin-Lim: by how many cents their
strongest partial is off, by how many dB their level.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import machine
from quality import base_vocoders, griffin_lim

from distill_engine.audio.files import read_audio
from distill_engine.audio.mel import mel_spectrogram

RATE, HOP, PIECE = 44100, 512, 4096
SECONDS = 3
RIPPLE_HERTZ = (130.0, 1300.0, 4300.0, 10800.0)
SINES = (82.4, 110.0, 165.0, 220.0, 440.0, 1000.0, 2500.0, 5000.0)


def repeats(samples: np.ndarray, lag: int = HOP) -> float:
    """Median correlation [-1, 1] of pieces with what comes `lag` samples later; silent pieces count for nothing."""
    found = []
    for start in range(0, len(samples) - PIECE - lag, PIECE):
        a, b = samples[start : start + PIECE], samples[start + lag : start + lag + PIECE]
        power = float(np.dot(a, a) * np.dot(b, b))
        if power > 1e-6:
            found.append(float(np.dot(a, b)) / power**0.5)
    return float(np.median(found)) if found else 0.0


def sounds() -> dict[str, np.ndarray]:
    t = np.arange(SECONDS * RATE // HOP * HOP) / RATE
    harmonic = sum(0.1 / k * np.sin(2 * np.pi * 220 * k * t) for k in range(1, 20))
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(t))
    made = {"sine 440 Hz": 0.2 * np.sin(2 * np.pi * 440 * t), "harmonic tone 220 Hz": harmonic, "white noise": noise}
    return {name: np.asarray(x, np.float32) for name, x in made.items()}


def pitch_and_level(samples: np.ndarray, hertz: float) -> tuple[float, float]:
    """How far the strongest partial within an octave is from `hertz` (cents), and the level (dB) of a sine of amplitude 0.2."""
    piece = np.asarray(samples, np.float64)[RATE // 2 : RATE // 2 + 65536]
    power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 4 * len(piece))) ** 2
    frequencies = np.fft.rfftfreq(4 * len(piece), 1 / RATE)
    power[(frequencies < hertz / 2) | (frequencies > hertz * 2)] = 0
    cents = 1200 * np.log2(frequencies[power.argmax()] / hertz)
    return float(cents), float(10 * np.log10(np.mean(np.square(piece)) / 0.02))


def tones(runs: dict[str, Any]) -> list[dict[str, object]]:
    """One row a vocoder, printed: cents and dB for every sine."""
    print(f"\n| vocoder | {' | '.join(f'{f:g} Hz' for f in SINES)} |\n|---|{'---|' * len(SINES)}", flush=True)
    t = np.arange(SECONDS * RATE // HOP * HOP) / RATE
    rows: list[dict[str, object]] = []
    for name, run in runs.items():
        found = []
        for hertz in SINES:
            sine = (0.2 * np.sin(2 * np.pi * hertz * t)).astype(np.float32)
            found.append(pitch_and_level(run(mel_spectrogram(sine)), hertz))
        rows.append({"vocoder": name, "cents": [c for c, _ in found], "level_db": [d for _, d in found]})
        print(f"| {name} | {' | '.join(f'{c:+.0f} ct, {d:+.1f} dB' for c, d in found)} |", flush=True)
    return rows


def ripple(samples: np.ndarray) -> list[float]:
    """Deviation of the mean power spectrum from its own smooth course (the mean of 101 bins), as a share, between RIPPLE_HERTZ."""
    pieces = np.lib.stride_tricks.sliding_window_view(samples[RATE:], 2 * PIECE)[::2048]
    power = np.square(np.abs(np.fft.rfft(pieces * np.hanning(2 * PIECE)))).mean(0)
    share = power / np.convolve(power, np.ones(101) / 101, "same")
    at = [round(hertz * 2 * PIECE / RATE) for hertz in RIPPLE_HERTZ]
    return [float(share[low:high].std()) for low, high in pairwise(at)]


def combs(runs: dict[str, Any]) -> list[dict[str, object]]:
    """One row a vocoder, printed: the ripple of noise itself, copied and held."""
    names = [f"{low:g} to {high:g} Hz" for low, high in pairwise(RIPPLE_HERTZ)]
    print(f"\n| white noise | {' | '.join(names)} |\n|---|{'---|' * len(names)}", flush=True)
    noise = (0.1 * np.random.default_rng(0).standard_normal(12 * RATE // HOP * HOP)).astype(np.float32)
    mel = mel_spectrogram(noise)
    heard = {"itself": noise}
    for name, run in runs.items():
        heard[f"{name}, copied"] = run(mel)
        heard[f"{name}, held"] = run(np.repeat(mel.mean(1, keepdims=True), mel.shape[1], 1))
    rows: list[dict[str, object]] = []
    for name, samples in heard.items():
        found = ripple(np.asarray(samples, np.float64))
        rows.append({"noise": name, "ripple": found})
        print(f"| {name} | {' | '.join(f'{r:.2f}' for r in found)} |", flush=True)
    return rows


def main() -> None:
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(
        f"{machine()}\n\n| vocoder | sound | its own | copied | log-mel L1 (nat) | one frame held |\n|---|---|---|---|---|---|"
    )
    rows: list[dict[str, object]] = []
    runs: dict[str, Any] = {"Griffin-Lim 60": griffin_lim}
    for kind, run in base_vocoders().items():
        runs[f"base {kind}"] = run
        for name, sound in sounds().items():
            mel = mel_spectrogram(sound)
            copy, held = run(mel), run(np.repeat(mel[:, 100:101], mel.shape[1], 1))
            error = float(np.abs(mel_spectrogram(np.asarray(copy, np.float32)) - mel)[:, 20:-20].mean())
            figures = [repeats(x[RATE:]) for x in (sound, copy, held)]
            rows.append({"vocoder": kind, "sound": name, "own": figures[0], "copied": figures[1], "held": figures[2]})
            print(
                f"| {kind} | {name} | {figures[0]:.2f} | {figures[1]:.2f} | {error:.3f} | {figures[2]:.2f} |",
                flush=True,
            )
        drift = repeats(starter(kind))
        rows.append({"vocoder": kind, "sound": "starter, drift", "copied": drift})
        print(f"| {kind} | the starter's drift, 20 s | | {drift:.2f} | | |", flush=True)
    rows += combs(runs)
    rows += tones(runs)
    if args.json:
        args.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1))


def starter(kind: str) -> np.ndarray:
    """20 s of the starter's drift through a base vocoder: its middle channel."""
    from distill_control.cli.main import main as distill

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drift.wav"
        if distill(["render", "starter", "-o", str(path), "--source", "drift", "--duration", "20", "--vocoder", kind]):
            raise SystemExit("the starter cannot be rendered")
        return np.asarray(read_audio(path).samples.mean(axis=0))


if __name__ == "__main__":
    main()
