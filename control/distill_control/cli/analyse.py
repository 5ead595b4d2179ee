"""`distill analyse` finds a model's controls; `distill model map` draws the map of its corpus."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from distill_control.cli.batches.batch_options import add_cluster, progress_bar
from distill_control.cli.support.options import seed_number
from distill_engine.system.counting import counted

if TYPE_CHECKING:
    from rich.console import Console

    from distill_engine.dataset.corpus import Corpus
    from distill_engine.rendering.analysing import AnalysisOptions

LEAST_LEAKAGE_SHARE = 0.2  # of the change of the control's own feature: smaller side effects are not shown


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `analyse`."""
    command = subparsers.add_parser(
        "analyse",
        parents=[common],
        description="Encode CORPUS, measure what MODEL synthesises, and store its controls, corpus and map in it. "
        "`distill train` does this at its end.",
    )
    command.add_argument("model", metavar="MODEL", help="model name or .distillgan file, or a folder of such files")
    command.add_argument(
        "corpus", type=Path, metavar="CORPUS", help="folder with the sounds it was trained on, or with other sounds"
    )
    command.add_argument(
        "--seed",
        type=seed_number,
        default=0,
        metavar="S",
        help="seed of the random points that are measured (default 0)",
    )
    command.add_argument("--vocoder", default="auto", metavar="V", help="vocoder to measure through (default auto)")
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="NEW",
        help="leave MODEL as it is and write a new .distillgan file: the same networks with another corpus; "
        "the two blend as mels",
    )
    add_cluster(command)
    command.set_defaults(run=run_analyse)


def register_map(actions: Any, common: argparse.ArgumentParser) -> None:
    """Add `map` to the actions of `distill model`."""
    command = actions.add_parser(
        "map",
        parents=[common],
        help="draw the map of the corpus in latent space",
        description="Draw the 2-D map that /distill/map x y plays. Each dot is a region of a sound; dots close together "
        "sound alike.",
    )
    command.add_argument("model", metavar="MODEL", help="model name or .distillgan file")
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="PICTURE",
        help="picture to write: .png, .svg or .pdf (default MODEL-map.png)",
    )
    command.set_defaults(run=run_map)


def run_analyse(args: argparse.Namespace) -> int:
    """Run `distill analyse`. Raises DistillError."""
    from distill_control.cli.support.output import emit
    from distill_engine.errors import ConfigError

    if Path(args.model).is_dir():
        tables = _analyse_folder(args)
        emit(args, tables, lambda console: console.print(f"{args.model}: {len(tables)} models analysed", markup=False))
        return 0
    if args.cluster is not None:
        raise ConfigError("--cluster is for a folder of models: name one, or leave --cluster out")
    table = _analyse_one(args, args.model)
    emit(args, table, lambda console: show_controls(console, table))
    return 0


def _analyse_folder(args: argparse.Namespace) -> dict[str, Mapping[str, Any]]:
    """Analyse every model below a folder; return the tables by file.

    Raises LibraryError if it holds none, or at its end if some could not be analysed.
    """
    from distill_control.cli.support.output import console_err
    from distill_engine.errors import LibraryError
    from distill_engine.library.lookup import list_models

    models, tables = list_models(Path(args.model)), dict[str, Mapping[str, Any]]()
    if not models or args.output is not None:
        why = "holds no .distillgan file" if not models else "is a folder, and -o names one file: leave -o out"
        raise LibraryError(f"{args.model}: {why}")
    paths = [model.path for model in models]
    for path, done in _analysed_in_turn(args, paths) if args.cluster is None else _analysed_by_cluster(args, paths):
        if "table" in done:
            tables[str(path)] = done["table"]
        else:
            console_err().print(f"left out: {done['reason']}", markup=False, soft_wrap=True)
    if len(tables) < len(models):
        raise LibraryError(f"{args.model}: {len(models) - len(tables)} of {len(models)} models could not be analysed")
    return tables


