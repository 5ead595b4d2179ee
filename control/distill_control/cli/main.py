"""`distill`: the entry point of every command but the live engine.

No heavy library is imported before a command runs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from distill_control.cli.support.guard import CommandParser, guarded
from distill_engine import __version__

COMMANDS = {
    "corpus": "check a folder of sounds",
    "train": "train a model on a folder of sounds",
    "train-vocoder": "train a model's own vocoder",
    "render": "play a model into a sound file",
    "resynth": "play a recording through model and vocoder",
    "model": "describe, check, list, delete, shrink and renew model files",
    "analyse": "find the controls and the map of a model",
    "codes": "sound as codes: look at them, edit them, mix them",
    "vocoder": "list, download, verify, remove and add vocoder weights",
    "compare": "compare sounds, or one performance through several vocoders",
    "history": "list, find, hear and make again what was rendered",
    "trash": "bring back deleted or overwritten presets, renders and models",
    "preset": "list, show, rename, delete, export and import presets",
    "marks": "list, rename, delete, export and import marks placed by hand",
    "patches": "write patches for Max, Pd, TouchDesigner and others",
    "send": "send one message to a playing instrument",
    "monitor": "show a playing instrument's changes live",
    "export": "write a model's networks for other programs",
    "demo": "hear the built-in starter model",
    "doctor": "check what this computer can do, and what to repair",
    "ui": "open the workshop in a browser: corpora, training, renders, library, codes",
}
"""What each command does. Its module in `distill_control.cli` has its name, but for `_MODULES`."""

_MODULES = {"train-vocoder": "train_vocoder", "resynth": "render"}

NOT_COMMANDS = {
    "train-prior": "'train-prior' is no command: there is no prior to train, it is counted from a model's codes, which "
    "`distill train` makes; hear it with `distill render MODEL --source prior -o out.wav`"
}
"""What to do instead of what sounds like a command."""

DESCRIPTION = (
    "Turn a small folder of your own sounds into an instrument: train it, render it, play it live (distill-engine)."
)


def build_parser(commands: Iterable[str] = COMMANDS) -> argparse.ArgumentParser:
    """Return the parser of commands, with their arguments. Each module registers its own."""
    from distill_control.cli.support.output import common_parser

    parser, subparsers = _empty_parser()
    common = common_parser()
    for module in dict.fromkeys(_MODULES.get(name, name) for name in commands):
        import_module(f"distill_control.cli.{module}").register(subparsers, common)
    for name, command in subparsers.choices.items():
        command.description = command.description or f"{COMMANDS[name][:1].upper()}{COMMANDS[name][1:]}."
    return parser


def overview() -> argparse.ArgumentParser:
    """Return a parser that knows the commands by name alone: no module of a command is imported."""
    parser, subparsers = _empty_parser()
    for name, text in COMMANDS.items():
        subparsers.add_parser(name, help=text)
    return parser


def _empty_parser() -> tuple[argparse.ArgumentParser, Any]:
    parser = CommandParser(prog="distill", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"distill {__version__}")
    return parser, parser.add_subparsers(metavar="COMMAND", required=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `distill`.

    Return 0 done, 1 error, 2 wrong usage, 3 cancelled (finished work is saved).
    """

    words = sys.argv[1:] if arguments is None else arguments

    def run() -> int:
        name = words[0] if words else ""
        if name not in COMMANDS:
            parser = overview()
            if not (hint := _steering_hint(words)):
                parser.parse_args(words)  # shows what was asked for, or says what is wrong, and ends
            parser.error(hint or "the command comes first: distill COMMAND ...")
        from distill_engine.system.signals import ending_signals, interrupt

        args = build_parser([name]).parse_args(words)
        args.words = list(words)  # the history keeps the command
        with ending_signals(interrupt):
            return int(args.run(args))

    return guarded(run)


def _steering_hint(words: Sequence[str]) -> str:
    """Return what to do instead of a command that does not exist, "" if there is no advice.

    An address is sent to an engine that plays.
    """
    if not words or words[0].startswith("-"):
        return ""
    if (name := words[0].replace("_", "-")) in NOT_COMMANDS:
        return NOT_COMMANDS[name]
    from difflib import get_close_matches

    from distill_engine.errors import ControlError
    from distill_engine.system.names import printable
    from distill_engine.vocabulary.table import row

    for count in range(len(words), 0, -1):
        address = "/".join(("/distill", *words[:count]))
        with suppress(ControlError):
            row(address)
            return f"{words[0]!r} is no command; a playing engine takes it: distill send {address}"
    near = get_close_matches(name, COMMANDS, 1)
    return f"{printable(words[0])!r} is no command; did you mean: distill {near[0]}" if near else ""


if __name__ == "__main__":
    sys.exit(main())
