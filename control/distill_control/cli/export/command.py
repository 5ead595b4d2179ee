"""`distill export MODEL --to onnx|nn`: ONNX files with examples, or TorchScript for nn~."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from distill_control.cli.support.paths import check_output_folder, output_folder
from distill_engine.system.extras import need_training


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `export`."""
    export = subparsers.add_parser("export", parents=[common])
    export.add_argument("model", metavar="MODEL", help="a .distillgan file, or its name in the library")
    export.add_argument(
        "--to",
        choices=("onnx", "nn"),
        required=True,
        help="onnx: encoder, decoder, vocoder and two examples; nn: one file for nn~ and nn.ar",
    )
    export.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="PATH",
        help="onnx: the folder to write to; nn: the file, NAME.ts",
    )
    export.add_argument(
        "--vocoder", default="auto", metavar="V", help="vocoder to export: auto, vocos, hifigan or base"
    )
    export.set_defaults(run=run_export)


def run_export(args: argparse.Namespace) -> int:
    """Run `distill export`. Raises DistillError."""
    from distill_control.cli.support.output import emit
    from distill_engine.library.lookup import find_model

    path = find_model(args.model, allow_paths=True)
    written = _nn(args, path) if args.to == "nn" else _onnx(args, path)
    text = "\n".join(str(path) for path in written)
    emit(args, {"files": [str(path) for path in written]}, lambda c: c.print(text, markup=False, soft_wrap=True))
    return 0


def _onnx(args: argparse.Namespace, path: Path) -> list[Path]:
    from distill_engine.rendering.exporting.onnx_export import export_onnx

    return export_onnx(path, output_folder(args.output), args.vocoder)


def _nn(args: argparse.Namespace, path: Path) -> list[Path]:
    need_training("distill export --to nn")
    check_output_folder(args.output)
    from distill_engine.rendering.exporting.nn_export import export_nn

    return [export_nn(path, args.output, args.vocoder)]
