"""Measure notes: pitch, sharpness of attacks and steps on glides, on first versions of three corpora.

    python benchmarks/notes.py [--corpora struck,bowed]

Each key is pressed for 0.7 s. `cents` is the median of what is heard (YIN) less the key, of frames
with a pitch; `voiced` the share of those. `rise` is the time in which the level (3 ms smoothed)
climbs from 20 to 3 dB below the attack's peak. `step` is the largest step between two samples of a
glide over two octaves, over that of the same sound held at its highest pitch.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from attacks import level_db
from harness.benchmark import Benchmark, Column, Run, Table
from measures.rendered_corpora import MELODIC, render_corpus
from transfer import first_version

if TYPE_CHECKING:
    from distill_engine.synthesis.instrument import Instrument

OFFSETS = (-24, -12, -5, 0, 7, 12, 24)  # semitones from the corpus's middle pitch
NOTE_HOPS, REST_HOPS = 60, 40
RATE = 44_100  # Hz
BENCHMARK = Benchmark(
    "notes",
    "Notes: keys against what is heard",
    [
        Table(
            "keys",
            "Keys around the middle pitch of a corpus: the place that plays, what is heard, and how quickly it begins.",
            (
                Column("corpus", "corpus"),
                Column("offset", "semitones from the middle", "+d"),
                Column("moved", "transposed by", "+.1f"),
                Column("cents", "cents off", "+.0f"),
                Column("voiced", "voiced", ".2f"),
                Column("rise_ms", "rise, ms", ".1f"),
            ),
            key=("corpus", "offset"),
        ),
        Table(
            "transposed",
            "The same sound, moved as a whole: how quickly attacks rise, and the largest step of a glide.",
            (
                Column("corpus", "corpus"),
                Column("rise_ms", "rise at 0, ms", ".1f"),
                Column("rise_up_ms", "rise at +12, ms", ".1f"),
                Column("step", "step of a glide", ".2f"),
            ),
            key=("corpus",),
        ),
    ],
)


def measure(run: Run, name: str, work: Path) -> None:
    """Play keys and glides on a corpus's first version."""
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.synthesis.instrument import prepare_instrument

    corpus = load_corpus(render_corpus(name, work))
    instrument = prepare_instrument(first_version(corpus, work / f"{name}.distillgan"))
    assert instrument.search is not None
    pitches = instrument.search.pitches[instrument.search.attacks]
    middle = round(float(np.median(pitches[pitches > 0])))
    for offset in OFFSETS:
        moved, samples = played(instrument, middle + offset)
        cents, voiced = heard(samples)
        run.row(
            "keys",
            corpus=name,
            offset=offset,
            moved=moved,
            cents=100 * (cents - middle - offset),
            voiced=voiced,
            rise_ms=rise_ms(samples),
        )
    plain, up = (walked(instrument, [semitones] * 400) for semitones in (0.0, 12.0))
    glide = walked(instrument, [0.0] * 100 + list(np.linspace(-12, 12, 200)) + [12.0] * 100)
    steps = [float(np.abs(np.diff(sound)).max()) for sound in (glide, up)]
    run.row(
        "transposed", corpus=name, rise_ms=rise_ms(plain), rise_up_ms=rise_ms(up), step=steps[0] / max(steps[1], 1e-9)
    )


def played(instrument: Instrument, key: int) -> tuple[float, np.ndarray]:
    """Return the semitones from the place to a key, and the key's sound [T], mono."""
    from distill_engine.synthesis.synth import Synth

    synth = Synth(instrument, seed=key)
    synth.note(0, 1)
    synth.note(0, 0)
    synth.render(REST_HOPS)
    synth.note(key, 100)
    sound = synth.render(NOTE_HOPS).mean(axis=0)
    return key - synth._mixer.main.sources.pitch, sound


def walked(instrument: Instrument, semitones: list[float]) -> np.ndarray:
    """Return a walk [T], mono, with a transposition for each hop."""
    from distill_engine.synthesis.synth import Synth

    synth, parts = Synth(instrument, seed=3), []
    for value in semitones:
        synth.set("/distill/pitch", value)
        parts.append(synth.render(1).mean(axis=0))
    return np.concatenate(parts)


def heard(samples: np.ndarray) -> tuple[float, float]:
    """Return the median pitch of samples [T] as a MIDI note number, and the share of frames with one."""
    from distill_engine.analysis.features import spectral, tonal

    frames = spectral.frames_of(samples.astype(np.float32), tonal.WINDOW, 512)[8:-10]
    notes, confidence = tonal.pitch(frames, RATE)
    sure = confidence > 0.8
    return float(np.median(notes[sure])) if sure.any() else float("nan"), float(sure.mean())


def rise_ms(samples: np.ndarray) -> float:
    """Return the median time of samples [T] from 20 to 3 dB below the peak of an attack."""
    level, times, at = level_db(samples), [], 0
    window = round(0.1 * RATE)
    while at + window < len(level):
        stretch = level[at : at + window]
        peak = int(np.argmax(stretch))
        if stretch[0] > stretch[peak] - 25 or stretch[peak] < -60:
            at += window // 10
            continue
        above = stretch[: peak + 1]
        low, high = (int(np.flatnonzero(above < stretch[peak] - db)[-1]) for db in (20, 3))
        times.append(1e3 * (high - low) / RATE)
        at += window + peak
    return float(np.median(times)) if times else float("nan")


def main() -> None:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--corpora", default=",".join(MELODIC))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    with BENCHMARK.run(options) as run, tempfile.TemporaryDirectory() as folder:
        for name in options.corpora.split(","):
            measure(run, name, Path(folder))


if __name__ == "__main__":
    main()
