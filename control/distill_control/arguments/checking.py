"""Check the arguments of a message against a row of the vocabulary.

A number of any type is accepted as a number. A value out of range is clipped. An argument of
another type is an error.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from distill_engine.errors import ControlError
from distill_engine.vocabulary.table import Argument, Row

Value = float | int | str
"""A checked argument."""

_SHOWN_CHARACTERS = 60
"""Longest text that an error message repeats."""
_FLATTENED_LIMIT = 1024
"""Most arguments of a message, arrays and their elements counted."""
_TEXT_LIMIT = 1024
"""Longest text argument, in characters."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,40}")
"""Names that an open choice accepts beside its choices."""


@dataclass(frozen=True)
class Checked:
    """Arguments that fit their row: `values` in the row's order; `clipped` if one was out of range.

    `released` marks the 0 that a button sends when it is released, to a command without arguments:
    the command must not run.
    """

    values: tuple[Value, ...]
    clipped: bool = False
    released: bool = False


def check(row: Row, address: str, arguments: Sequence[object]) -> Checked:
    """Check `arguments` (numbers, booleans, texts, arrays of these) against `row`.

    Raises:
        ControlError: if an argument is missing, of a wrong type or not finite, or if there are too
            many.
    """
    flat = list(_flatten(arguments))
    if not row.arguments:
        return _check_button(address, flat)
    _check_count(row, address, flat)
    values: list[Value] = []
    clipped = False
    for index, given in enumerate(flat):
        argument = row.arguments[min(index, len(row.arguments) - 1)]
        value = _fit(argument, address, given)
        clipped = clipped or (argument.numeric and argument.type != "toggle" and value != given)
        values.append(value)
    return Checked(tuple(values), clipped)


def usage(row: Row) -> str:
    """Return the arguments of a row as a usage line: `value [glide_seconds]`."""
    words = []
    for argument in row.arguments:
        word = "|".join((*argument.choices, argument.name) if argument.open else argument.choices) or argument.name
        word += " ..." if argument.repeated else ""
        words.append(f"[{word}]" if argument.optional else word)
    return " ".join(words) or "no arguments"


def known_choices(argument: Argument) -> tuple[str, ...]:
    """Return the choices of an argument; for an open one also the names on this machine."""
    if not argument.open:
        return argument.choices
    from distill_engine.library.vocoder_weights import published_names

    return (*argument.choices, *published_names())


def _flatten(arguments: Sequence[object]) -> Iterator[object]:
    """Yield the arguments with arrays replaced by their elements: `[v0 v1]` becomes `v0 v1`."""
    stack = [iter(arguments)]
    count = 0
    while stack:
        for item in stack[-1]:
            count += 1
            if count > _FLATTENED_LIMIT:
                raise ControlError(f"a message has at most {_FLATTENED_LIMIT} arguments")
            if isinstance(item, list | tuple):
                stack.append(iter(item))
                break
            yield item
        else:
            stack.pop()


def _check_button(address: str, flat: list[object]) -> Checked:
    """Check the arguments of a command that takes none.

    A button's message is accepted: an impulse, or a number, which is 0 when the button is released.
    """
    if not flat or flat == [None]:
        return Checked(())
    if len(flat) == 1 and isinstance(flat[0], int | float):
        return Checked((), released=not flat[0])
    raise ControlError(f"{address} takes no arguments, or a number as buttons send it; got {_show(flat[0])}")


def _check_count(row: Row, address: str, flat: list[object]) -> None:
    needed = sum(not argument.optional for argument in row.arguments)
    allowed = math.inf if row.arguments[-1].repeated else len(row.arguments)
    if row.kind == "group" and row.arguments[-1].repeated:
        allowed = len(row.targets)
    if not needed <= len(flat) <= allowed:
        raise ControlError(f"{address} takes {usage(row)}; got {len(flat)} arguments")


def _fit(argument: Argument, address: str, given: object) -> Value:
    if argument.numeric or (argument.type == "any" and isinstance(given, int | float)):
        return _fit_number(argument, address, given)
    if argument.type == "choice":
        return _fit_choice(argument, address, given)
    if argument.type == "name" and isinstance(given, int | float) and not isinstance(given, bool):
        if math.isfinite(given) and 0 <= given < 2**31:
            return int(given)
        raise ControlError(f"{address}: {argument.name} {given!r} is not an index (0, 1, ...)")
    if not isinstance(given, str):
        raise ControlError(f"{address}: {argument.name} must be text, not {_show(given)}")
    if len(given) > _TEXT_LIMIT or not given.isprintable():
        raise ControlError(
            f"{address}: {argument.name} has more than {_TEXT_LIMIT} characters, or some that cannot be printed"
        )
    return given


def _fit_number(argument: Argument, address: str, given: object) -> float | int:
    if not isinstance(given, int | float):
        raise ControlError(f"{address}: {argument.name} must be a number, not {_show(given)}")
    if not math.isfinite(given):
        raise ControlError(f"{address}: {argument.name} is not a finite number ({given})")
    low = -math.inf if argument.minimum is None else argument.minimum
    high = math.inf if argument.maximum is None else argument.maximum
    if argument.type == "toggle":
        return 1 if given >= 0.5 else 0
    bounded = min(max(given, low), high)
    if argument.type == "integer":
        return round(bounded)
    return given if argument.type == "any" else float(bounded)


def _fit_choice(argument: Argument, address: str, given: object) -> str:
    if isinstance(given, str):
        if given in argument.choices or (argument.open and _NAME.fullmatch(given)):
            return given
        raise ControlError(f"{address}: {_show(given)} is not one of {', '.join(known_choices(argument))}")
    if isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given):
        return argument.choices[int(min(max(given, 0), len(argument.choices) - 1))]
    raise ControlError(f"{address} takes one of {', '.join(argument.choices)}, not {_show(given)}")


def _show(given: object) -> str:
    if isinstance(given, bytes):
        return f"{len(given)} bytes"
    text = "nothing (nil or impulse)" if given is None else repr(given)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."
