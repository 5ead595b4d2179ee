"""`distill model info|verify|list|delete|slim|map`: look at model files, check them, tidy up."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.analyse import register_map

if TYPE_CHECKING:
    from distill_engine.modelfile import ModelFile
    from distill_engine.modelfile.verify import FileCheck


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Adds `model` and its actions."""
    model = subparsers.add_parser("model", help="look at, check and tidy up model files")
    actions = model.add_subparsers(metavar="ACTION", required=True)
    info = _action(actions, common, "info", run_info, "what a model is: corpus, training, vocoders, controls, parts")
    info.add_argument("--plots", type=Path, metavar="DIR", help="draw its corpus and controls as pictures into DIR")
    _action(
        actions, common, "verify", run_verify, "check every byte, every weight and every graph; fails (1) on any fault"
    )
    delete = _action(actions, common, "delete", run_delete, "delete a model file; asks first")
    delete.add_argument("--yes", action="store_true", help="do not ask")
    slim = _action(actions, common, "slim", run_slim, "drop the state for resuming the training, to share the model")
    slim.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write a slim copy, the model itself staying whole"
    )
    listing = actions.add_parser("list", parents=[common], help="models that can be called by name")
    listing.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="look here instead of in the library")
    listing.set_defaults(run=run_list)
    register_map(actions, common)


def _action(actions: Any, common: argparse.ArgumentParser, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, parents=[common], help=text)
    parser.add_argument("model", metavar="MODEL", help="model name or .distillgan file")
    parser.set_defaults(run=run)
    return parser


def _find(args: argparse.Namespace) -> Path:
    from distill_engine.library.lookup import find_model

    return find_model(args.model, allow_paths=True)


def run_info(args: argparse.Namespace) -> int:
    """Shows what the manifest says; reads no weights."""
    from distill_control.cli.support.model_view import describe, show_info
    from distill_control.cli.support.output import emit
    from distill_engine.modelfile import ModelFile

    with ModelFile.open(_find(args)) as file:
        data = describe(file)
        if args.plots is not None:
            data["plots"] = [str(path) for path in _plots(file, args.plots)]
    emit(args, data, lambda console: show_info(console, data))
    return 0


def _plots(file: ModelFile, folder: Path) -> list[Path]:
    from distill_engine.errors import AnalysisError
    from distill_engine.library.folders import ensure

    if "analysis" not in file.parts:
        raise AnalysisError(f"{file.path}: was not analysed: run `distill analyse MODEL CORPUS` first")
    from distill_engine.analysis.plots import write_plots

    return write_plots(file.read_part("analysis"), file.manifest.analysis, ensure(folder))


def run_verify(args: argparse.Namespace) -> int:
    """0 if nothing is wrong with the file; else every fault, and an error."""
    from distill_control.cli.support.model_view import show_findings
    from distill_control.cli.support.output import emit
    from distill_engine.errors import ModelFileError
    from distill_engine.modelfile import ModelFile

    path = _find(args)
    with ModelFile.open(path) as file:
        findings = list(check_all(file))
    faults = [finding for finding in findings if finding.fault]
    rows = [{"what": finding.what, "ok": not finding.fault, "fault": finding.fault} for finding in findings]
    data = {"path": str(path), "ok": not faults, "checks": rows}
    emit(args, data, lambda console: show_findings(console, findings))
    if faults:
        raise ModelFileError(
            f"{path}: {len(faults)} of {len(findings)} checks failed: copy the file again, or train it again"
        )
    return 0


def check_all(file: ModelFile) -> Iterator[FileCheck]:
    """Every check: the file's bytes, its own consistency, weights against configs, graphs against weights and torch."""
    from importlib.util import find_spec

    from distill_engine.modelfile.verify import FileCheck, check_fit, verify_file

    sound = True
    for finding in verify_file(file):
        sound = sound and finding.fault is None
        yield finding
    if not sound:
        return
    for what, faults in (("manifest", check_fit(file)), ("weights of graphs", _graph_weights(file))):
        sound = sound and not faults
        yield FileCheck(what, "; ".join(faults) or None)
    if sound and find_spec("torch") is not None:
        from distill_engine.rendering.verifying import verify_graphs

        yield FileCheck("networks in torch, and graphs beside them", "; ".join(verify_graphs(file)) or None)


