"""Play for an hour under everything at once, and count the underruns and the breaks heard.

    python benchmarks/soak.py [--minutes 60] [--model FILE] [--vocoder hifigan] [--calm]

Beside the engine: 2,000 OSC messages a second from a process of its own, a program that never
rests, ten vocoder changes a minute, four OSC clients, a WebSocket client, a MIDI controller and a
page in Chromium that do things at random. One engine plays all the time. It records itself and a
take, a JACK client outside records what is heard; both are compared with the engine's own recording
sample by sample, in pieces of ten minutes, after the last one. An idle C client on the same server
shows what the machine does to every client. A bystander, a thread above the synth's priority that
only wakes, was late during the underruns "of the machine"; there is one on each core.
`--calm` leaves out the flood and the busy program.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from harness.benchmark import Benchmark, Column, Table
from live_support.disturbances import COLUMNS, Load, run_pieces
from live_support.jack_server import available

PIECE_SECONDS = 600
BENCHMARK = Benchmark(
    "soak",
    "Soak: everything at once",
    [
        Table(
            "random",
            "Four OSC clients, a WebSocket client, a MIDI controller and a page that do things at random, ten vocoder changes a minute, "
            "and unless calm 2,000 OSC messages a second and another program that never rests; by piece of ten minutes. "
            "A take of each piece was rendered and compared with what was played. Memory is that of the engine's "
            "processes at the end of a piece.",
            (
                Column("vocoder", "vocoder"),
                Column("calm", "calm"),
                Column("piece", "piece", "d"),
                *COLUMNS,
                Column("underruns_machine", "underruns of the machine", ".0f"),
                Column("bystander_ms", "bystander late, ms", ".0f"),
                Column("take_share", "take rendered as played", ".2%"),
                Column("resident_mb", "memory, MB", ".0f"),
                Column("descriptors_more", "more descriptors", "d"),
            ),
            key=("vocoder", "calm"),
        ),
        Table(
            "pieces",
            "Measured before: 2,000 OSC messages a second, a spinning Python thread in the control process and ten vocoder "
            "changes a minute; what the engine counted, and what a JACK client outside heard, by piece of ten minutes.",
            (Column("vocoder", "vocoder"), Column("piece", "piece", "d"), *COLUMNS),
            key=("vocoder",),
        ),
    ],
)


def main() -> int:
    """Run piece after piece; return 1 if there was an underrun of the engine, or a take differs."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--model", type=Path, help="default: the built-in starter")
    parser.add_argument("--vocoder", default="vocos")
    parser.add_argument("--calm", action="store_true", help="without the flood and the busy program")
    options = parser.parse_args()
    if not available():
        print("soak: not measured, jackd is not installed", file=sys.stderr)
        return 0
    from live_support.playable import model_to_play

    load = Load(rate=0 if options.calm else 2000, swaps=True, players=True, busy=not options.calm)
    seconds, faults = 60 * options.minutes, 0.0
    pieces = [min(PIECE_SECONDS, seconds - start) for start in range(0, round(seconds), PIECE_SECONDS)]
    with BENCHMARK.run(options) as run, tempfile.TemporaryDirectory(prefix="soak-") as folder:
        os.environ["DISTILL_HOME"] = folder
        model = model_to_play(options.model, Path(folder))
        for number, piece in enumerate(run_pieces(model, options.vocoder, pieces, Path(folder), load), 1):
            run.row("random", vocoder=options.vocoder, calm="yes" if options.calm else "no", piece=number, **piece)
            faults += piece["underruns"] - piece["underruns_machine"] + (piece["take_share"] < 1.0)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
