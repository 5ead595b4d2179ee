"""`distill trash list|restore|empty`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.options import number_in
from distill_control.cli.support.output import ask, emit
from distill_engine.errors import Cancelled, LibraryError
from distill_engine.system.counting import counted
from distill_engine.system.names import printable

if TYPE_CHECKING:
    from rich.console import Console

    from distill_engine.library.history.trash import Trashed


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `trash` and its actions."""
    trash = subparsers.add_parser("trash")
    actions = trash.add_subparsers(metavar="ACTION", required=True)
    actions.add_parser("list", parents=[common], help="list what is in the trash").set_defaults(run=run_list)
    restore = actions.add_parser("restore", parents=[common], help="put an item back where it was")
    restore.add_argument("item", metavar="ITEM", help="its ID, the end of its ID, its name, or `last`")
    restore.set_defaults(run=run_restore)
    empty = actions.add_parser("empty", parents=[common], help="delete what is in the trash for good, after a question")
    empty.add_argument(
        "--older", type=number_in(0, 36500, "days"), default=0.0, metavar="DAYS", help="only what is older"
    )
    empty.add_argument("--yes", action="store_true", help="do not ask")
    empty.set_defaults(run=run_empty)


def run_list(args: argparse.Namespace) -> int:
    """Run `distill trash list`."""
    from distill_engine.library.history.trash import Trash

    items = Trash().items()
    emit(args, [_row(item) for item in items], lambda console: _show(console, items))
    return 0


def run_restore(args: argparse.Namespace) -> int:
    """Run `distill trash restore`. Raises LibraryError."""
    from distill_engine.library.history.trash import Trash

    trash = Trash()
    item = trash.find(args.item)
    there = trash.restore(item)
    swapped = f"; what was there is in the trash now ({there.id})" if there else ""
    text = f"{item.kind} {item.name} is back: {item.was}{swapped}"
    data = {**_row(item), "replaced": there.id if there else None}
    emit(args, data, lambda console: console.print(text, soft_wrap=True, markup=False))
    return 0


def run_empty(args: argparse.Namespace) -> int:
    """Run `distill trash empty`; ask, or take --yes. Raises LibraryError, Cancelled."""
    from distill_engine.library.history.trash import Trash

    if not args.yes:
        if not sys.stdin.isatty():
            raise LibraryError("the trash was not emptied, because there is no terminal to ask on: add --yes")
        if not ask("Delete what is in the trash for good?"):
            raise Cancelled("the trash is as it was")
    gone = Trash().empty(args.older)
    size = sum(item.size for item in gone)
    text = f"{counted(len(gone), 'item')} deleted, {size / 1e6:.1f} MB"
    emit(args, {"deleted": [item.id for item in gone], "bytes": size}, lambda console: console.print(text))
    return 0


def _row(item: Trashed) -> dict[str, Any]:
    names = ("id", "kind", "name", "why", "time", "size", "fault")
    return {name: getattr(item, name) for name in names} | {"was": str(item.was)}


def _show(console: Console, items: list[Trashed]) -> None:
    from rich.table import Table
    from rich.text import Text

    if not items:
        console.print("the trash is empty")
        return
    table = Table("what", "name", "why", "when", "MB", "ID", "", box=None, pad_edge=False)
    for item in items:
        texts = (item.kind, item.name, item.why, item.time[:16].replace("T", " "), f"{item.size / 1e6:.1f}", item.id)
        table.add_row(*(Text(printable(text)) for text in texts), Text(printable(item.fault, 200), style="red"))
    console.print(table)
    console.print("`distill trash restore ID` brings one back, `distill trash empty` frees the space", markup=False)