def _analysed_in_turn(args: argparse.Namespace, paths: list[Path]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield each model with its "table", or the "reason" why it has none."""
    from distill_engine.errors import DistillError

    for path in paths:
        try:
            yield path, {"table": _analyse_one(args, str(path))}
        except DistillError as error:
            yield path, {"reason": str(error)}


def _analysed_by_cluster(args: argparse.Namespace, paths: list[Path]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield what `_analysed_in_turn` yields, each model when a worker is done with it."""
    from distill_engine.rendering.batches.analyse_batch import AnalyseBatch
    from distill_engine.rendering.batches.cluster import Cluster

    with progress_bar("analysing") as (bar, task):
        for count, done in enumerate(
            Cluster(args.cluster).run(AnalyseBatch(args.corpus, args.seed, args.vocoder), paths)
        ):
            bar.update(task, total=len(paths), completed=count + 1)
            yield done


def _analyse_one(args: argparse.Namespace, name: str) -> Mapping[str, Any]:
    """Analyse one model; return the table that its manifest stores. Raises DistillError."""
    from distill_engine.library.lookup import find_model
    from distill_engine.rendering.analysing import AnalysisOptions
    from distill_engine.rendering.model_corpus import corpus_of_model

    path = find_model(name, allow_paths=True)
    corpus = corpus_of_model(args.corpus, 0, path)
    with _target(path, args.output) as target:
        return analyse_model(target, corpus, AnalysisOptions(args.seed, args.vocoder), as_json=args.json)


@contextmanager
def _target(model: Path, output: Path | None) -> Iterator[Path]:
    """Yield the file to analyse: the model itself, or a copy that becomes `output` at the end."""
    from dataclasses import replace

    from distill_control.cli.support.paths import check_output_folder
    from distill_engine.errors import LibraryError
    from distill_engine.library.lookup import MODEL_SUFFIX, new_name
    from distill_engine.modelfile import update_model
    from distill_engine.system.atomic_write import copy_into, replacing

    if output is None:
        check_output_folder(model.resolve())
        yield model
        return
    if output.suffix != MODEL_SUFFIX:
        raise LibraryError(f"{output}: a model file is named NAME{MODEL_SUFFIX}")
    if output.exists() or not output.parent.is_dir():
        why = "exists already, nothing is overwritten" if output.exists() else "the folder does not exist"
        raise LibraryError(f"{output}: {why}: choose another name with -o")
    check_output_folder(output)
    name = new_name(output)
    with TemporaryDirectory(prefix="distill-") as folder, replacing(output) as file:
        copy = Path(folder) / output.name
        shutil.copyfile(model, copy)
        update_model(copy, manifest=lambda old: replace(old, name=name))
        yield copy
        copy_into(file, copy)


def analyse_model(path: Path, corpus: Corpus, options: AnalysisOptions, *, as_json: bool = False) -> Mapping[str, Any]:
    """Analyse a model file, with progress on stderr; return the table that its manifest stores."""
    from distill_control.cli.support.analysis_view import AnalysisView
    from distill_engine.rendering.analysing import analyse_model_file

    with AnalysisView(as_json=as_json) as view:
        return analyse_model_file(path, corpus, options, view)


def show_controls(console: Console, table: Mapping[str, Any]) -> None:
    """Print the `analysis` table of a manifest: controls, those withheld with the reason, notes."""
    from rich.table import Table

    from distill_engine.system.names import printable_line

    rows = Table(box=None, pad_edge=False)
    for title in ("control", "follows", "from", "to", "safe range", "also moves"):
        rows.add_column(title, justify="right" if title in ("follows", "from", "to") else "left")
    for control in table.get("controls", []):
        rows.add_row(*(printable_line(cell) for cell in _control_cells(control)))
    if rows.row_count:
        console.print(rows)
        used = {control["unit"] for control in table.get("controls", [])}
        units = "; ".join(f"{unit}: {text}" for unit, text in _UNITS.items() if unit in used)
        console.print(_CONTROLS_LEGEND, units, markup=False, style="dim")
    for entry in table.get("withheld", []):
        console.print(f"not offered: {entry['reason']}", markup=False)
    for note in table.get("notes", []):
        console.print(note, markup=False)


_CONTROLS_LEGEND = (
    "follows: how reliably the sound follows the control (rank correlation rho; 1 is always). "
    "from, to: measured at -1 and at 1. safe range: values at which the model sounds like its corpus. "
    "also moves (leakage): other features that change with it, in % of its own change; from 20 %."
)
_UNITS = {
    "LUFS": "loudness level, 0 is full scale",
    "Cam": "step of the ERB-rate scale, on which the ear divides frequencies",
    "asper-like": "roughness, 0 is smooth",
}
"""Units of features that need an explanation."""


def _control_cells(control: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the table row of one control."""
    safe = "{:g} to {:g}".format(*control["safe"])
    strongest = sorted(control["leakage"].items(), key=lambda item: -abs(item[1]))[:3]
    leaks = ", ".join(f"{name} {share:+.0%}" for name, share in strongest if abs(share) >= LEAST_LEAKAGE_SHARE)
    if not control.get("measured", True):
        return control["name"], "", "", "", safe, f"{control['description']} (not measured here)"
    if control["kind"] == "character":
        return control["name"], "", "", "", safe, control["description"]
    low, high = (f"{control[end]:.1f} {control['unit']}" for end in ("low", "high"))
    return control["name"], f"{control['rho']:.2f}", low, high, safe, leaks


def run_map(args: argparse.Namespace) -> int:
    """Run `distill model map`. Raises AnalysisError if the model has no map, ConfigError."""
    from distill_control.cli.support.output import emit
    from distill_control.cli.support.paths import check_picture
    from distill_engine.analysis.map import LatentMap
    from distill_engine.analysis.plots import draw_map
    from distill_engine.library.lookup import find_model
    from distill_engine.modelfile import ModelFile

    path = find_model(args.model, allow_paths=True)
    output = args.output or path.with_name(f"{path.stem}-map.png")
    check_picture(output)
    with ModelFile.open(path) as file:
        arrays = file.read_part("analysis") if "analysis" in file.parts else {}
        clips = list(file.manifest.analysis.get("clips", []))
    plane = LatentMap.from_part(arrays)
    draw_map(plane, clips, output)
    result = {
        "picture": str(output),
        "regions": len(plane.clips),
        "clips": len(clips),
        "stress": round(plane.stress, 3),
    }
    text = (
        f"{output}: {counted(result['regions'], 'region')} of {counted(len(clips), 'sound')}; "
        f"stress {plane.stress:.2f} (how far the flat map distorts distances; 0 is not at all)"
    )
    emit(args, result, lambda console: console.print(text, markup=False, soft_wrap=True))
    return 0
