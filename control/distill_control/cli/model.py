"""`distill model info|verify|list|delete|slim|renew|map`: describe and manage model files."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.analyse import register_map
from distill_control.cli.support.renew import add_renew_options, renew

if TYPE_CHECKING:
    from distill_engine.modelfile import ModelFile
    from distill_engine.modelfile.verify import FileCheck


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `model` and its actions."""
    model = subparsers.add_parser("model", help="describe, check, list, delete, shrink and renew model files")
    actions = model.add_subparsers(metavar="ACTION", required=True)
    info = _action(actions, common, "info", run_info, "show a model's corpus, training, vocoders, controls and parts")
    info.add_argument("--plots", type=Path, metavar="DIR", help="also draw its corpus and controls into DIR")
    _action(
        actions, common, "verify", run_verify, "check every byte, weight and graph; the exit code is 1 on any fault"
    )
    delete = _action(actions, common, "delete", run_delete, "delete a model file, after a question")
    delete.add_argument("--yes", action="store_true", help="do not ask")
    slim = _action(actions, common, "slim", run_slim, "remove the training state, to share a smaller file")
    slim.add_argument("--forget", action="store_true", help="also remove the path and the map of the sounds")
    slim.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="write a smaller copy to FILE and keep MODEL as it is"
    )
    add_renew_options(
        _action(actions, common, "renew", run_renew, "write today's graphs, which play faster, into a file")
    )
    listing = actions.add_parser("list", parents=[common], help="list the models that can be called by name")
    listing.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="list this folder instead of the library")
    listing.set_defaults(run=run_list)
    register_map(actions, common)


