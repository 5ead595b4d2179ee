"""The end of a training: what the model file holds now, and what to do next."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.codes.view import memorisation_text
from distill_control.cli.support.output import emit

if TYPE_CHECKING:
    from rich.console import Console

MORE_MINUTES = 20
"""Minutes of further training that are suggested for a vocoder that may still get better."""
MORE_MODEL_MINUTES = 2
"""The same for a latent model."""


def report(args: argparse.Namespace, path: Path) -> int:
    """Print what the file holds now, and what to do next; return exit code 0."""
    from distill_engine.modelfile import ModelFile

    with ModelFile.open(path) as file:
        manifest = file.manifest
    data = {"model": str(path), "digest": manifest.digest, "training": manifest.training, "vocoders": manifest.vocoders}

    def show(console: Console) -> None:
        lines = _on_the_model(args, path, manifest.training.get("model", {}), manifest.family)
        for kind, row in manifest.vocoders.items():
            lines.append(f"{kind}: {row.get('reason', '')}")
            lines += [_on_the_vocoder(args, path, row)] if kind == args.kind else []
        if repeats := memorisation_text(manifest.codes):
            lines.append(f"source prior: {repeats}")
        for line in filter(None, lines):
            console.print(line, markup=False, soft_wrap=True)
        if manifest.family and not manifest.analysis:
            console.print(f"no controls yet: `distill analyse {path} CORPUS` finds them", markup=False)
        console.print(f"{path}: ready. Try: distill render {path} -o out.wav", markup=False)

    emit(args, data, show)
    return 0


def is_shipped(row: Mapping[str, Any]) -> bool:
    """Return whether a vocoder's figures are those of the shipped one: training found no better."""
    figures = row.get("validation") or {}
    pairs = (("log_mel", "base_log_mel"), ("mr_stft", "base_mr_stft"))
    return all(ours in figures and figures[ours] == figures.get(base) for ours, base in pairs)


def _on_the_model(args: argparse.Namespace, path: Path, row: Mapping[str, Any], family: str) -> list[str]:
    """Return what the training gained, and whether more would help; [] after others."""
    if not hasattr(args, "with_vocoder") or not row.get("completed"):
        return []
    if "enough" not in row:
        return [f"model: {row['verdict']}"]
    if family == "rvq":
        gained = f"model: the codes of sounds kept aside are {row['best_log_mel']:.3f} nat from the original"
    elif row["kept"]:
        gained = f"model: its correction brings sounds kept aside {row['gain']:.3f} nat nearer to the original"
    else:
        gained = "model: no correction gains enough on sounds kept aside yet, the skeleton alone plays"
    if row["enough"]:
        return [f"{gained}; longer training would not help"]
    words = ["distill", "train", str(args.corpus), "-o", str(path), "--resume"]
    go_on = shlex.join([*words, "--minutes", str(MORE_MODEL_MINUTES)])
    return [f"{gained}; it was still gaining at its end, more would help a little: {go_on}"]


def _on_the_vocoder(args: argparse.Namespace, path: Path, row: Mapping[str, Any]) -> str:
    """Return whether more training would help a vocoder, with a command to type; "" if unknown."""
    from distill_engine.training.verdict import Verdict

    words = ["distill", "train-vocoder", str(path), str(args.corpus), "--resume", "--minutes", str(MORE_MINUTES)]
    words += ["--kind", args.kind] if args.kind != "vocos" else []
    if is_shipped(row):
        said = "Your own vocoder is not better than the shipped one yet; the shipped one plays."
    elif row.get("verdict") == Verdict.IMPROVING:
        said = "It was still getting better when its time was over: more would help."
    elif row.get("verdict"):
        return "Longer training would bring little."
    else:
        return ""
    return f"{said} Go on: {shlex.join(words)}"
