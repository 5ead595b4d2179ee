"""Arguments against the vocabulary: every address accepts valid ones, clips numbers, refuses the rest."""

import math
from typing import Any

import pytest

from distill_control.arguments import check
from distill_engine.errors import ControlError
from distill_engine.vocabulary import table as vocabulary
from distill_engine.vocabulary.table import ROWS

ADDRESSED = [row for row in ROWS if row.arguments]
NUMERIC = [row for row in ADDRESSED if row.arguments[0].numeric and row.arguments[0].minimum is not None]


def valid(argument):
    if argument.choices:
        return argument.choices[-1]
    if argument.type in ("text", "name"):
        return "a name"
    return argument.maximum if argument.maximum is not None else 1.0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.address)
def test_every_address_takes_what_fits(row):
    checked = check(row, row.address, [valid(argument) for argument in row.arguments])
    assert not checked.clipped
    assert len(checked.values) == len(row.arguments)


@pytest.mark.parametrize("row", NUMERIC, ids=lambda row: row.address)
def test_every_number_is_clipped_at_both_ends(row):
    first, *rest = row.arguments
    others = [valid(argument) for argument in rest if not argument.optional]
    for given, expected in ((1e12, first.maximum), (-1e12, first.minimum)):
        checked = check(row, row.address, [given, *others])
        assert checked.values[0] == expected
        assert checked.clipped == (first.type != "toggle")
    for given in (math.nan, math.inf, -math.inf):
        with pytest.raises(ControlError, match="finite"):
            check(row, row.address, [given, *others])


@pytest.mark.parametrize("row", ADDRESSED, ids=lambda row: row.address)
def test_every_address_refuses_wrong_types(row):
    first, *rest = row.arguments
    others = [valid(argument) for argument in rest if not argument.optional]
    wrong: list[Any] = [b"bytes", None]
    if first.type != "any":
        wrong.append("no such thing" if first.numeric or first.choices else 1.5 if first.type == "text" else b"")
    for given in wrong:
        with pytest.raises(ControlError):
            check(row, row.address, [given, *others])


def test_an_open_choice_takes_names_that_added_ones_can_have():
    vocoder = vocabulary.row("/distill/vocoder")
    assert check(vocoder, vocoder.address, ["hifi-speech.v2"]).values == ("hifi-speech.v2",)
    for given in ("no such thing", "../up", "A", "x" * 60):
        with pytest.raises(ControlError, match="is not one of auto"):
            check(vocoder, vocoder.address, [given])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.address)
def test_every_address_refuses_one_argument_too_many(row):
    if row.arguments and row.arguments[-1].repeated:
        return
    with pytest.raises(ControlError):
        check(row, row.address, [*(valid(argument) for argument in row.arguments), 1.0, 1.0])


def test_numbers_of_any_type_and_arrays_are_numbers():
    gain = vocabulary.row("/distill/gain")
    for given in (-6, -6.0, [-6], [[-6.0]], (-6,)):
        assert check(gain, gain.address, [given]).values == (-6.0,)
    assert check(gain, gain.address, [True]).values == (1.0,)
    latents = vocabulary.row("/distill/latents")
    assert check(latents, latents.address, [[1, 2.5], 3]).values == (1.0, 2.5, 3.0)


def test_a_button_acts_when_pressed_and_not_when_released():
    play = vocabulary.row("/distill/play")
    assert not check(play, play.address, [1.0]).released
    assert check(play, play.address, [0.0]).released


def test_choices_may_be_given_by_number():
    source = vocabulary.row("/distill/source")
    assert check(source, source.address, [2]).values == ("corpus",)
    assert check(source, source.address, [99.0]).values == ("prior",)


def test_a_hostile_nesting_is_refused():
    deep: list[Any] = [1.0]
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(ControlError, match="arguments"):
        check(vocabulary.row("/distill/gain"), "/distill/gain", deep)
