"""Compare the smallest block of a decoder shaped like RAVE v2 with ours, in turns in one run.

    python benchmarks/rave.py [--rounds 5] [--seconds 8] [--model FILE] [--quick]

RAVE's decoder makes 2,048 samples at a time: one frame of latents. measures/rave_probe.py is a
decoder of its causal shape with random weights, run by TorchScript as nn~ runs it. Ours is the
whole hop of a playing model with `vocos`: source, decoder, vocoder, output; for 2,048 samples too,
and for its smallest block. Each measurement is a process of its own.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.benchmark import Benchmark, Column, Table
from live_support import programs

RATE, HOP, FRAME, TAPS = 44_100, 512, 2_048, 512
"""Hz; samples of our hop, of RAVE's frame, and of the prototype of its bank."""
RAVE, OURS, VOCODER = "RAVE v2 causal, our probe", "Distill, vocos", "vocos"
ROUNDS, SECONDS, QUICK_SECONDS = 5, 8.0, 1.0
LIMIT_SECONDS = 300
Figures = Mapping[str, float]
Case = tuple[str, int, int]
"""What plays, its threads, and the samples of its block."""
CASES: tuple[Case, ...] = ((RAVE, 1, FRAME), (RAVE, 2, FRAME), (OURS, 1, FRAME), (OURS, 1, HOP))
BENCHMARK = Benchmark(
    "rave",
    "RAVE: its smallest block beside ours",
    [
        Table(
            "blocks",
            "Time of a block, back to back, in turns in one run: medians of the rounds' p50 and p99, the longest of all. "
            "RAVE is no program of its authors here: a probe of our own has the shape of its decoder (configurations v2 "
            "and causal, capacity 96, arXiv 2111.05011) and random weights, in TorchScript; its encoder, a host and a "
            "trained model are not measured, nor how either sounds. Ours is a hop of the playing starter, from source to "
            "output. Latency: the block, its p50, and the delay of bank or vocoder; no device, no buffer of a host.",
            (
                Column("what", "what"),
                Column("threads", "threads", "d"),
                Column("samples", "samples", "d"),
                Column("block_ms", "sound, ms", ".1f"),
                Column("p50_ms", "p50, ms", ".2f"),
                Column("p99_ms", "p99", ".2f"),
                Column("max_ms", "max", ".2f"),
                Column("factor", "share of the sound", ".3f"),
                Column("delay_ms", "delay, ms", ".1f"),
                Column("latency_ms", "latency, ms", ".1f"),
            ),
            key=("what", "threads", "samples"),
        ),
        Table(
            "ratios",
            "The same, ours on one thread against the probe: how many times as many blocks of 2,048 samples in a time "
            "(medians of the rounds, and the least and most), and how many of our smallest blocks are as long as its.",
            (
                Column("threads", "threads of the probe", "d"),
                Column("times_faster", "times as fast", ".1f"),
                Column("slowest_round", "least", ".1f"),
                Column("fastest_round", "most", ".1f"),
                Column("block_ratio", "block, times as long", ".1f"),
                Column("latency_ratio", "latency, times as long", ".1f"),
            ),
            key=("threads",),
        ),
    ],
)


def timed(case: Case, model: Path, seconds: float) -> dict[str, float]:
    """Return the figures of one measurement, in a process of its own. Raises SystemExit."""
    what, threads, samples = case
    words: list[object] = ["--threads", threads, "--seconds", seconds]
    if what == RAVE:
        command = [sys.executable, "-m", "measures.rave_probe", *map(str, words)]
    else:
        command = programs.command("hop_times", model.resolve(), VOCODER, *words, "--block", samples // HOP)
    done = subprocess.run(
        command, env=programs.environment(), capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS
    )
    if done.returncode:
        raise SystemExit(f"{what}: {done.stderr[-500:]}")
    return dict(json.loads(done.stdout))


def combined(case: Case, rounds: Sequence[Figures], delay_ms: float) -> dict[str, Any]:
    """Return the row of a case from its rounds; `delay_ms` comes beside its block."""
    what, threads, samples = case
    block = 1e3 * samples / RATE
    p50, p99 = (statistics.median(each[name] for each in rounds) for name in ("p50_ms", "p99_ms"))
    return {
        "what": what,
        "threads": threads,
        "samples": samples,
        "block_ms": block,
        "p50_ms": p50,
        "p99_ms": p99,
        "max_ms": max(each["max_ms"] for each in rounds),
        "factor": p50 / block,
        "delay_ms": delay_ms,
        "latency_ms": block + p50 + delay_ms,
    }


def ratios(
    threads: int, probe: Sequence[Figures], ours: Sequence[Figures], probe_row: Figures, small_row: Figures
) -> dict[str, float]:
    """Return how much faster and shorter our blocks are, from rounds of equal blocks, and rows.

    `small_row` is that of our smallest block.
    """
    faster = [their["p50_ms"] / our["p50_ms"] for their, our in zip(probe, ours, strict=True)]
    return {
        "threads": threads,
        "times_faster": statistics.median(faster),
        "slowest_round": min(faster),
        "fastest_round": max(faster),
        "block_ratio": probe_row["block_ms"] / small_row["block_ms"],
        "latency_ratio": probe_row["latency_ms"] / small_row["latency_ms"],
    }


def measure(
    rounds: int, delays: Mapping[str, float], time_case: Callable[[Case], dict[str, float]]
) -> tuple[list[dict[str, Any]], list[dict[str, float]]]:
    """Return the rows of both tables from so many rounds; in each every case has its turn."""
    found: dict[Case, list[dict[str, float]]] = {case: [] for case in CASES}
    for number in range(rounds):
        for case in CASES if number % 2 else reversed(CASES):
            found[case].append(time_case(case))
    rows = {case: combined(case, found[case], delays[case[0]]) for case in CASES}
    small, equal = (OURS, 1, HOP), found[OURS, 1, FRAME]
    probes = [case for case in CASES if case[0] == RAVE]
    against = [ratios(case[1], found[case], equal, rows[case], rows[small]) for case in probes]
    return list(rows.values()), against


def our_delay_ms(model: Path) -> float:
    """Return the delay of the model's vocoder in ms."""
    from distill_engine.synthesis.instrument import prepare_instrument

    instrument = prepare_instrument(model, VOCODER)
    if (instrument.hop, instrument.sample_rate) != (HOP, RATE):
        raise SystemExit(f"{model}: its hop of {instrument.hop} samples at {instrument.sample_rate} Hz is not compared")
    return 1e3 * instrument.delay_samples / instrument.sample_rate


def main() -> int:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each measurement")
    parser.add_argument("--model", type=Path, help="default: the built-in starter")
    parser.add_argument("--quick", action="store_true", help="two rounds of a second each")
    options = parser.parse_args()
    if find_spec("torch") is None:
        print("rave: not measured, torch is not installed", file=sys.stderr)
        return 0
    from live_support.playable import model_to_play

    rounds, seconds = (2, QUICK_SECONDS) if options.quick else (options.rounds, options.seconds)
    with BENCHMARK.run(options) as run, tempfile.TemporaryDirectory(prefix="rave-model-") as folder:
        model = model_to_play(options.model, Path(folder))
        delays = {RAVE: 1e3 * TAPS / 2 / RATE, OURS: our_delay_ms(model)}
        blocks, against = measure(rounds, delays, lambda case: timed(case, model, seconds))
        for row in blocks:
            run.row("blocks", **row)
        for row in against:
            run.row("ratios", **row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
