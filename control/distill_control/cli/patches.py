"""`distill patches`: write the clients for Max, Pure Data, SuperCollider and others, for one model's controls if wanted."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from distill_control.cli.support.output import emit


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Adds the command."""
    parser = subparsers.add_parser(
        "patches", parents=[common], help="write patches for Max, Pd, TouchDesigner and others"
    )
    parser.add_argument("folder", type=Path, help="folder to write them into")
    parser.add_argument("--model", help="put this model's control names on the faders")
    parser.add_argument("--host", default="127.0.0.1", help="where the engine runs")
    parser.add_argument("--port", type=int, default=9000, help="the engine's OSC port")
    parser.add_argument("--listen", type=int, default=9002, help="port at which the patches are told about changes")
    parser.add_argument("--force", action="store_true", help="replace files that exist")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Writes the files; nothing existing is replaced without --force."""
    from distill_control.client_patches import Panel, generate
    from distill_engine.errors import ConfigError

    panel = Panel(host=args.host, port=args.port, listen=args.listen)
    if args.model is not None:
        controls, latents = _of_model(args.model)
        panel = replace(panel, controls=controls, latents=latents)
    files = generate(panel)
    existing = [path for path in files if (args.folder / path).exists()]
    if existing and not args.force:
        raise ConfigError(f"{args.folder / existing[0]} exists already: choose another folder, or replace with --force")
    for path, data in files.items():
        target = args.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    emit(
        args,
        {"folder": str(args.folder), "files": sorted(files)},
        lambda out: out.print(f"{len(files)} files in {args.folder}"),
    )
    return 0


def _of_model(model: str) -> tuple[tuple[str, ...], int]:
    """Control names and number of latent dimensions of a model."""
    from distill_engine.library.lookup import find_model
    from distill_engine.modelfile import ModelFile

    with ModelFile.open(find_model(model, allow_paths=True)) as file:
        manifest = file.manifest
    controls = tuple(_name(entry) for entry in manifest.analysis.get("controls", ()))
    return controls, min(int(manifest.model.get("latent_dim", 16)), 64)


def _name(entry: object) -> str:
    return str(entry["name"]) if isinstance(entry, dict) and "name" in entry else str(entry)
