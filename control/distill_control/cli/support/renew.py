"""`distill model renew`: today's graphs for a model file of an earlier Distill."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def add_renew_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `distill model renew`."""
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write the renewed copy to FILE and keep MODEL as it is"
    )


def renew(args: argparse.Namespace, path: Path) -> int:
    """Renew the graphs of the model at `path` and say what changed. Raises DistillError."""
    from distill_control.cli.support.model_view import size_text
    from distill_control.cli.support.output import emit
    from distill_engine.errors import LibraryError
    from distill_engine.training.graphs.renewing import renew_graphs

    if args.output is not None and os.path.lexists(args.output):
        raise LibraryError(f"{args.output}: exists already, nothing is overwritten: choose another name")
    graphs = renew_graphs(path, args.output)
    target = args.output or path
    lines = [
        f"{target}: {graph.name} {size_text(graph.before)} -> {size_text(graph.after)}"
        for graph in graphs
        if graph.changed
    ]
    if lines:
        lines.append(
            "Takes played with the old graphs sound the same, but for roundings. Where vocos now comes sooner, "
            "they differ by about as much as two vocoders."
        )
    else:
        lines = [f"{target}: has today's graphs already, nothing changed"]
    data = {"path": str(target), "graphs": [vars(graph) for graph in graphs]}
    emit(args, data, lambda console: console.print("\n".join(lines), markup=False, soft_wrap=True))
    return 0
