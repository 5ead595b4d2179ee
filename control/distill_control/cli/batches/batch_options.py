"""The options of batches, and what their commands share."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.options import integer_in, port_number, positive_integer
from distill_engine.system.names import printable

if TYPE_CHECKING:
    from rich.progress import Progress

    from distill_engine.rendering.batches.pool import Workers
    from distill_engine.rendering.batches.variations import Varied

MOST_FILES, MOST_WORKERS = 100_000, 256  # of a batch; more processes would serve no machine


def add_batch(parser: argparse.ArgumentParser) -> None:
    """Add the options of a batch that `render` and `resynth` share."""
    parser.add_argument(
        "--skip-existing", action="store_true", help="leave files of a batch that are there as they are, and go on"
    )
    parser.add_argument(
        "--workers",
        type=integer_in(1, MOST_WORKERS),
        metavar="N",
        help="processes of a batch, each with one thread (default: one per core)",
    )
    add_cluster(parser)


def add_cluster(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a cluster."""
    parser.add_argument(
        "--cluster",
        type=cluster,
        metavar="ADDRESS",
        help="workers of a Dask cluster: tcp://HOST:PORT of its scheduler, or local:N for N new ones on this machine",
    )


def cluster(text: str) -> str:
    """Read the address of a cluster."""
    kind, _, rest = text.partition(":")
    host, _, port = rest.removeprefix("//").rpartition(":")
    try:
        if kind == "local":
            integer_in(1, MOST_WORKERS)(rest)
            return text
        if kind in ("tcp", "tls") and rest.startswith("//") and host:
            port_number(port)
            return text
    except argparse.ArgumentTypeError:
        pass
    raise argparse.ArgumentTypeError(
        f"'{printable(text)}' is no cluster: give tcp://HOST:PORT, tls://HOST:PORT, or local:N with N from 1 to {MOST_WORKERS}"
    )


def workers_of(args: argparse.Namespace, folder: Path | None) -> Workers:
    """Return what does the tasks of a batch; `folder` is that of its results.

    Raises ConfigError for options that exclude each other.
    """
    from distill_engine.errors import ConfigError
    from distill_engine.rendering.batches.cluster import Cluster
    from distill_engine.rendering.batches.pool import Pool

    if args.cluster is None:
        return Pool(args.workers)
    if args.workers is not None:
        raise ConfigError("--workers and --cluster exclude each other: a cluster has its own workers")
    return Cluster(args.cluster, folder)


def add_variations(parser: argparse.ArgumentParser) -> None:
    """Add the options of a batch of variations."""
    parser.add_argument(
        "--count",
        type=positive_integer("a number of files", "20", MOST_FILES),
        metavar="N",
        help="write N files into the folder -o, with the seeds from --seed on, and manifest.jsonl",
    )
    parser.add_argument(
        "--vary",
        type=varied,
        action="append",
        default=[],
        metavar="NAME=LOW:HIGH",
        help="a control, or an address such as map/x or latent/3, that differs from file to file (Latin hypercube)",
    )
    parser.add_argument(
        "--grid", action="store_true", help="vary over all combinations of evenly spaced values instead"
    )


def varied(text: str) -> Varied:
    """Read NAME=LOW:HIGH."""
    from distill_engine.rendering.batches.variations import Varied

    name, _, span = text.rpartition("=")
    low, _, high = span.partition(":")
    try:
        one = Varied(name, float(low), float(high))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=LOW:HIGH, such as brightness=-1:1") from None
    if not name or not one.low < one.high:
        raise argparse.ArgumentTypeError(f"{text!r}: give a name, and LOW below HIGH, such as brightness=-1:1")
    return one


@contextmanager
def progress_bar(what: str) -> Iterator[tuple[Progress, Any]]:
    """Yield a bar on stderr that counts files and shows the time left, and its task."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from distill_control.cli.support.output import console_err

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn("files, left"), TimeRemainingColumn())
    console = console_err()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar, bar.add_task(what, total=None)
