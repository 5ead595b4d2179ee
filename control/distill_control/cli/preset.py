"""`distill preset`: manage the presets in the library. No engine need be running."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from distill_control.cli.presetfiles.actions import (
    add_filters,
    describe,
    draw,
    export_set,
    fits,
    import_set,
    picture_path,
)
from distill_control.cli.presetfiles.choosing import chosen
from distill_control.cli.support.options import integer_in
from distill_control.cli.support.output import console_err, emit
from distill_control.cli.support.paths import model_name
from distill_engine.library.presets import PRESET_LIMIT
from distill_engine.system.names import normalised, printable, printable_line

if TYPE_CHECKING:
    from distill_engine.library.presetformat import Preset
    from distill_engine.library.presets import PresetStore


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command `preset` and its actions."""
    parser = subparsers.add_parser("preset")
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, run: Callable[[argparse.Namespace], int], text: str, *words: str) -> argparse.ArgumentParser:
        command = actions.add_parser(name, parents=[common], help=text)
        for word in words:
            command.add_argument(word)
        command.add_argument("--model", help="only this model's presets (needed if two models have one of that name)")
        command.set_defaults(run=run)
        return command

    add_filters(action("list", _list, "list all presets, or one model's"))
    action("show", _show, "show what a preset holds", "preset")
    action("delete", _delete, "delete a preset", "preset")
    action("rename", _rename, "rename a preset", "preset", "new_name")
    move = action("move", _move, "give a preset another number", "preset")
    move.add_argument(
        "number", type=integer_in(0, PRESET_LIMIT - 1),
        help="its new number, from 0; MIDI program changes recall presets by it",
    )  # fmt: skip
    folder = action("folder", _describe, "put a preset into a folder, or show in which it is", "preset")
    folder.add_argument("name", nargs="?", metavar="FOLDER", help='"" takes it out')
    tag = action("tag", _describe, "give a preset tags, or show them", "preset")
    tag.add_argument("tags", nargs="*", metavar="TAG")
    tag.add_argument("--remove", action="store_true", help="take these tags away")
    note = action("note", _describe, "write a note on a preset, or show it", "preset")
    note.add_argument("text", nargs="?", metavar="TEXT", help='a new note; "" deletes it')
    picture = action("picture", _picture, "draw the spectrum of a preset's sound", "preset")
    picture.add_argument("-o", "--output", type=Path, metavar="PNG", help="default: kept in the cache")
    export_many = action("export-set", _export_set, "write presets into one file")
    export_many.add_argument("file", type=Path)
    add_filters(export_many)
    export = action("export", _export, "write a preset to a file", "preset")
    export.add_argument("file", type=Path)
    importing = action("import", _import, "copy a preset, or a set of them, from a file into the library")
    importing.add_argument("file", type=Path)
    importing.add_argument("--name", help="give it this name")


def _store() -> PresetStore:
    from distill_engine.library.presets import PresetStore

    return PresetStore()


def _chosen(store: PresetStore, args: argparse.Namespace) -> Preset:
    """Return the preset that the arguments name. Raises PresetError if none or several match."""
    none = f"there is no preset '{printable(args.preset)}': `distill preset list` shows all; numbers need --model"
    return chosen(store, args.preset, args.model, "a preset", none)


def _known_model(store: PresetStore, text: str) -> str:
    """Return the name of a model that is in the library or has presets.

    Raises LibraryError, naming those there are.
    """
    from distill_engine.errors import LibraryError
    from distill_engine.library.assets import STARTER
    from distill_engine.library.lookup import list_models

    name = model_name(text)
    known = {STARTER, *(model.name for model in list_models()), *(preset.model for preset in store.all())}
    if normalised(name) not in map(normalised, known) and not Path(text).is_file():
        raise LibraryError(f"there is no model '{printable(name)}'; there are: {', '.join(sorted(known))}")
    return name


def _found(args: argparse.Namespace) -> tuple[PresetStore, Preset]:
    store = _store()
    return store, _chosen(store, args)


def _describe(args: argparse.Namespace) -> int:
    return describe(args, _found)


