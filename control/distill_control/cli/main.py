"""`distill`: the entry point of every command but the live engine.

No heavy library is imported before a command runs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from distill_control.cli.support.guard import guarded
from distill_control.cli.support.options import CommandParser
from distill_control.cli.support.output import common_parser
from distill_engine import __version__
from distill_engine.errors import ControlError
from distill_engine.system.signals import ending_signals, interrupt

COMMANDS = (
    "corpus",
    "train",
    "train_vocoder",
    "render",
    "model",
    "analyse",
    "codes",
    "vocoder",
    "compare",
    "history",
    "trash",
    "preset",
    "marks",
    "patches",
    "send",
    "monitor",
    "export",
    "demo",
    "doctor",
    "ui",
)

NOT_COMMANDS = {
    "train_prior": "'train-prior' is no command: there is no prior to train, it is counted from a model's codes, which "
    "`distill train` makes; hear it with `distill render MODEL --source prior -o out.wav`"
}
"""What to do instead of what sounds like a command."""

DESCRIPTION = (
    "Turn a small folder of your own sounds into an instrument: train it, render it, play it live (distill-engine)."
)


def build_parser(commands: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """Return the parser of commands. Each module of `distill_control.cli` registers its own."""
    parser = CommandParser(prog="distill", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"distill {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    common = common_parser()
    for name in commands:
        import_module(f"distill_control.cli.{name}").register(subparsers, common)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `distill`.

    Return 0 done, 1 error, 2 wrong usage, 3 cancelled (finished work is saved).
    """

    words = sys.argv[1:] if arguments is None else arguments

    def run() -> int:
        name = words[0].replace("-", "_") if words else ""
        parser = build_parser([name] if name in COMMANDS else COMMANDS)  # one command loads in half the time
        if hint := _steering_hint(words):
            parser.error(hint)
        args = parser.parse_args(words)
        args.words = list(words)  # the history keeps the command
        with ending_signals(interrupt):
            return int(args.run(args))

    return guarded(run)


def _steering_hint(words: Sequence[str]) -> str:
    """Return what to do instead of a command that does not exist, "" if there is no advice.

    An address is sent to an engine that plays.
    """
    name = words[0].replace("-", "_") if words else ""
    if not words or name in COMMANDS:
        return ""
    if name in NOT_COMMANDS:
        return NOT_COMMANDS[name]
    from distill_engine.vocabulary.table import row

    for count in range(len(words), 0, -1):
        address = "/".join(("/distill", *words[:count]))
        with suppress(ControlError):
            row(address)
            return f"{words[0]!r} is no command; a playing engine takes it: distill send {address}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
