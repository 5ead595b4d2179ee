"""Plays for an hour (or --minutes N) under everything at once, and counts what was heard to break.

    python benchmarks/soak.py [--minutes 60] [--model FILE] [--vocoder hifigan] [--json]

2,000 OSC messages a second from a process of its own, a Python thread that spins in the control process, ten vocoder changes a minute.
The engine records itself, a JACK client outside records what is heard; both are compared sample by sample, ten minutes at a time. An
idle C client on the same server shows what the machine does to everybody.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from live import describe_disturbed, run_disturbed
from live_tools import machine, model_to_play, write_results

PIECE_SECONDS = 600


def main() -> int:
    """Runs piece after piece; 1 if there was an underrun or a break that the machine does not explain."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--vocoder", default="hifigan")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results: dict = {"machine": machine(), "pieces": []}
    rows: list[tuple[str, str]] = []
    end = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        model = model_to_play(options.model, Path(folder))
        while (left := end - time.monotonic()) > 5:
            seconds = min(PIECE_SECONDS, left)
            piece = run_disturbed(model, options.vocoder, seconds, Path(folder), rate=2000, spinning=True, swaps=True)
            results["pieces"].append(piece)
            rows.append((f"piece {len(rows) + 1}, {seconds:.0f} s", describe_disturbed(piece)))
            print(rows[-1][1], file=sys.stderr, flush=True)
    underruns = sum(piece["underruns"] for piece in results["pieces"])
    breaks = sum(piece["breaks"] for piece in results["pieces"])
    results |= {"underruns": underruns, "breaks": breaks}
    rows.append(("all", f"{underruns:.0f} underruns, {breaks} breaks in {options.minutes:g} minutes"))
    write_results(results, f"Soak: {model.name}", options.json, rows)
    return 1 if underruns or breaks else 0


if __name__ == "__main__":
    sys.exit(main())
