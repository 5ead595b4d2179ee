"""`distill model`: describe and manage model files; more is in `modelfiles`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.analyse import register_map
from distill_control.cli.modelfiles.checks import check_all, refuse_installed
from distill_control.cli.modelfiles.origin_view import SOUNDS, show_origin
from distill_control.cli.modelfiles.shelf import register_shelf
from distill_control.cli.modelfiles.slim import run_slim
from distill_control.cli.support.renew import add_renew_options, renew

if TYPE_CHECKING:
    from distill_engine.modelfile import ModelFile


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `model` and its actions."""
    model = subparsers.add_parser("model")
    actions = model.add_subparsers(metavar="ACTION", required=True)
    info = _action(
        actions,
        common,
        "info",
        run_info,
        "show a model's corpus, training, vocoders, controls and parts, or what made a sound file",
    )
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
    register_shelf(actions, common)
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

    if Path(args.model).suffix.lower().lstrip(".") in SOUNDS and Path(args.model).is_file():
        return show_origin(args)
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


def run_delete(args: argparse.Namespace) -> int:
    """Run `distill model delete`.

    Ask on a terminal; elsewhere --yes is needed. Raises DistillError.
    """
    from distill_control.cli.support.model_view import size_text
    from distill_control.cli.support.output import ask, emit
    from distill_engine.errors import Cancelled, LibraryError
    from distill_engine.library.history.trash import Trash
    from distill_engine.modelfile import SUFFIX, ModelFile

    path = _find(args)
    refuse_installed(path)
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


def run_renew(args: argparse.Namespace) -> int:
    """Run `distill model renew`. Raises DistillError."""
    path = _find(args)
    if args.output is None:
        refuse_installed(path)
    return renew(args, path)
