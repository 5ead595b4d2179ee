"""`distill model list|rename|copy|tag|note|import|export`: the models of the library."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.modelfiles.slim import run_export
from distill_control.cli.support.options import integer_in
from distill_control.cli.support.output import emit

if TYPE_CHECKING:
    from distill_engine.library.model_notes import ModelNotes

SORTS = ("name", "changed", "size", "created", "controls", "sounds")
SHOWN = 50  # models of a table


def register_shelf(actions: Any, common: argparse.ArgumentParser) -> None:
    """Add the actions."""

    def action(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = actions.add_parser(name, parents=[common], help=text)
        command.set_defaults(run=run)
        return command

    _add_list(action("list", run_list, "list the models that can be called by name"))
    rename = action("rename", run_rename, "give a model of the library another name")
    copy = action("copy", run_copy, "copy a model of the library")
    for command in (rename, copy):
        command.add_argument("model", metavar="MODEL")
        command.add_argument("name", metavar="NEW_NAME")
    tag = action("tag", run_tag, "give a model tags, or show them")
    tag.add_argument("model", metavar="MODEL")
    tag.add_argument("tags", nargs="*", metavar="TAG")
    tag.add_argument("--remove", action="store_true", help="take these tags away")
    note = action("note", run_note, "write a note on a model, or show it")
    note.add_argument("model", metavar="MODEL")
    note.add_argument("text", nargs="?", metavar="TEXT", help='a new note; "" deletes it')
    taking = action("import", run_import, "verify a model file and copy it into the library")
    taking.add_argument("file", type=Path, metavar="FILE")
    taking.add_argument("--name", help="its name in the library (default: the file's)")
    export = action("export", run_export, "write a slim copy with licence, credits and checksum, to pass it on")
    export.add_argument("model", metavar="MODEL", help="model name or .distillgan file")
    export.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: its name, in this folder")
    export.add_argument("--forget", action="store_true", help="without the path and the map of the sounds")
    export.add_argument("--license", metavar="TEXT", help="what others may do with it, such as CC0-1.0")
    export.add_argument("--credits", metavar="TEXT", help="whom to name")


def _add_list(listing: argparse.ArgumentParser) -> None:
    listing.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="list this folder instead of the library")
    listing.add_argument("--search", default="", metavar="WORDS", help="words of name, tags, note, vocoders or fault")
    listing.add_argument("--tag", action="append", default=[], metavar="TAG", help="only models with this tag")
    listing.add_argument("--sort", choices=SORTS, default="name", help="default: name")
    limit = "show at most N, 0 for all (default 50; --json: all)"
    listing.add_argument("--limit", type=integer_in(0, 1_000_000), metavar="N", help=limit)


def run_list(args: argparse.Namespace) -> int:
    """Run `distill model list`: the library's models and the built-in one. Raises LibraryError."""
    from distill_control.cli.modelfiles.shelf_view import chosen, list_row, show_list
    from distill_engine.catalogue.facts import model_facts
    from distill_engine.errors import LibraryError
    from distill_engine.library.folders import models_dir

    if args.folder is not None and not args.folder.is_dir():
        raise LibraryError(f"{args.folder}: no such folder")
    rows = [list_row(facts) for facts in chosen(model_facts(args.folder), args.search, args.tag, args.sort)]
    folder = args.folder or models_dir()
    sought = bool(args.search or args.tag)
    limit = args.limit if args.limit is not None else 0 if args.json else SHOWN
    shown = rows[:limit] if limit else rows
    data = {"folder": str(folder), "found": len(rows), "models": shown}
    emit(args, data, lambda console: show_list(console, folder, shown, sought, len(rows)))
    return 0


def run_rename(args: argparse.Namespace) -> int:
    """Run `distill model rename`. Raises LibraryError."""
    from distill_engine.catalogue.files import rename_model

    return _done(args, rename_model(args.model, args.name), f"{args.model} is now {args.name}")


def run_copy(args: argparse.Namespace) -> int:
    """Run `distill model copy`. Raises LibraryError."""
    from distill_engine.catalogue.files import copy_model

    return _done(args, copy_model(args.model, args.name), f"{args.name} is a copy of {args.model}")


def run_import(args: argparse.Namespace) -> int:
    """Run `distill model import`. Raises DistillError."""
    from distill_control.cli.modelfiles.checks import check_all
    from distill_engine.catalogue.files import import_model
    from distill_engine.errors import ModelFileError
    from distill_engine.modelfile import ModelFile

    def verify(path: Path) -> None:
        with ModelFile.open(path) as file:
            faults = [check.fault for check in check_all(file) if check.fault]
        if faults:
            raise ModelFileError(f"{args.file}: not imported: {faults[0]}")

    ModelFile.open(args.file).close()  # names what the file is instead, before it is copied
    path = import_model(args.file, args.name, verify)
    return _done(args, path, f"{path.stem} is in the library: {path}")


def run_tag(args: argparse.Namespace) -> int:
    """Run `distill model tag`. Raises DistillError."""
    from distill_engine.library.model_notes import write_notes

    digest, notes = _notes(args.model)
    if args.tags:
        kept = [tag for tag in notes.tags if tag not in args.tags] if args.remove else [*notes.tags, *args.tags]
        notes = write_notes(digest, kept, notes.note)
    return _noted(args, notes, ", ".join(notes.tags) or "no tags")


def run_note(args: argparse.Namespace) -> int:
    """Run `distill model note`. Raises DistillError."""
    from distill_engine.library.model_notes import write_notes

    digest, notes = _notes(args.model)
    if args.text is not None:
        notes = write_notes(digest, notes.tags, args.text)
    return _noted(args, notes, notes.note or "no note")


def _notes(model: str) -> tuple[str, ModelNotes]:
    from distill_engine.library.lookup import find_model
    from distill_engine.library.model_notes import read_notes
    from distill_engine.modelfile import ModelFile

    with ModelFile.open(find_model(model, allow_paths=True)) as file:
        return file.digest, read_notes(file.digest)


def _noted(args: argparse.Namespace, notes: ModelNotes, text: str) -> int:
    emit(args, notes.to_dict(), lambda console: console.print(text, markup=False, soft_wrap=True))
    return 0


def _done(args: argparse.Namespace, path: Path, text: str) -> int:
    data = {"name": path.stem, "path": str(path)}
    emit(args, data, lambda console: console.print(text, markup=False, soft_wrap=True))
    return 0
