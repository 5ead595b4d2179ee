"""A claim has one figure, of the rows that it names, and a verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.claims import MET, MISSED, OPEN, Claim, ClaimError, read_claims, supported

Make = Callable[..., dict[str, Any]]
ROWS = [{"what": "gain", "ms": 24.4}, {"what": "hop", "ms": -3.0}, {"what": "start", "ms": 660.0}]


def claim(**fields: Any) -> Claim:
    empty = {"name": "delay", "claim": "Delay", "results": "small", "table": "times", "field": "ms"}
    return Claim(**{**empty, "format": "{value:g}", **fields})


@pytest.mark.parametrize(
    ("fields", "figure"),
    [
        ({"where": {"what": "gain"}, "format": "{ms:.1f} ms of {what}"}, "24.4 ms of gain"),
        ({"reduce": "max"}, "660"),
        ({"reduce": "min"}, "-3"),
        ({"reduce": "largest", "where": {"what": ["hop"]}}, "3"),
        ({"reduce": "sum", "where": {"what": ["gain", "hop"]}}, "21.4"),
        ({"reduce": "count", "at_least": 0.0, "format": "{count} of {total}"}, "2 of 3"),
        ({"where": {"what": "gain"}, "relative_to": {"what": "start"}, "format": "{value:+.1f} %"}, "-96.3 %"),
    ],
)
def test_a_figure_is_that_of_its_rows(document: Make, fields: dict[str, Any], figure: str) -> None:
    assert supported(claim(**fields), {"small": document(*ROWS)}).figure == figure


@pytest.mark.parametrize(
    ("target", "verdict"),
    [("<= 25 ms", MET), ("<= 24", MISSED), (">= 24.4", MET), ("= 24.4", MET), ("= 0", MISSED), ("", OPEN)],
)
def test_a_verdict_compares_with_the_target(document: Make, target: str, verdict: str) -> None:
    found = supported(claim(where={"what": "gain"}, target=target), {"small": document(*ROWS)})
    assert found.verdict == verdict


def test_a_truth_value_is_a_word(document: Make) -> None:
    found = supported(claim(format="{ms}", target="= no"), {"small": document({"what": "torch", "ms": False})})
    assert (found.figure, found.verdict) == ("no", MET)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"results": "other"}, "no results/other.json"),
        ({"where": {"what": "nothing"}}, "no row of small"),
        ({}, "3 rows have"),
        ({"where": {"what": "gain"}, "field": "what"}, "not a number"),
        ({"where": {"what": "gain"}, "format": "{speed}"}, "speed"),
        ({"target": "about 3"}, "target"),
        ({"reduce": "mean"}, "reduce"),
        ({"name": "Cold start"}, "lower-case"),
    ],
)
def test_a_claim_without_support_is_refused(document: Make, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ClaimError, match=reason):
        supported(claim(**fields), {"small": document(*ROWS)})


def test_a_name_stands_once(tmp_path: Path) -> None:
    entry = '[[claim]]\nname = "a"\nclaim = "A"\nresults = "r"\ntable = "t"\nfield = "f"\nformat = "x"\n'
    (tmp_path / "claims.toml").write_text(entry * 2)
    with pytest.raises(ClaimError, match="a stands there twice"):
        read_claims(tmp_path / "claims.toml")
