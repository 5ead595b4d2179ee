"""Parsing that several commands share: usage errors, numbers, vocoder names, the space."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from distill_engine.system.names import printable
from distill_engine.vocabulary.ranges import range_of
from distill_engine.vocabulary.rows import SEED_LIMIT
from distill_engine.vocabulary.table import SPACES, VOCODERS

if TYPE_CHECKING:
    from distill_engine.synthesis.space.layout import Layout

Number = TypeVar("Number", int, float)
PORT_LIMIT = 65535  # the highest port number
OUTPUTS = (2, 4, 6, 8)  # channels
YEAR_SECONDS = 366 * 86400.0


def positive_number(what: str, example: str, most: float) -> Callable[[str], float]:
    """Return a parser of numbers above 0, `most` at most.

    Its errors name `what` is expected and an `example`.
    """
    return _positive(float, what, example, most)


def positive_integer(what: str, example: str, most: int) -> Callable[[str], int]:
    """Return a parser of whole numbers above 0, with errors as those of `positive_number`."""
    return _positive(int, what, example, most)


def seconds(example: str, most: float = YEAR_SECONDS) -> Callable[[str], float]:
    """Return a parser of a number of seconds, `most` at most."""
    return positive_number("a number of seconds", example, most)


def _positive(read: Callable[[str], Number], what: str, example: str, most: Number) -> Callable[[str], Number]:
    def parse(text: str) -> Number:
        try:
            value = read(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{printable(text)}' is not {what}, such as {example}") from None
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{printable(text)} is not above 0: give {what}, such as {example}")
        if value > most:
            raise argparse.ArgumentTypeError(f"{printable(text)} is out of range: give {what} up to {most:.10g}")
        return value

    return parse


def integer_in(low: int, high: int, what: str = "a whole number") -> Callable[[str], int]:
    """Return a parser of whole numbers from `low` to `high`; its errors name the range."""

    return _number_in(int, low, high, what, f"give {low} to {high}")


def integer_of(choices: Sequence[int]) -> Callable[[str], int]:
    """Return a parser of whole numbers that are one of `choices`; its errors name them all."""
    allowed = f"give {', '.join(map(str, choices[:-1]))} or {choices[-1]}"
    within = _number_in(int, min(choices), max(choices), "a whole number", allowed)

    def parse(text: str) -> int:
        value = within(text)
        if value not in choices:
            raise argparse.ArgumentTypeError(f"{printable(text)} is out of range: {allowed}")
        return value

    return parse


def port_number(text: str) -> int:
    """Read a port number, 1 to 65535."""
    return integer_in(1, PORT_LIMIT, "a port")(text)


def seed_number(text: str) -> int:
    """Read the seed of random numbers, in the range of `/distill/seed`."""
    return integer_in(0, SEED_LIMIT)(text)


def value_of(address: str) -> Callable[[str], float]:
    """Return a parser of numbers in the range that the vocabulary states for `address`."""
    return number_in(*range_of(address))


def number_in(low: float, high: float, unit: str) -> Callable[[str], float]:
    """Return a parser of numbers from `low` to `high` of a unit; its errors name the range."""
    return _number_in(float, low, high, "a number", f"give {low:g} to {high:g}{f' {unit}' if unit else ''}")


def _number_in(
    read: Callable[[str], Number], low: float, high: float, what: str, allowed: str
) -> Callable[[str], Number]:
    """Return a parser of numbers from `low` to `high`; its errors end with `allowed`."""

    def parse(text: str) -> Number:
        try:
            value = read(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{printable(text)}' is not {what}: {allowed}") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{printable(text)} is out of range: {allowed}")
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


def add_space(parser: argparse.ArgumentParser | argparse._ArgumentGroup, default: str | None) -> None:
    """Add the options of the space; `default` is its kind, None for a performance's own."""
    parser.add_argument(
        "--space",
        choices=SPACES,
        default=default,
        help="kind of space: wide doubles the width, binaural is for headphones, ambisonic has 4 outputs "
        "(default: stereo; a take has its own)",
    )
    parser.add_argument(
        "--outputs",
        type=integer_of(OUTPUTS),
        choices=OUTPUTS,
        help="channels (default 2, with --space ambisonic 4); more than 2: see --pairs",
    )
    parser.add_argument(
        "--pairs",
        choices=("slots", "layers"),
        default="slots",
        help="on each pair of outputs a blend slot, or the sound at its place and then what width and room add",
    )


def layout_of(options: argparse.Namespace) -> Layout:
    """Return the outputs that the options of `add_space` ask for."""
    from distill_engine.synthesis.space.layout import AMBISONIC_CHANNELS, Layout

    return Layout(options.outputs or (AMBISONIC_CHANNELS if options.space == "ambisonic" else 2), options.pairs)
