"""Measure the loudness of a model's performances by source and seed.

    python benchmarks/levels.py [MODEL] [--seeds 6] [--seconds 60]

Every performance is rendered with the command that a user would type; its loudness is gated as in
ITU-R BS.1770-5.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from harness.benchmark import Benchmark, Column, Pivot, Table

SOURCES = ("drift", "corpus")
LOW_DB, HIGH_DB = -18.0, -14.0
BENCHMARK = Benchmark(
    "levels",
    "Levels: loudness of performances",
    [
        Table(
            "loudness",
            f"Gated loudness in dB by source and seed. Meant are {LOW_DB:.0f} to {HIGH_DB:.0f}.",
            (
                Column("model", "model"),
                Column("source", "source"),
                Column("seconds", "s", "g"),
                Column("seed", "seed", "d"),
                Column("loudness_db", "loudness, dB", ".1f"),
                Column("distance_db", "outside by, dB", ".1f"),
            ),
            key=("model", "source", "seed"),
            pivot=Pivot("seed", "seed {}", "{loudness_db:.1f}", ("model", "source", "seconds")),
        )
    ],
)


def loudness(model: str, source: str, seed: int, seconds: float) -> float:
    """Return the gated loudness in dB of one performance."""
    from distill_control.cli.main import main as distill
    from distill_engine.audio.files import read_audio
    from distill_engine.rendering.model_trim import loudness_db

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "performance.wav"
        command = ["render", model, "-o", str(path), "--source", source, "--seed", str(seed)]
        if distill([*command, "--duration", f"{seconds:g}"]):
            raise SystemExit(f"{model} cannot be rendered")
        sound = read_audio(path)
        return loudness_db(sound.samples, sound.sample_rate)


def distance(level_db: float) -> float:
    """Return by how many dB a level lies outside what is meant; 0 within."""
    return max(0.0, LOW_DB - level_db, level_db - HIGH_DB)


def main() -> None:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("model", nargs="?", default="starter", help="a file, or a name in the library")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    with BENCHMARK.run(options) as run:
        for source in SOURCES:
            for seed in range(options.seeds):
                level = loudness(options.model, source, seed, options.seconds)
                about = {"model": Path(options.model).stem, "source": source, "seconds": options.seconds, "seed": seed}
                run.row("loudness", **about, loudness_db=level, distance_db=distance(level))


if __name__ == "__main__":
    main()
