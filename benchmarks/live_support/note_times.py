"""Time a hop while several notes sound: the growth from one note to eight."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from distill_engine.synthesis.instrument import prepare_instrument
from distill_engine.synthesis.synth import Synth
from distill_engine.vocabulary.table import MOST_VOICES
from harness.benchmark import Column, Run, Table

HOPS = 1500
"""Hops that are timed for each number of notes."""
FIRST_KEY, KEYS_APART = 52, 3
"""Keys of the chord, MIDI note numbers."""
TABLE = Table(
    "notes",
    "Time of a hop while notes sound at once, each an attack of the starter's sounds near its key, in ms.",
    (
        Column("vocoder", "vocoder"),
        Column("notes", "notes", "d"),
        Column("p50_ms", "p50, ms", ".2f"),
        Column("p99_ms", "p99", ".2f"),
        Column("max_ms", "max", ".2f"),
        Column("per_note_ms", "ms a note", ".2f"),
    ),
    key=("vocoder", "notes"),
)


def measure(run: Run, model: Path, options: argparse.Namespace) -> None:
    """Time a hop with one to eight notes, by vocoder."""
    hops = HOPS // 5 if options.quick else HOPS
    for vocoder in ("vocos", "hifigan"):
        instrument = prepare_instrument(model, vocoder)
        for notes in range(1, MOST_VOICES + 1):
            synth = Synth(instrument, seed=1)
            synth.keys.set_voices(MOST_VOICES)
            times = note_times(synth, notes, hops)
            p50, p99 = np.percentile(times, (50, 99)) * 1e3
            longest = float(times.max()) * 1e3
            found = {"p50_ms": p50, "p99_ms": p99, "max_ms": longest, "per_note_ms": p50 / notes}
            run.row("notes", vocoder=vocoder, notes=notes, **found)


def note_times(synth: Synth, notes: int, hops: int) -> np.ndarray:
    """Return the times [hops] in seconds of single hops while `notes` keys are held.

    The keys are struck again twice a second, so that attacks are among the hops.
    """
    keys = [FIRST_KEY + KEYS_APART * number for number in range(notes)]
    times = np.empty(hops)
    for hop in range(-40, hops):
        if hop % 43 == 0 or hop == -40:
            for key in keys:
                synth.note(key, 100)
        began = time.perf_counter()
        synth.render(1)
        if hop >= 0:
            times[hop] = time.perf_counter() - began
    return times
