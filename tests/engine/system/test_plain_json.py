"""JSON from outside is strict and bounded."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from distill_engine.system.plain_json import parse
from distill_engine.system.regular_files import read_small


def test_the_largest_that_is_allowed_is_read() -> None:
    assert parse(b'{"a": [18446744073709551615, -1.5e308, "\xc3\xa9", null, true]}') == {
        "a": [2**64 - 1, -1.5e308, "\u00e9", None, True]
    }
    assert parse("[" * 3 + "]" * 3, depth=3) == [[[]]]
    assert parse("[1, 2, 3]", items=3) == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("18446744073709551616", "too large"),
        ("1" * 5000, "too large"),
        ("-1" + "0" * 20, "too large"),
        ("1e999", "too large a number"),
        ("NaN", "NaN"),
        ('{"a": 1, "a": 1}', "twice"),
        ("[" * 4 + "]" * 4, "nested"),
        ("[" * 200_000, "nested|Expecting"),
        ('{"a":' * 200_000, "nested|Expecting"),
        ("[1, 2, 3, 4]", "4 entries"),
        ("{", "Expecting"),
        ("", "Expecting"),
        (b"\xff", "decode"),
    ],
    ids=range(13),
)
def test_what_is_beyond_is_refused_with_the_reason(text: str | bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(text, depth=3, items=3)


def test_only_regular_files_up_to_their_limit_are_read(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"abc")
    os.mkfifo(tmp_path / "pipe")
    assert read_small(tmp_path / "small", 3) == b"abc"
    with pytest.raises(OSError, match="over"):
        read_small(tmp_path / "small", 2)
    for name in ("pipe", "."):
        with pytest.raises(OSError, match="not a file"):
            read_small(tmp_path / name, 3)


def test_values_that_are_not_finite_are_read_where_they_may_be() -> None:
    assert parse("[NaN, Infinity, -Infinity]", finite=False)[1:] == [math.inf, -math.inf]
    with pytest.raises(ValueError, match="too large"):
        parse("1e999", finite=False)
