"""`distill model slim` and `export`: smaller copies of a model, to keep or to pass on."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.modelfiles.checks import refuse_installed
from distill_engine.errors import LibraryError

if TYPE_CHECKING:
    from distill_engine.modelfile import Manifest, ModelFile
    from distill_engine.models.model_config import ModelConfig

CREDIT_CHARACTERS = 2000  # of a licence or credits, at most


def run_slim(args: argparse.Namespace) -> int:
    """Run `distill model slim`: remove what only a resumed training needs, and the path if asked.

    Raises DistillError.
    """
    from distill_control.cli.support.output import emit
    from distill_engine.library.lookup import find_model

    path = find_model(args.model, allow_paths=True)
    if args.output is None:
        refuse_installed(path)
    data, lines = slimmed(path, args.output, args.forget)
    emit(args, data, lambda console: console.print("\n".join(lines), markup=False, soft_wrap=True))
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Run `distill model export`: a slim copy with licence, credits and a checksum beside it.

    Raises DistillError.
    """
    from distill_control.cli.support.output import emit
    from distill_control.cli.support.paths import check_output_folder
    from distill_engine.library.lookup import MODEL_SUFFIX, find_model
    from distill_engine.modelfile import update_model
    from distill_engine.system.atomic_write import write_or_refuse
    from distill_engine.system.regular_files import sha256_of

    path = find_model(args.model, allow_paths=True)
    target = args.output or Path(f"{path.stem}{MODEL_SUFFIX}")
    check_output_folder(target)
    given = {name: _credit(name, text) for name, text in (("license", args.license), ("credits", args.credits)) if text}
    data, lines = slimmed(path, target, args.forget)

    def credited(old: Manifest) -> Manifest:
        return replace(old, extra={**old.extra, **given})

    manifest = update_model(target, manifest=credited)
    digest = sha256_of(target)
    write_or_refuse(target.with_name(f"{target.name}.sha256"), f"{digest}  {target.name}\n".encode(), LibraryError)
    stated = {name: manifest.extra.get(name) for name in ("license", "credits")}
    if not stated["license"]:
        lines.append("It names no licence: --license TEXT states one, so that others know what they may do.")
    lines.append(f"SHA-256 {digest} (beside it, for `sha256sum -c`)")
    data |= {"sha256": digest, "after": target.stat().st_size, **stated}
    emit(args, data, lambda console: console.print("\n".join(lines), markup=False, soft_wrap=True))
    return 0


def _credit(name: str, text: str) -> str:
    line = " ".join(text.split())
    if len(line) > CREDIT_CHARACTERS:
        raise LibraryError(f"--{name} has at most {CREDIT_CHARACTERS} characters, not {len(line)}")
    return line


def slimmed(path: Path, output: Path | None, forget: bool) -> tuple[dict[str, Any], list[str]]:
    """Write a smaller model, in place unless `output` is given; return facts and lines on it.

    Raises DistillError.
    """
    from distill_control.cli.support.model_view import HOLDS_SOUNDS, holds_sounds, size_text
    from distill_engine.analysis.stretches.path import LEFT
    from distill_engine.modelfile import ModelFile, update_model
    from distill_engine.modelfile.configs import model_config
    from distill_engine.modelfile.reader import is_training
    from distill_engine.rendering.model_trim import update_trimmed

    if output is not None and os.path.lexists(output):
        raise LibraryError(f"{output}: exists already, nothing is overwritten: choose another name")
    with ModelFile.open(path) as file:
        config = model_config(file.manifest, str(path)) if "model" in file.parts else None
        goes_on = config is not None and config.closed_form
        kept = ("training/model",) if goes_on else ()  # some bytes, with which sounds can be added
        removed = sorted(part for part in file.parts if is_training(part) and part not in kept)
        before, manifest = file.size, file.manifest
        forgotten = _forgotten(file, config) if forget and config is not None else None
    target = output or path
    if forgotten is not None:
        parts, table = forgotten
        manifest = update_trimmed(path, table, parts | dict.fromkeys(removed), output=output)
    elif removed or output is not None:
        update_model(path, parts=dict.fromkeys(removed), output=output)
    after, held = target.stat().st_size, holds_sounds(manifest.to_dict())
    data = {"path": str(target), "before": before, "after": after, "removed": removed, "holds_sounds": held}
    what = f"removed {', '.join(removed)}" if removed else "there was no training state to remove"
    lines = [f"{target}: {size_text(before)} -> {size_text(after)} ({what})"]
    lines += [HOLDS_SOUNDS] if held else [LEFT] if forget else []
    return data, lines


def _forgotten(file: ModelFile, config: ModelConfig) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the parts that hold sounds without these, and the analysis's table."""
    from distill_engine.analysis.stretches.without_path import without_path
    from distill_engine.inference.stored_codes import PART, skeleton_of_file, without_corpus

    if "analysis" not in file.parts:
        return None
    skeleton = skeleton_of_file(file) if config.version == 2 else None
    arrays, table = without_path(file.read_part("analysis"), file.manifest.analysis, skeleton)
    codes = {PART: without_corpus(file.read_part(PART))} if PART in file.parts else {}
    return {"analysis": arrays, **codes}, table
