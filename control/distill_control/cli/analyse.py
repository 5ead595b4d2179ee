"""`distill analyse MODEL CORPUS` and `distill model map MODEL`: find a model's controls, draw the map of its corpus."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from distill_engine.dataset.corpus import Corpus


COPY_BYTES = 1 << 20


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Adds `analyse`."""
    command = subparsers.add_parser(
        "analyse", parents=[common], help="find the controls and the map of a model",
        description="Encode CORPUS, listen to MODEL, and store its controls, corpus and map in it. "
        "`distill train` does this at its end.",
    )  # fmt: skip
    command.add_argument("model", metavar="MODEL", help="model name or .distillgan file")
    command.add_argument(
        "corpus", type=Path, metavar="CORPUS", help="folder with the sounds it was trained on, or others"
    )
    command.add_argument(
        "--seed", type=int, default=0, metavar="S", help="seed of the places that are tried (default 0)"
    )
    command.add_argument("--vocoder", default="auto", metavar="V", help="vocoder to listen through (default auto)")
    command.add_argument(
        "-o", "--output", type=Path, metavar="NEW",
        help="leave MODEL as it is and write a new .distillgan file: the same networks on another corpus, which blend in latent space",
    )  # fmt: skip
    command.set_defaults(run=run_analyse)


def register_map(actions: Any, common: argparse.ArgumentParser) -> None:
    """Adds `map` to the actions of `distill model`."""
    command = actions.add_parser(
        "map", parents=[common], help="draw the map of the corpus in latent space",
        description="Draw the 2-D map that /distill/map x y plays: each dot a stretch of a sound, near means alike.",
    )  # fmt: skip
    command.add_argument("model", metavar="MODEL", help="model name or .distillgan file")
    command.add_argument("-o", "--output", type=Path, metavar="PNG", help="picture to write (default MODEL-map.png)")
    command.set_defaults(run=run_map)


def run_analyse(args: argparse.Namespace) -> int:
    """0, or an error."""
    from distill_control.cli.support.output import emit
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.library.folders import cache_dir
    from distill_engine.library.lookup import find_model

    path = find_model(args.model, allow_paths=True)
    corpus = load_corpus(args.corpus, cache_dir=cache_dir())
    with _target(path, args.output) as target:
        table = analyse_model(target, corpus, seed=args.seed, as_json=args.json, vocoder=args.vocoder)
    emit(args, table, lambda console: show_controls(console, table))
    return 0


@contextmanager
def _target(model: Path, output: Path | None) -> Iterator[Path]:
    """Yield the file to analyse: the model itself, or a copy that becomes `output` when all is done."""
    from dataclasses import replace

    from distill_engine.errors import LibraryError
    from distill_engine.library.lookup import MODEL_SUFFIX
    from distill_engine.modelfile import update_model
    from distill_engine.system.atomic_write import replacing, write_all

    if output is None:
        yield model
        return
    if output.suffix != MODEL_SUFFIX:
        raise LibraryError(f"{output}: a model file is named NAME{MODEL_SUFFIX}")
    if output.exists() or not output.parent.is_dir():
        why = "exists already, nothing is overwritten" if output.exists() else "the folder does not exist"
        raise LibraryError(f"{output}: {why}: choose another name with -o")
    with TemporaryDirectory(prefix="distill-") as folder, replacing(output) as file:
        copy = Path(folder) / output.name
        shutil.copyfile(model, copy)
        update_model(copy, manifest=lambda old: replace(old, name=output.stem))
        yield copy
        with copy.open("rb") as done:
            while chunk := done.read(COPY_BYTES):
                write_all(file, chunk)


def analyse_model(
    path: Path, corpus: Corpus, *, seed: int = 0, as_json: bool = False, vocoder: str = "auto"
) -> Mapping[str, Any]:
    """Analyses a model file with progress on stderr; gives the table stored in its manifest."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from distill_control.cli.support.output import console_err
    from distill_engine.analysis.model_prober import AnalysisProgress
    from distill_engine.rendering.analysing import analyse_file

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console_err(), transient=True, disable=as_json) as bar:
        task = bar.add_task("analysing", total=None)

        def progress(event: AnalysisProgress) -> None:
            bar.update(task, description=event.stage, completed=event.done, total=event.total)

        found = analyse_file(path, corpus, seed=seed, vocoder=vocoder, progress=progress)
    return found.to_part()[1]


def show_controls(console: Console, table: Mapping[str, Any]) -> None:
    """The controls of a manifest's `analysis` table with their figures, what is withheld and why, remarks."""
    from rich.markup import escape
    from rich.table import Table

    rows = Table(box=None, pad_edge=False)
    for title in ("control", "rho", "from", "to", "safe", "leaks onto"):
        rows.add_column(title, justify="right" if title in ("rho", "from", "to") else "left")
    for control in table.get("controls", []):
        rows.add_row(*(escape(cell) for cell in _cells(control)))
    if rows.row_count:
        console.print(rows)
    for entry in table.get("withheld", []):
        console.print(f"not offered: {entry['reason']}", markup=False)
    for note in table.get("notes", []):
        console.print(note, markup=False)


def _cells(control: Mapping[str, Any]) -> tuple[str, ...]:
    safe = "{:g} to {:g}".format(*control["safe"])
    strongest = sorted(control["leakage"].items(), key=lambda item: -abs(item[1]))[:3]
    leaks = ", ".join(f"{name} {share:+.0%}" for name, share in strongest if abs(share) >= 0.2)
    if control["kind"] == "character":
        return control["name"], "", "", "", safe, control["description"]
    low, high = (f"{control[end]:.1f} {control['unit']}" for end in ("low", "high"))
    return control["name"], f"{control['rho']:.2f}", low, high, safe, leaks


def run_map(args: argparse.Namespace) -> int:
    """0, or an error where the model has no map."""
    from distill_control.cli.support.output import emit
    from distill_engine.analysis.map import LatentMap
    from distill_engine.analysis.plots import draw_map
    from distill_engine.errors import LibraryError
    from distill_engine.library.lookup import find_model
    from distill_engine.modelfile import ModelFile

    path = find_model(args.model, allow_paths=True)
    with ModelFile.open(path) as file:
        arrays = file.read_part("analysis") if "analysis" in file.parts else {}
        clips = list(file.manifest.analysis.get("clips", []))
    plane = LatentMap.from_part(arrays)
    output = args.output or path.with_name(f"{path.stem}-map.png")
    if not output.parent.is_dir():
        raise LibraryError(f"{output}: the folder does not exist: create it or choose another with -o")
    draw_map(plane, clips, output)
    result = {
        "picture": str(output),
        "regions": len(plane.clips),
        "clips": len(clips),
        "stress": round(plane.stress, 3),
    }
    text = f"{output}: {result['regions']} regions of {len(clips)} sounds, stress {plane.stress:.2f} (0 keeps all distances)"
    emit(args, result, lambda console: console.print(text, markup=False))
    return 0
