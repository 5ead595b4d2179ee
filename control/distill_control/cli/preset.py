"""`distill preset`: the presets in the library, while no engine need be running."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from distill_control.cli.support.output import console_err, emit

if TYPE_CHECKING:
    from distill_engine.library.presets import Preset, PresetStore


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Adds the command and its own."""
    parser = subparsers.add_parser("preset", help="list, show, rename, delete, export and import presets")
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, run: Callable[[argparse.Namespace], int], text: str, *words: str) -> argparse.ArgumentParser:
        command = actions.add_parser(name, parents=[common], help=text)
        for word in words:
            command.add_argument(word)
        command.add_argument("--model", help="the model whose presets are meant (needed where two have the same name)")
        command.set_defaults(run=run)
        return command

    action("list", _list, "list all presets, or one model's")
    action("show", _show, "show what a preset holds", "preset")
    action("delete", _delete, "delete a preset", "preset")
    action("rename", _rename, "rename a preset", "preset", "new_name")
    move = action("move", _move, "put a preset at another number", "preset")
    move.add_argument("number", type=int, help="its new number, from 0: what program changes recall")
    export = action("export", _export, "write a preset to a file", "preset")
    export.add_argument("file", type=Path)
    bring = action("import", _import, "take a preset from a file")
    bring.add_argument("file", type=Path)
    bring.add_argument("--name", help="give it this name")


def _store() -> PresetStore:
    from distill_engine.library.presets import PresetStore

    return PresetStore()


def _chosen(store: PresetStore, args: argparse.Namespace) -> Preset:
    """The preset that is meant, of any model where its name alone is enough."""
    from distill_engine.errors import PresetError

    if args.model:
        return store.find(args.preset, _model_name(args.model))
    found = [preset for preset in store.all() if preset.name.casefold() == args.preset.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        models = ", ".join(preset.model for preset in found)
        raise PresetError(f"the preset {args.preset} is there for several models: say which with --model ({models})")
    raise PresetError(f"there is no preset {args.preset[:60]!r}: `distill preset list` shows all; numbers need --model")


def _model_name(text: str) -> str:
    """A model's name, from its name or file."""
    return Path(text).stem if text.endswith(".distillgan") else text


def _summary(number: int, preset: Preset) -> dict[str, object]:
    return {
        "number": number,
        "name": preset.name,
        "model": preset.model,
        "digest": preset.digest,
        "values": len(preset.values),
    }


def _list(args: argparse.Namespace) -> int:
    from rich.table import Table

    store = _store()
    wanted = _model_name(args.model) if args.model else None
    models = [wanted] if wanted else sorted({preset.model for preset in store.all()})
    rows = [_summary(n, preset) for model in models for n, preset in enumerate(store.of_model(model))]
    table = Table("model", "number", "preset", "values", box=None)
    for row in rows:
        table.add_row(str(row["model"]), str(row["number"]), str(row["name"]), str(row["values"]))
    emit(args, rows, lambda out: out.print(table if rows else "no presets yet: /distill/preset/save NAME makes one"))
    for damaged in store.damaged():
        console_err().print(f"left out: {damaged.reason}", markup=False)
    return 0


def _show(args: argparse.Namespace) -> int:
    from rich.table import Table

    preset = _chosen(_store(), args)
    data = {"name": preset.name, "model": preset.model, "digest": preset.digest, "values": dict(preset.values)}
    table = Table("address", "value", title=f"{preset.name} ({preset.model})", box=None)
    for address, value in preset.values.items():
        table.add_row(address, value if isinstance(value, str) else f"{value:g}")
    emit(args, data, lambda out: out.print(table))
    return 0


def _delete(args: argparse.Namespace) -> int:
    store = _store()
    preset = _chosen(store, args)
    store.delete(preset.name, preset.model, preset.digest)
    return _done(args, preset, f"deleted {preset.name} of {preset.model}")


def _rename(args: argparse.Namespace) -> int:
    store = _store()
    preset = _chosen(store, args)
    renamed = store.rename(preset.name, args.new_name, preset.model, preset.digest)
    return _done(args, renamed, f"{preset.name} is now {renamed.name}")


def _move(args: argparse.Namespace) -> int:
    store = _store()
    preset = _chosen(store, args)
    ordered = store.move(preset.name, args.number, preset.model, preset.digest)
    place = next(n for n, other in enumerate(ordered) if other.name == preset.name)
    return _done(args, preset, f"{preset.name} is number {place} now")


def _export(args: argparse.Namespace) -> int:
    store = _store()
    preset = _chosen(store, args)
    store.export(preset, args.file)
    return _done(args, preset, f"{preset.name} is in {args.file}")


def _import(args: argparse.Namespace) -> int:
    from dataclasses import replace

    from distill_engine.library.presets import read_preset

    store = _store()
    preset = read_preset(args.file)
    if args.model:
        preset = replace(preset, model=_model_name(args.model), digest="")
    taken = store.take_in(preset, args.name)
    return _done(args, taken, f"{taken.name} of {taken.model} is in the library")


def _done(args: argparse.Namespace, preset: Preset, text: str) -> int:
    data = {"name": preset.name, "model": preset.model, "values": len(preset.values)}
    emit(args, data, lambda out: out.print(text, markup=False))
    return 0