def _action(actions: Any, common: argparse.ArgumentParser, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    """Add one action that takes MODEL; return its parser."""
    parser: argparse.ArgumentParser = actions.add_parser(name, parents=[common], help=text)
    parser.add_argument("model", metavar="MODEL", help="model name or .distillgan file")
    parser.set_defaults(run=run)
    return parser


def _find(args: argparse.Namespace) -> Path:
    from distill_engine.library.lookup import find_model

    return find_model(args.model, allow_paths=True)


def run_info(args: argparse.Namespace) -> int:
    """Run `distill model info`, which reads no weights. Raises DistillError."""
    from distill_control.cli.support.model_view import describe, show_info
    from distill_control.cli.support.output import emit
    from distill_control.cli.support.paths import check_folder
    from distill_engine.modelfile import ModelFile

    if args.plots is not None:
        check_folder(args.plots, "--plots")
    with ModelFile.open(_find(args)) as file:
        data = describe(file)
        if args.plots is not None:
            data["plots"] = [str(path) for path in _plots(file, args.plots)]
    emit(args, data, lambda console: show_info(console, data))
    return 0


def _plots(file: ModelFile, folder: Path) -> list[Path]:
    """Draw the corpus and controls of a model into `folder`; return the files."""
    from distill_engine.errors import AnalysisError
    from distill_engine.library.folders import ensure

    if "analysis" not in file.parts:
        raise AnalysisError(f"{file.path}: has no analysis to draw: run `distill analyse MODEL CORPUS` first")
    from distill_engine.analysis.plots import write_plots
    from distill_engine.analysis.stretches.skeleton import Skeleton
    from distill_engine.modelfile.configs import model_config

    config, skeleton = model_config(file.manifest, str(file.path)), None
    if config.version == 2:
        skeleton = Skeleton.from_part(file.read_part("model"), config.bands, config.latent_dim, str(file.path))
    return write_plots(file.read_part("analysis"), file.manifest.analysis, ensure(folder), skeleton)


def run_verify(args: argparse.Namespace) -> int:
    """Run `distill model verify`. Print every fault; raise ModelFileError if there is one."""
    from distill_control.cli.support.model_view import show_checks
    from distill_control.cli.support.output import emit
    from distill_engine.errors import ModelFileError
    from distill_engine.modelfile import ModelFile

    path = _find(args)
    with ModelFile.open(path) as file:
        checks = list(check_all(file))
    faults = [check for check in checks if check.fault]
    rows = [{"what": check.what, "ok": not check.fault, "fault": check.fault} for check in checks]
    data = {"path": str(path), "ok": not faults, "checks": rows}
    emit(args, data, lambda console: show_checks(console, checks))
    if faults:
        raise ModelFileError(
            f"{path}: {len(faults)} of {len(checks)} checks failed: copy the file again, or train it again"
        )
    return 0


def check_all(file: ModelFile) -> Iterator[FileCheck]:
    """Yield every check of a model file, in this order; the first fault ends the series.

    The checks cover the bytes, weights against configurations, graphs against weights, and graphs
    against the same networks in torch.
    """
    from importlib.util import find_spec

    from distill_engine.modelfile.verify import FileCheck, check_fit, verify_file

    faultless = True
    for check in verify_file(file):
        faultless = faultless and check.fault is None
        yield check
    if not faultless:
        return
    for what, faults in (("manifest", check_fit(file)), ("weights of graphs", _graph_weights(file))):
        faultless = faultless and not faults
        yield FileCheck(what, "; ".join(faults) or None)
    if faultless and find_spec("torch") is not None:
        from distill_engine.rendering.verifying import verify_graphs

        yield FileCheck("graphs compared with the networks in torch", "; ".join(verify_graphs(file)) or None)


def _graph_weights(file: ModelFile) -> list[str]:
    """Return the weights that a graph needs and that the file lacks, or holds in another shape."""
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
    """Run `distill model list`: the library's models and the built-in one. Raises LibraryError."""
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
        with contextlib.suppress(LibraryError):  # an installation without the starter lists the others
            rows.append(list_row(STARTER, starter_path(), built_in=True))
    emit(args, {"folder": str(folder), "models": rows}, lambda console: show_list(console, folder, rows))
    return 0


def run_delete(args: argparse.Namespace) -> int:
    """Run `distill model delete`.

    Ask on a terminal; elsewhere --yes is needed. Raises DistillError.
    """
    from distill_control.cli.support.model_view import size_text
    from distill_control.cli.support.output import ask, emit
    from distill_engine.errors import Cancelled, LibraryError
    from distill_engine.library.trash import Trash
    from distill_engine.modelfile import SUFFIX, ModelFile

    path = _find(args)
    _refuse_installed(path)
    if path.suffix.lower() != SUFFIX:
        ModelFile.open(
            path
        ).close()  # refuses files of another kind; a damaged model with the right suffix can be deleted
    size = path.stat().st_size
    if not args.yes:
        if not sys.stdin.isatty():
            raise LibraryError(f"{path}: not deleted, because there is no terminal to ask on: add --yes")
        if not ask(f"Delete {path} ({size_text(size)})?"):
            raise Cancelled(f"{path} is still there")
    item = Trash().put(path, "model", path.stem)
    text = f"Deleted {path}: `distill trash restore {item.id}` brings it back, `distill trash empty` frees the space"
    data = {"deleted": str(path), "bytes": size, "trash": item.id}
    emit(args, data, lambda console: console.print(text, markup=False, soft_wrap=True))
    return 0


def run_slim(args: argparse.Namespace) -> int:
    """Run `distill model slim`: remove what only a resumed training needs, and the path if asked.

    Raises DistillError.
    """
    from distill_control.cli.support.model_view import HOLDS_SOUNDS, holds_sounds, size_text
    from distill_control.cli.support.output import emit
    from distill_engine.analysis.stretches.path import LEFT
    from distill_engine.errors import LibraryError
    from distill_engine.modelfile import ModelFile, update_model
    from distill_engine.modelfile.reader import is_training
    from distill_engine.rendering.model_trim import store_trim

    path = _find(args)
    if args.output is None:
        _refuse_installed(path)
    elif os.path.lexists(args.output):
        raise LibraryError(f"{args.output}: exists already, nothing is overwritten: choose another name")
    with ModelFile.open(path) as file:
        removed = sorted(part for part in file.parts if is_training(part))
        before, manifest = file.size, file.manifest
        forgotten = _forgotten(file) if args.forget else None
    target = args.output or path
    if forgotten is not None:
        parts, table = forgotten
        manifest = update_model(
            path,
            manifest=lambda old: replace(old, analysis=table),
            parts=parts | dict.fromkeys(removed),
            output=args.output,
        )
        store_trim(target)
    elif removed or args.output is not None:
        update_model(path, parts=dict.fromkeys(removed), output=args.output)
    after, held = target.stat().st_size, holds_sounds(manifest.to_dict())
    data = {"path": str(target), "before": before, "after": after, "removed": removed, "holds_sounds": held}
    what = f"removed {', '.join(removed)}" if removed else "it had no training state"
    lines = [f"{target}: {size_text(before)} -> {size_text(after)} ({what})"]
    lines += [HOLDS_SOUNDS] if held else [LEFT] if args.forget else []
    emit(args, data, lambda console: console.print("\n".join(lines), markup=False, soft_wrap=True))
    return 0


def run_renew(args: argparse.Namespace) -> int:
    """Run `distill model renew`. Raises DistillError."""
    path = _find(args)
    if args.output is None:
        _refuse_installed(path)
    return renew(args, path)


def _forgotten(file: ModelFile) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the parts that hold sounds without these, and the analysis's table for a new trim."""
    from distill_engine.analysis.stretches.path import without_path
    from distill_engine.inference.stored_codes import PART, without_corpus

    if "analysis" not in file.parts:
        return None
    arrays, table = without_path(file.read_part("analysis"), file.manifest.analysis)
    codes = {PART: without_corpus(file.read_part(PART))} if PART in file.parts else {}
    return {"analysis": arrays, **codes}, {**table, "trim_db": 0.0}


def _refuse_installed(path: Path) -> None:
    """Raise LibraryError for a file that belongs to the installation."""
    from distill_engine.errors import LibraryError
    from distill_engine.library.assets import assets_dir

    if path.resolve().parent == assets_dir().resolve():
        raise LibraryError(f"{path}: belongs to Distill itself and is not changed: work on a copy")
