"""`distill history list|show|star|rename|play|delete|prune|again`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.options import integer_in, number_in, seed_number, vocoder_name
from distill_control.cli.support.output import emit
from distill_engine.system.counting import counted

if TYPE_CHECKING:
    from distill_engine.library.renders import RenderEntry, RenderStore

ENTRY = "its ID, the end of its ID, its name, or `last`"


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `history` and its actions."""
    history = subparsers.add_parser("history")
    actions = history.add_subparsers(metavar="ACTION", required=True)

    def action(name: str, run: Callable[[argparse.Namespace], int], text: str, key: bool) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = actions.add_parser(name, parents=[common], help=text)
        if key:
            command.add_argument("entry", metavar="ENTRY", help=ENTRY)
        command.set_defaults(run=run)
        return command

    _add_search(action("list", run_list, "list what was rendered, the newest first", False))
    action("show", run_show, "show how a sound was made, and where it lies", True)
    star = action("star", run_star, "mark an entry: its sound is never dropped", True)
    star.add_argument("--off", action="store_true", help="take the mark away")
    action("rename", run_rename, "give an entry another name", True).add_argument("title", metavar="NAME")
    action("play", run_play, "play a sound on the default device", True)
    action("delete", run_delete, "move an entry and its sound to the trash", True)
    prune = action("prune", run_prune, "drop the oldest sounds without a star; their entries stay", False)
    prune.add_argument(
        "--gb", type=number_in(0, 1e6, "GB"), metavar="GB", help="keep this much (default: DISTILL_HISTORY_GB, or 5)"
    )
    again = action("again", run_again, "make a sound anew, and check that it is the same", True)
    again.add_argument("--vocoder", type=vocoder_name, metavar="NAME", help="through another vocoder")
    again.add_argument("--seed", type=seed_number, metavar="N", help="with another seed")
    again.add_argument("-o", "--output", type=Path, metavar="FILE", help="also write it there (a batch: the folder)")


def _add_search(listing: argparse.ArgumentParser) -> None:
    listing.add_argument("text", nargs="*", metavar="WORD", help="words that occur anywhere in an entry")
    listing.add_argument("--model", default="", metavar="NAME", help="made with this model")
    listing.add_argument("--vocoder", default="", metavar="NAME", help="played through this vocoder")
    listing.add_argument("--on", metavar="DAY", help="made on a day: today, yesterday or 2026-11-28")
    listing.add_argument("--since", metavar="DAY", help="made on this day or later")
    listing.add_argument("--until", metavar="DAY", help="made on this day or earlier")
    listing.add_argument("--starred", action="store_true", help="marked")
    listing.add_argument(
        "--limit", type=integer_in(0, 1_000_000), default=50, metavar="N", help="at most N, 0 for all (default 50)"
    )


def _store() -> RenderStore:
    from distill_engine.library.renders import RenderStore

    return RenderStore()


def run_list(args: argparse.Namespace) -> int:
    """Run `distill history list`. Raises LibraryError."""
    from distill_control.cli.history.view import row, show_list
    from distill_engine.library.history.search import Wanted, day, matching

    since, until = (day(text) if text else None for text in (args.on or args.since, args.on or args.until))
    wanted = Wanted(" ".join(args.text), args.model, args.vocoder, since, until, args.starred)
    store = _store()
    found = matching(store.entries(), wanted)
    shown = found[: args.limit] if args.limit > 0 else found
    rows = [row(entry) for entry in shown]
    data = {"folder": str(store.root), "found": len(found), "entries": rows}
    emit(args, data, lambda console: show_list(console, rows, len(found)))
    return 0


def run_show(args: argparse.Namespace) -> int:
    """Run `distill history show`. Raises LibraryError."""
    from distill_control.cli.history.view import details, show_details

    store = _store()
    data = details(store, store.find(args.entry))
    emit(args, data, lambda console: show_details(console, data))
    return 0


def run_star(args: argparse.Namespace) -> int:
    """Run `distill history star`. Raises LibraryError."""
    store = _store()
    entry = store.change(store.find(args.entry).id, starred=not args.off)
    return _said(args, entry, f"{entry.title} {'is starred' if entry.starred else 'has no star now'}")


def run_rename(args: argparse.Namespace) -> int:
    """Run `distill history rename`. Raises LibraryError."""
    store = _store()
    old = store.find(args.entry)
    entry = store.change(old.id, title=args.title)
    return _said(args, entry, f"{old.title} is now {entry.title}")


def run_play(args: argparse.Namespace) -> int:
    """Run `distill history play`. Raises LibraryError, DeviceError."""
    from distill_control.cli.history.playing import play

    store = _store()
    entry = store.find(args.entry)
    play(store.sound(entry.id))
    return _said(args, entry, f"played {entry.title}")


def run_delete(args: argparse.Namespace) -> int:
    """Run `distill history delete`; a damaged entry goes by its ID. Raises LibraryError."""
    store = _store()
    damaged = {entry.id: entry for entry in store.entries() if entry.fault}
    entry = damaged.get(args.entry) or store.find(args.entry)
    store.delete(entry.id)
    return _said(args, entry, f"deleted {entry.title or entry.id}")


def run_prune(args: argparse.Namespace) -> int:
    """Run `distill history prune`. Raises LibraryError."""
    from distill_engine.library.history.limit import drop_sounds, limit_bytes, sound_sizes

    store = _store()
    limit = limit_bytes() if args.gb is None else round(args.gb * 1e9)
    dropped = drop_sounds(store, limit)
    left = sum(sound_sizes(store).values())
    data = {"dropped": [entry.id for entry in dropped.entries], "freed_bytes": dropped.size, "left_bytes": left}
    text = (
        f"{counted(len(dropped.entries), 'sound')} dropped, {dropped.size / 1e6:.1f} MB freed; the history holds "
        f"{left / 1e6:.1f} MB of sounds (at most {limit / 1e9:g} GB; starred ones stay)"
    )
    emit(args, data, lambda console: console.print(text, soft_wrap=True))
    return 0


def run_again(args: argparse.Namespace) -> int:
    """Run `distill history again`. Raises DistillError."""
    from distill_control.cli.history.again import make_again

    return make_again(args, _store())


def _said(args: argparse.Namespace, entry: RenderEntry, text: str) -> int:
    """Print what was done with an entry; return exit code 0."""
    data = {"id": entry.id, "title": entry.title, "starred": entry.starred}
    emit(args, data, lambda console: console.print(text, soft_wrap=True, markup=False))
    return 0
