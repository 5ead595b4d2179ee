"""Parsing that several commands share: usage errors, numbers, vocoder names."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NoReturn

from distill_engine.system.names import printable_line
from distill_engine.vocabulary.table import VOCODERS


class CommandParser(argparse.ArgumentParser):
    """Parser that prints the cause of a usage error before the usage, and exits with code 2."""

    def error(self, message: str) -> NoReturn:
        """Print `message` and the usage on stderr; exit with code 2."""
        self.exit(2, f"error: {printable_line(message)}\n\n{self.format_usage()}")


def positive_number(what: str, example: str) -> Callable[[str], float]:
    """Return a parser of numbers above 0; its errors name `what` is expected and an `example`."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}, such as {example}") from None
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not above 0: give {what}, such as {example}")
        return value

    return parse


def positive_integer(what: str, example: str) -> Callable[[str], int]:
    """Return a parser of whole numbers above 0, with errors as those of `positive_number`."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}, such as {example}") from None
        if value <= 0:
            raise argparse.ArgumentTypeError(f"{text} is not above 0: give {what}, such as {example}")
        return value

    return parse


def vocoder_name(text: str) -> str:
    """Check the name of a vocoder: one of `VOCODERS`, or published weights on this machine.

    Raises:
        argparse.ArgumentTypeError: if there is no such vocoder; the message names those that exist.
    """
    if text in VOCODERS:
        return text
    from distill_engine.errors import DistillError
    from distill_engine.inference.vocoder_candidates import published

    try:
        published(text)
    except DistillError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
