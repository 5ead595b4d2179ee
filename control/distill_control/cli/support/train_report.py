"""The end of a training: what the model file holds now, and what to do next."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.output import emit

if TYPE_CHECKING:
    from rich.console import Console

MORE_MINUTES = 20
"""Minutes of further training that are suggested where a vocoder is not better than the shipped one."""


def report(args: argparse.Namespace, path: Path) -> int:
    """Print what the file holds now, and what to do next; return exit code 0."""
    from distill_engine.modelfile import ModelFile

    with ModelFile.open(path) as file:
        manifest = file.manifest
    data = {"model": str(path), "digest": manifest.digest, "training": manifest.training, "vocoders": manifest.vocoders}

    def show(console: Console) -> None:
        for kind, row in manifest.vocoders.items():
            console.print(f"{kind}: {row.get('reason', '')}", markup=False)
            if kind == args.kind and _is_shipped(row):
                console.print(_go_on(args, path), markup=False, soft_wrap=True)
        if manifest.family and not manifest.analysis:
            console.print(f"no controls yet: `distill analyse {path} CORPUS` finds them", markup=False)
        console.print(f"{path}: ready. Try: distill render {path} -o out.wav", markup=False)

    emit(args, data, show)
    return 0


def _is_shipped(row: dict[str, Any]) -> bool:
    """Return whether a vocoder's figures are those of the shipped one: training found no better."""
    figures = row.get("validation") or {}
    pairs = (("log_mel", "base_log_mel"), ("mr_stft", "base_mr_stft"))
    return all(ours in figures and figures[ours] == figures.get(base) for ours, base in pairs)


def _go_on(args: argparse.Namespace, path: Path) -> str:
    """Return the advice for a vocoder that is still the shipped one, with a command to type."""
    words = ["distill", "train-vocoder", str(path), str(args.corpus), "--resume", "--minutes", str(MORE_MINUTES)]
    words += ["--kind", args.kind] if args.kind != "vocos" else []
    return f"Your own vocoder is not better than the shipped one yet; the shipped one plays. Go on: {shlex.join(words)}"