def _graph_weights(file: ModelFile) -> list[str]:
    """Weights that a graph needs and the file lacks, or has in another shape."""
    from distill_engine.errors import ModelFileError
    from distill_engine.inference.graph_weights import find_weight
    from distill_engine.modelfile.verify import checked_graph

    faults = []
    for name in sorted(file.graphs):
        stem = name.removeprefix("runtime/").removesuffix(".onnx")
        part = file.read_part(stem if stem.startswith("vocoder/") else "model")
        for weight, shape in checked_graph(file, name)[1].weights.items():
            try:
                found = find_weight(weight, part).shape
            except ModelFileError as error:
                faults.append(f"{name}: {error}")
                continue
            if found != shape:
                faults.append(f"{name}: weight {weight!r} has the shape {list(found)}, the graph takes {list(shape)}")
    return faults


def run_list(args: argparse.Namespace) -> int:
    """Shows the library's models and the built-in one."""
    from distill_control.cli.support.model_view import list_row, show_list
    from distill_control.cli.support.output import emit
    from distill_engine.errors import LibraryError
    from distill_engine.library.assets import STARTER, starter_path
    from distill_engine.library.folders import models_dir
    from distill_engine.library.lookup import list_models

    folder = args.folder or models_dir()
    if args.folder is not None and not folder.is_dir():
        raise LibraryError(f"{folder}: no such folder")
    rows = [list_row(model.name, model.path) for model in list_models(folder)]
    if args.folder is None and STARTER not in {row["name"] for row in rows}:
        with contextlib.suppress(LibraryError):  # an installation without the starter lists what there is
            rows.append(list_row(STARTER, starter_path(), built_in=True))
    emit(args, {"folder": str(folder), "models": rows}, lambda console: show_list(console, folder, rows))
    return 0


def run_delete(args: argparse.Namespace) -> int:
    """Deletes one model file. Asks on a terminal; without one `--yes` is needed."""
    from distill_control.cli.support.model_view import size_text
    from distill_control.cli.support.output import ask, emit
    from distill_engine.errors import Cancelled, LibraryError
    from distill_engine.modelfile import SUFFIX, ModelFile

    path = _find(args)
    _own(path)
    if path.suffix.lower() != SUFFIX:
        ModelFile.open(path).close()  # refuses what is no model; a damaged one can be deleted by its suffix
    size = path.stat().st_size
    if not args.yes:
        if not sys.stdin.isatty():
            raise LibraryError(f"{path}: not deleted, there is no terminal to ask on: say --yes")
        if not ask(f"Delete {path} ({size_text(size)})?"):
            raise Cancelled(f"{path} is still there")
    try:
        path.unlink()
    except OSError as error:
        raise LibraryError(
            f"{path}: cannot be deleted ({error.strerror or error}): check the folder's rights"
        ) from error
    emit(args, {"deleted": str(path), "bytes": size}, lambda console: console.print(f"Deleted {path}", markup=False))
    return 0


def run_slim(args: argparse.Namespace) -> int:
    """Removes the parts that only a resumed training needs."""
    from distill_control.cli.support.model_view import size_text
    from distill_control.cli.support.output import emit
    from distill_engine.errors import LibraryError
    from distill_engine.modelfile import ModelFile, update_model
    from distill_engine.modelfile.reader import is_training

    path = _find(args)
    if args.output is None:
        _own(path)
    elif os.path.lexists(args.output):
        raise LibraryError(f"{args.output}: exists already, nothing is overwritten: choose another name")
    with ModelFile.open(path) as file:
        removed = sorted(part for part in file.parts if is_training(part))
        before = file.size
    target = args.output or path
    if removed or args.output is not None:
        update_model(path, parts=dict.fromkeys(removed), output=args.output)
    after = target.stat().st_size
    data = {"path": str(target), "before": before, "after": after, "removed": removed}
    what = f"dropped {', '.join(removed)}" if removed else "it had no training state"
    text = f"{target}: {size_text(before)} -> {size_text(after)} ({what})"
    emit(args, data, lambda console: console.print(text, markup=False, soft_wrap=True))
    return 0


def _own(path: Path) -> None:
    """Raise LibraryError for a file that belongs to the installation."""
    from distill_engine.errors import LibraryError
    from distill_engine.library.assets import assets_dir

    if path.resolve().parent == assets_dir().resolve():
        raise LibraryError(f"{path}: belongs to Distill itself: it stays as it is")
