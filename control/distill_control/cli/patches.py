"""`distill patches`: write clients for Max, Pure Data, SuperCollider and others."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from distill_control.cli.support.options import port_number
from distill_control.cli.support.output import emit
from distill_control.cli.support.paths import check_folder, output_folder
from distill_engine.system.counting import counted

LATENT_FADER_LIMIT = 64


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command `patches`."""
    parser = subparsers.add_parser("patches", parents=[common])
    parser.add_argument("folder", type=Path, help="folder to write into")
    parser.add_argument("--model", help="label the faders with the names of this model's controls")
    parser.add_argument("--host", default="127.0.0.1", help="address of the engine (default 127.0.0.1)")
    parser.add_argument("--port", type=port_number, default=9000, help="the engine's OSC port (default 9000)")
    parser.add_argument(
        "--listen", type=port_number, default=9002, help="port of the patches for changes (default 9002)"
    )
    parser.add_argument("--force", action="store_true", help="replace existing files")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the files; without --force no existing file is replaced. Raises DistillError."""
    from distill_control.client_patches import Panel, generate
    from distill_engine.errors import ConfigError
    from distill_engine.system.atomic_write import write_or_refuse

    check_folder(args.folder, "FOLDER")
    panel = Panel(host=args.host, port=args.port, listen=args.listen)
    if args.model is not None:
        controls, latents = _controls_and_latents(args.model)
        panel = replace(panel, controls=controls, latents=latents)
    files = generate(panel)
    existing = [path for path in files if (args.folder / path).exists()]
    if existing and not args.force:
        raise ConfigError(f"{args.folder / existing[0]} exists already: choose another folder, or replace with --force")
    output_folder(args.folder, "FOLDER")
    for path, data in files.items():
        target = args.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_or_refuse(target, data, ConfigError)
    emit(
        args,
        {"folder": str(args.folder), "files": sorted(files)},
        lambda out: out.print(f"{counted(len(files), 'file')} in {args.folder}", markup=False),
    )
    return 0


def _controls_and_latents(model: str) -> tuple[tuple[str, ...], int]:
    """Return the names of a model's controls, and how many latent dimensions get a fader."""
    from distill_engine.library.lookup import find_model
    from distill_engine.modelfile import ModelFile

    with ModelFile.open(find_model(model, allow_paths=True)) as file:
        manifest = file.manifest
    controls = tuple(_control_name(entry) for entry in manifest.analysis.get("controls", ()))
    return controls, min(int(manifest.model.get("latent_dim", 16)), LATENT_FADER_LIMIT)


def _control_name(entry: object) -> str:
    """Return the name in a manifest's entry of a control."""
    return str(entry["name"]) if isinstance(entry, dict) and "name" in entry else str(entry)
