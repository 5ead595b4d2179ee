"""Check that no input from outside does more than be taken or refused.

    python benchmarks/fuzz.py [--inputs 100000] [--messages 1000000] [--seed 0] [--variations 19]
                              [--kind NAME ...]

Hypothesis makes the inputs: it knows the structure of each format, and changes bytes of some.
Each may be followed by variations of its bytes. An error other than the reader's own ends the run
with the smallest input that shows it.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time

from fuzz_support import file_kinds, network_kinds, sound_kinds
from fuzz_support.kinds import fuzz
from harness.benchmark import Benchmark, Column, Table

KINDS = {kind.name: kind for kind in (*network_kinds.KINDS, *file_kinds.KINDS, *sound_kinds.KINDS)}
MESSAGES = "OSC messages"
BENCHMARK = Benchmark(
    "fuzz",
    "Fuzzing: input from outside",
    [
        Table(
            "kinds",
            "Inputs that their readers took or refused in one line; none did anything else.",
            (
                Column("kind", "kind"),
                Column("inputs", "inputs", ",d"),
                Column("seconds", "time, s", ",.0f"),
            ),
            key=("kind",),
        )
    ],
)


def main() -> int:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="of each kind")
    parser.add_argument("--messages", type=int, default=1_000_000, help="of OSC")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--variations", type=int, default=19, help="of each example's bytes, counted as inputs")
    parser.add_argument("--kind", action="append", choices=tuple(KINDS), help="only these")
    options = parser.parse_args()
    with BENCHMARK.run(options) as run, tempfile.TemporaryDirectory() as folder:
        os.environ["DISTILL_HOME"] = folder
        for name in options.kind or KINDS:
            began = time.monotonic()
            wanted = options.messages if name == MESSAGES else options.inputs
            inputs = fuzz(KINDS[name], wanted, options.seed, options.variations)
            run.row("kinds", kind=name, inputs=inputs, seconds=round(time.monotonic() - began, 1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
