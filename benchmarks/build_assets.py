"""Make what ships inside the package: `base.distillgan` (base vocoders) and `starter.distillgan`.

    python benchmarks/build_assets.py base --kind vocos --minutes 80 --work build/assets
    python benchmarks/build_assets.py base --kind hifigan --minutes 90 --work build/assets
    python benchmarks/build_assets.py base --kind hifigan --minutes 90 --work build/assets --onward
    python benchmarks/build_assets.py pack --work build/assets
    python benchmarks/build_assets.py starter --work build/assets
    python benchmarks/build_assets.py head --hrtf kemar.npz
    python benchmarks/build_assets.py all

`base` trains a base vocoder (--onward: from the shipped one; a training that was stopped goes
on), `pack` halves the weights and adds graphs and provenance, `starter` makes the starter, `head`
the head's responses from those that were measured, `all` does everything else. Training uses the
clips of benchmarks/corpus (CC0 and MIT, sources beside them), widened by augmentation and by sounds
made by formula. `pack` writes the held-out figures of the shipped vocoders to
results/build_assets.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from harness.benchmark import Benchmark, Column, Table

KINDS = ("vocos", "hifigan")
BENCHMARK = Benchmark(
    "build_assets",
    "Shipped models",
    [
        Table(
            "bases",
            "The shipped base vocoders on the clips held out from their training.",
            (
                Column("kind", "kind"),
                Column("clips", "clips", "d"),
                Column("steps", "steps", ",d"),
                Column("minutes", "trained, min", ".0f"),
                Column("log_mel", "log-mel L1 (nat)", ".3f"),
                Column("mr_stft", "MR-STFT", ".3f"),
            ),
            key=("kind",),
        ),
        Table(
            "files",
            "Sizes of the shipped files.",
            (Column("file", "file"), Column("megabytes", "MB", ".1f")),
            key=("file",),
        ),
    ],
)


def main() -> None:
    """Build what is asked for."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("what", choices=("base", "pack", "starter", "head", "all"))
    parser.add_argument("--hrtf", type=Path, help="head: the measured responses")
    parser.add_argument("--kind", choices=KINDS, default="vocos")
    parser.add_argument("--minutes", type=float, default=80.0)
    parser.add_argument("--work", type=Path, default=Path("build/assets"))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--onward", action="store_true", help="base: begin with the shipped weights")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=NUMBER", help="base, on a GPU: other settings")
    parser.add_argument("--note", default="", help="pack: what the provenance says besides")
    build(parser.parse_args())


def build(options: argparse.Namespace) -> None:
    """Train and pack."""
    from asset_builders.base_vocoders import BaseTraining, pack
    from asset_builders.starter import make_starter

    if options.what == "base":
        changes = {name: json.loads(value) for name, value in (text.split("=", 1) for text in options.set)}
        BaseTraining(
            options.kind, options.minutes, options.work, options.device, onward=options.onward, changes=changes
        ).run()
    if options.what == "all":
        for kind in KINDS:
            BaseTraining(kind, options.minutes, options.work, options.device).run()
    if options.what in ("pack", "all"):
        with BENCHMARK.run(options) as run:
            pack(run, options.work, options.note)
    if options.what in ("starter", "all"):
        make_starter(options.work)
    if options.what == "head":
        from asset_builders.head_responses import write_head
        from distill_engine.library.assets import assets_dir

        print(f"RMS error of the magnitudes: {write_head(options.hrtf, assets_dir() / 'head.npz'):.2f} dB")


if __name__ == "__main__":
    main()
