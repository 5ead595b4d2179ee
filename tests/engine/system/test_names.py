"""Names that may be identifiers, and texts from outside that may be shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_engine.system.names import NAME_CHARACTERS, name_fault, normalised, printable


@pytest.mark.parametrize(
    "name",
    ["a", "Dusk & dawn", "rain (take 2)", "D'Angelo", "été", "雨", "हिन्दी", "7+1", "(live)", "x" * 64, "a.b_c-d", "١٢"],
)
def test_names_of_any_script_are_good(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            " ",
            "a ",
            " a",
            ".",
            "..",
            ".hidden",
            "x" * 65,
            "a/b",
            "a\\b",
            "a\nb",
            "a\x1b[2J",
            "[/]",
            '"',
            "`",
            "$(x)",
        ),
        *("{x}", "a;b", "a,b", "a:b", "a|b", "a<b", "a\u202eb", "a\u200bb", "\ud800", "💥", 'x"+__import__("os")+"'),
    ],
)
def test_other_texts_are_refused_with_a_reason(name: str) -> None:
    assert name_fault(name)


def test_a_name_in_an_address_has_no_space() -> None:
    assert name_fault("two words") is None
    assert "space" in (name_fault("two words", address=True) or "")


def test_equal_names_are_equal_texts() -> None:
    composed, decomposed = "é", unicodedata.normalize("NFD", "é")
    assert composed != decomposed
    assert normalised(decomposed) == composed
    assert name_fault(decomposed * NAME_CHARACTERS) is None, "counted as composed"


@given(st.text())
def test_what_is_shown_cannot_steer_a_terminal(text: str) -> None:
    shown = printable(text)
    assert len(shown) <= 10 * 121
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in shown)
    shown.encode("utf-8")


def test_ordinary_texts_are_shown_as_they_are() -> None:
    assert printable("Übergang 7 [/] <b>") == "Übergang 7 [/] <b>"
    assert printable("x" * 200) == "x" * 117 + "..."
