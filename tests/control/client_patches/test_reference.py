"""The table of addresses in the documentation is the vocabulary's."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_control.client_patches.reference import BEGIN, reference_table, with_reference
from distill_engine.vocabulary.table import REPLIES, ROWS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "addresses.md"


def test_the_page_holds_the_table_as_it_is_now() -> None:
    text = PAGE.read_text()
    assert with_reference(text) == text, (
        "run: python -m distill_control.client_patches.reference docs/reference/addresses.md"
    )


def test_the_page_names_every_answer() -> None:
    answers = PAGE.read_text().partition("## Answers")[2]
    assert all(f"`{address}`" in answers for address, _ in REPLIES)


def test_every_address_has_a_line() -> None:
    lines = reference_table().splitlines()[2:]
    assert len(lines) == len(ROWS)
    assert all(row.prefix.rstrip("/") in line for row, line in zip(ROWS, lines, strict=True))


def test_a_text_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="missing"):
        with_reference(f"{BEGIN} only")
