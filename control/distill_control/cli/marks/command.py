"""`distill marks`: manage saved marks in the library. No engine need be running."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from distill_control.cli.presetfiles.choosing import chosen
from distill_control.cli.support.output import console_err, emit
from distill_control.cli.support.paths import model_name
from distill_engine.system.names import printable, printable_line

if TYPE_CHECKING:
    from distill_engine.library.marks import MarkSet, MarkStore


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command `marks` and its actions."""
    parser = subparsers.add_parser("marks")
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, run: Callable[[argparse.Namespace], int], text: str, *words: str) -> argparse.ArgumentParser:
        command = actions.add_parser(name, parents=[common], help=text)
        for word in words:
            command.add_argument(word, type=Path if word == "file" else str)
        command.add_argument("--model", help="only this model's (needed if two models have some of that name)")
        command.set_defaults(run=run)
        return command

    action("list", _list, "list all saved marks, or one model's")
    action("delete", _delete, "delete saved marks", "marks")
    action("rename", _rename, "rename saved marks", "marks", "new_name")
    action("export", _export, "write saved marks to a file", "marks", "file")
    importing = action("import", _import, "copy marks from a file into the library", "file")
    importing.add_argument("--name", help="give them this name")


def _store() -> MarkStore:
    from distill_engine.library.marks import MarkStore

    return MarkStore()


def _chosen(store: MarkStore, args: argparse.Namespace) -> MarkSet:
    """Return the marks that the arguments name. Raises PresetError if none or several match."""
    none = f"there are no saved marks '{printable(args.marks)}': `distill marks list` shows all"
    return chosen(store, args.marks, args.model, "marks", none)


def _list(args: argparse.Namespace) -> int:
    from rich.table import Table

    store = _store()
    found = store.of_model(model_name(args.model)) if args.model else store.all()
    table = Table("model", "marks", "count", box=None)
    for marks in found:
        table.add_row(printable(marks.model), printable(marks.name), str(len(marks.marks)))
    emit(
        args, [_summary(m) for m in found],
        lambda out: out.print(table if found else "no saved marks yet: /distill/marks/save NAME makes some"),
    )  # fmt: skip
    for reason in store.damaged():
        console_err().print(printable_line(f"not listed: {reason}"), markup=False)
    return 0


def _delete(args: argparse.Namespace) -> int:
    store = _store()
    marks = _chosen(store, args)
    store.delete(marks.name, marks.model, marks.digest)
    return _done(args, marks, f"deleted {marks.name} of {marks.model}")


def _rename(args: argparse.Namespace) -> int:
    store = _store()
    marks = _chosen(store, args)
    renamed = store.rename(marks.name, args.new_name, marks.model, marks.digest)
    return _done(args, renamed, f"{marks.name} is now {renamed.name}")


def _export(args: argparse.Namespace) -> int:
    store = _store()
    marks = _chosen(store, args)
    store.export(marks, args.file)
    return _done(args, marks, f"{marks.name} is now in {args.file}")


def _import(args: argparse.Namespace) -> int:
    from dataclasses import replace

    from distill_engine.library.marks import read_marks

    marks = read_marks(args.file)
    if args.model:
        marks = replace(marks, model=model_name(args.model), digest="")
    stored = _store().take_in(marks, args.name)
    return _done(args, stored, f"{stored.name} of {stored.model} is now in the library")


def _summary(marks: MarkSet) -> dict[str, object]:
    return {"name": marks.name, "model": marks.model, "digest": marks.digest, "marks": len(marks.marks)}


def _done(args: argparse.Namespace, marks: MarkSet, text: str) -> int:
    """Print what was done with saved marks; return exit code 0."""
    emit(args, _summary(marks), lambda out: out.print(printable_line(text)))
    return 0
