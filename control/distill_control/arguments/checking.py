"""Arguments from outside, checked against a row of the vocabulary.

Numbers of any type are taken for numbers; what is out of range is clipped; what is of another type is refused.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from distill_engine.errors import ControlError
from distill_engine.vocabulary.table import Argument, Row

Value = float | int | str
"""What an argument is once it has been checked."""

_SHOWN = 60
_FLATTENED_LIMIT = 1024
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,40}")
"""Names that added things can have."""


@dataclass(frozen=True)
class Checked:
    """Arguments that fit their row: `values` in the row's order, `clipped` if any was out of range.

    `released` marks the zero that a button sends when it is let go, to a command without arguments: nothing to do.
    """

    values: tuple[Value, ...]
    clipped: bool = False
    released: bool = False


def check(row: Row, address: str, arguments: Sequence[object]) -> Checked:
    """Fits `arguments` (numbers, truth values, texts, arrays of them) to `row`.

    Raises:
        ControlError: if one is missing, of another type, not a number, or one too many.
    """
    flat = list(_flatten(arguments))
    if not row.arguments:
        return _check_button(address, flat)
    _check_count(row, address, flat)
    values: list[Value] = []
    clipped = False
    for place, given in enumerate(flat):
        argument = row.arguments[min(place, len(row.arguments) - 1)]
        value = _fit(argument, address, given)
        clipped = clipped or (argument.numeric and argument.type != "toggle" and value != given)
        values.append(value)
    return Checked(tuple(values), clipped)


def usage(row: Row) -> str:
    """How the arguments of a row are written: `value [glide_seconds]`."""
    words = []
    for argument in row.arguments:
        word = "|".join((*argument.choices, argument.name) if argument.open else argument.choices) or argument.name
        word += " ..." if argument.repeated else ""
        words.append(f"[{word}]" if argument.optional else word)
    return " ".join(words) or "no arguments"


def known_choices(argument: Argument) -> tuple[str, ...]:
    """What an argument may be: its choices, and the names on this machine where it is open."""
    if not argument.open:
        return argument.choices
    from distill_engine.library.vocoder_weights import published_names

    return (*argument.choices, *published_names())


def _flatten(arguments: Sequence[object]) -> Iterator[object]:
    """Arrays opened up: `[v0 v1]` means `v0 v1`."""
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
    """A command without arguments also takes what a button sends: a number, 0 when it is let go."""
    if not flat:
        return Checked(())
    if len(flat) == 1 and isinstance(flat[0], int | float):
        return Checked((), released=not flat[0])
    raise ControlError(f"{address} takes no arguments")


def _check_count(row: Row, address: str, flat: list[object]) -> None:
    needed = sum(not argument.optional for argument in row.arguments)
    allowed = math.inf if row.arguments[-1].repeated else len(row.arguments)
    if row.kind == "group" and row.arguments[-1].repeated:
        allowed = len(row.targets)
    if not needed <= len(flat) <= allowed:
        raise ControlError(f"{address} takes {usage(row)}; {len(flat)} arguments came")


def _fit(argument: Argument, address: str, given: object) -> Value:
    if argument.numeric or (argument.type == "any" and isinstance(given, int | float)):
        return _fit_number(argument, address, given)
    if argument.type == "choice":
        return _fit_choice(argument, address, given)
    if argument.type == "name" and isinstance(given, int | float) and not isinstance(given, bool):
        if math.isfinite(given) and 0 <= given < 2**31:
            return int(given)
        raise ControlError(f"{address}: {argument.name} {given!r} is no index")
    if not isinstance(given, str):
        raise ControlError(f"{address}: {argument.name} is a text, not {_show(given)}")
    if len(given) > 1024 or not given.isprintable():
        raise ControlError(f"{address}: {argument.name} is too long or holds characters that cannot be shown")
    return given


def _fit_number(argument: Argument, address: str, given: object) -> float | int:
    if not isinstance(given, int | float):
        raise ControlError(f"{address}: {argument.name} is a number, not {_show(given)}")
    if math.isnan(given):
        raise ControlError(f"{address}: {argument.name} is not a number (NaN)")
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
        raise ControlError(f"{address}: {_show(given)} is none of {', '.join(known_choices(argument))}")
    if isinstance(given, int | float) and not isinstance(given, bool) and not math.isnan(given):
        return argument.choices[int(min(max(given, 0), len(argument.choices) - 1))]
    raise ControlError(f"{address} takes one of {', '.join(argument.choices)}, not {_show(given)}")


def _show(given: object) -> str:
    if isinstance(given, bytes):
        return f"{len(given)} bytes"
    text = repr(given)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
