"""`distill compare`: entries, files and vocoders beside each other, on one page."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.render import SOURCES
from distill_control.cli.support.options import seconds, seed_number
from distill_control.cli.support.output import emit
from distill_control.cli.support.paths import check_folder, output_folder
from distill_engine.errors import ConfigError, LibraryError
from distill_engine.system.atomic_write import write_or_refuse
from distill_engine.system.names import printable
from distill_engine.vocabulary.ranges import RENDER_SECONDS_LIMIT

if TYPE_CHECKING:
    from rich.console import Console

    from distill_control.cli.compare.page import ComparedSound

ALIKE = "One of them is heard at a time, all run on one clock and are equally loud (ITU-R BS.1770). "
VOCODERS_NOTE = "All were given the same mel spectrogram; the first figure is the distance of each sound's mel from it."
SOUNDS_NOTE = "Distances are measured from the first sound; smaller is nearer, for SNR and zimtohrli larger."


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `compare`."""
    parser = subparsers.add_parser("compare", parents=[common])
    parser.add_argument(
        "things", nargs="+", metavar="SOUND",
        help="two or more entries of the history or sound files; with --vocoders one model or entry",
    )  # fmt: skip
    parser.add_argument(
        "--vocoders", metavar="A,B,...", help="hifigan, vocos, bigvgan, base, or names of added vocoders"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the page and the sounds"
    )
    parser.add_argument("--blind", action="store_true", help="the page begins with hidden names, and counts votes")
    parser.add_argument(
        "--duration", type=seconds("10", RENDER_SECONDS_LIMIT), default=10.0, metavar="S",
        help="of a model: length in seconds (default 10)",
    )  # fmt: skip
    parser.add_argument("--seed", type=seed_number, default=0, metavar="N", help="of a model: seed (default 0)")
    parser.add_argument("--source", choices=SOURCES, default="auto", help="of a model: what moves the sound")
    parser.add_argument("--torch-device", choices=("auto", "cpu", "cuda", "mps"), help="compute in torch instead")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `distill compare`. Raises DistillError."""
    from distill_control.cli.compare.page import page

    check_folder(args.output, "-o")
    sounds, figures, note, picture = _of_vocoders(args) if args.vocoders is not None else _of_sounds(args)
    place = output_folder(args.output) / "index.html"
    title = " and ".join(Path(thing).stem for thing in args.things)
    write_or_refuse(place, page(title, sounds, ALIKE + note, blind=args.blind, picture=picture).encode(), ConfigError)
    emit(args, {"page": str(place.absolute()), "vocoders": figures}, lambda console: _show(console, sounds, place))
    return 0


Compared = tuple["list[ComparedSound]", list[dict[str, Any]], str, str]
"""Sounds, their figures for programs, a note, and a picture's name."""


def _of_sounds(args: argparse.Namespace) -> Compared:
    from distill_control.cli.compare.sounds import sounds_of

    sounds = sounds_of(args.things)
    return sounds, [{"name": one.name, **one.figures} for one in sounds], SOUNDS_NOTE, ""


def _of_vocoders(args: argparse.Namespace) -> Compared:
    """Play a model, or the performance of an entry, through the vocoders."""
    from distill_control.cli.compare.sounds import through_vocoders
    from distill_control.cli.compare.vocoders import PICTURE, compared
    from distill_engine.library.lookup import find_model

    names = list(dict.fromkeys(name.strip() for name in args.vocoders.split(",") if name.strip()))
    if not names or len(args.things) > 1:
        raise ConfigError("--vocoders takes one model or entry, and at least one name, such as hifigan,bigvgan")
    try:
        path = find_model(args.things[0], allow_paths=True)
    except LibraryError as error:
        entry = _entry(args.things[0], error)
        output_folder(args.output)
        sounds = through_vocoders(entry, names, args)
        return sounds, [{"name": one.name, **one.figures} for one in sounds], SOUNDS_NOTE, ""
    sounds, figures = compared(args, path, names)
    return sounds, figures, VOCODERS_NOTE, PICTURE


def _entry(key: str, no_model: LibraryError) -> Any:
    from distill_engine.library.renders import RenderStore

    try:
        return RenderStore().find(key)
    except LibraryError as error:
        raise LibraryError(f"{no_model}; {error}") from None


def _show(console: Console, sounds: Sequence[ComparedSound], place: Path) -> None:
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    titles = list(dict.fromkeys(title for sound in sounds for title in sound.figures))
    table = Table("", *(escape(printable(sound.name)) for sound in sounds), box=None, pad_edge=False)
    for title in titles:
        figures = (sound.figures.get(title, "") for sound in sounds)
        table.add_row(Text(printable(title)), *(Text(str(value)) for value in figures))
    console.print(table)
    console.print(f"open the page: {place}", soft_wrap=True, markup=False)
