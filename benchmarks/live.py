"""Measure how fast, how soon and how safely the engine plays, from inside and from outside.

    python benchmarks/live.py [--only hops,notes,latency,input,disturbances,chord,start] [--vocoder hifigan] [--quick]

* hops: time of a block of synthesis by vocoder, block size and backend, in processes of their own;
  --baseline COMMIT measures the code of an old commit beside it
* notes: time of a hop while one to eight notes sound at once
* latency: from an OSC message leaving its sender to the first sample of its effect on a JACK server
  (dummy driver, 48 kHz, period 256), recorded by a client outside the engine: for the gain, which
  comes last, and for a control that goes through model and vocoder
* input: from an attack at the live input to its sound
* disturbances: underruns and discontinuities under a flood of 2,000 messages a second, a Python
  thread that spins in the control process, vocoder changes, and all of it at once
* chord: underruns, hops and notes while eight notes with pitches, bends and glides play
* start: from the command to the first sample that is heard, memory, and whether torch is loaded
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from harness.benchmark import Benchmark, Column, Run, Table
from live_support import chord, cold_start, disturbances, hops, latency, note_times
from live_support.disturbances import EVERYTHING, Load, run_disturbed
from live_support.jack_server import available

CASES = {
    "nothing else": Load(),
    "2,000 OSC messages a second": Load(rate=2000),
    "a Python thread spins in the control process": Load(spinning=True),
    "10 vocoder changes a minute": Load(swaps=True),
    "all of it at once": EVERYTHING,
}
DISTURBANCES = Table(
    "disturbances",
    "Each disturbance alone, and all at once: what the engine counted and what was heard outside.",
    (Column("vocoder", "vocoder"), Column("case", "beside"), *disturbances.COLUMNS),
    key=("vocoder", "case"),
)
BENCHMARK = Benchmark(
    "live",
    "Live: hops, latency, start",
    [
        hops.TABLE,
        note_times.TABLE,
        latency.TABLE,
        latency.INPUT_TABLE,
        DISTURBANCES,
        chord.TABLE,
        cold_start.TABLE,
    ],
)


def measure_disturbances(run: Run, model: Path, options: argparse.Namespace) -> None:
    """Play under each load in turn."""
    seconds = 10 if options.quick else options.seconds
    with tempfile.TemporaryDirectory(prefix="live-bench-") as folder:
        for name, load in CASES.items():
            found = run_disturbed(model, options.vocoder, seconds, Path(folder), load)
            run.row("disturbances", vocoder=options.vocoder, case=name, **found)


SECTIONS: dict[str, Callable[[Run, Path, argparse.Namespace], None]] = {
    "hops": hops.measure,
    "notes": note_times.measure,
    "latency": latency.measure,
    "input": latency.measure_input,
    "disturbances": measure_disturbances,
    "chord": chord.measure,
    "start": cold_start.measure,
}


def main() -> int:
    """Run the sections asked for."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--model", type=Path, help="default: the built-in starter")
    parser.add_argument("--quick", action="store_true", help="three minutes instead of forty")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, separated by commas")
    parser.add_argument("--seconds", type=float, default=120.0, help="length of each disturbance")
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the chord, of the default vocoder")
    parser.add_argument("--vocoder", default="hifigan", help="vocoder of the sections that need a device")
    parser.add_argument("--baseline", metavar="COMMIT", help="hops: measure this commit's code too")
    options = parser.parse_args()
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(SECTIONS):
        parser.error(f"--only: no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    from live_support.playable import model_to_play

    with BENCHMARK.run(options) as run, tempfile.TemporaryDirectory(prefix="live-model-") as folder:
        model = model_to_play(options.model, Path(folder))
        for name in chosen:
            if name not in ("hops", "notes") and not available():
                print(f"{name}: not measured, jackd is not installed", file=sys.stderr)
                continue
            SECTIONS[name](run, model, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