def _picture(args: argparse.Namespace) -> int:
    return draw(args, _found)


def _export_set(args: argparse.Namespace) -> int:
    store = _store()
    return export_set(args, store, _known_model(store, args.model) if args.model else None)


def _summary(number: int, preset: Preset) -> dict[str, object]:
    picture = picture_path(preset)
    return {
        "number": number,
        "name": preset.name,
        "model": preset.model,
        "digest": preset.digest,
        "values": len(preset.values),
        "folder": preset.folder,
        "tags": list(preset.tags),
        "note": preset.note,
        "picture": str(picture) if picture.exists() else None,
    }


def _list(args: argparse.Namespace) -> int:
    from rich.table import Table

    store = _store()
    models = [_known_model(store, args.model)] if args.model else sorted({normalised(p.model) for p in store.all()})
    rows = [
        (_summary(n, preset), preset)
        for model in models
        for n, preset in enumerate(store.of_model(model))
        if fits(preset, args)
    ]
    table = Table("model", "number", "preset", "folder", "values", "tags", box=None)
    for row, preset in rows:
        texts = (
            preset.model,
            str(row["number"]),
            preset.name,
            preset.folder,
            str(row["values"]),
            ", ".join(preset.tags),
        )
        table.add_row(*map(printable, texts))
    none = "no presets yet: /distill/preset/save NAME makes one" if not store.all() else "nothing found"
    emit(args, [row for row, _ in rows], lambda out: out.print(table if rows else none))
    for damaged in store.damaged():
        console_err().print(printable_line(f"not listed: {damaged.reason}"), markup=False)
    return 0


def _show(args: argparse.Namespace) -> int:
    from rich.table import Table

    preset = _chosen(_store(), args)
    data = {"name": preset.name, "model": preset.model, "digest": preset.digest, "values": dict(preset.values)}
    table = Table("address", "value", title=printable(f"{preset.name} ({preset.model})"), box=None)
    for address, value in preset.values.items():
        table.add_row(printable(address), printable_line(value) if isinstance(value, str) else f"{value:g}")
    emit(args, data, lambda out: out.print(table))
    return 0


def _delete(args: argparse.Namespace) -> int:
    store = _store()
    preset = _chosen(store, args)
    store.delete(preset.name, preset.model, preset.digest)
    text = f"deleted {preset.name} of {preset.model}: `distill trash restore last` brings it back"
    return _done(args, preset, text)


def _rename(args: argparse.Namespace) -> int:
    store = _store()
    preset = _chosen(store, args)
    renamed = store.rename(preset.name, args.new_name, preset.model, preset.digest)
    return _done(args, renamed, f"{preset.name} is now {renamed.name}")


def _move(args: argparse.Namespace) -> int:
    store = _store()
    preset = _chosen(store, args)
    ordered = store.move(preset.name, args.number, preset.model, preset.digest)
    number = next(n for n, other in enumerate(ordered) if other.name == preset.name)
    return _done(args, preset, f"{preset.name} is number {number} now")


def _export(args: argparse.Namespace) -> int:
    store = _store()
    preset = _chosen(store, args)
    store.export(preset, args.file)
    return _done(args, preset, f"{preset.name} is now in {args.file}")


def _import(args: argparse.Namespace) -> int:
    from dataclasses import replace

    from distill_engine.library.presets import read_preset
    from distill_engine.library.presetsets import is_set

    store = _store()
    if is_set(args.file):
        return import_set(args, store, model_name(args.model) if args.model else None)
    preset = read_preset(args.file)
    if args.model:
        preset = replace(preset, model=model_name(args.model), digest="")
    stored = store.take_in(preset, args.name)
    return _done(args, stored, f"{stored.name} of {stored.model} is now in the library")


def _done(args: argparse.Namespace, preset: Preset, text: str) -> int:
    """Print what was done with a preset; return exit code 0."""
    data = {"name": preset.name, "model": preset.model, "values": len(preset.values)}
    emit(args, data, lambda out: out.print(printable_line(text)))
    return 0
