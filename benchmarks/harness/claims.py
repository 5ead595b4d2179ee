"""The claims of benchmarks/claims.toml: the figure of each, and whether it meets its target.

An entry has these fields:

    [[claim]]
    name = "cold_start"                      # what the markers of README and site call it
    claim = "Cold start to the first sample" # its line in the headline table
    results = "live"                         # benchmarks/results/live.json
    table = "start"
    where = { vocoder = "hifigan" }          # the row: equal in these fields, or one of a list
    field = "median_s"                       # the number that the target is about
    format = "{median_s:.2f} s"              # fields of the row, `value`, `count`, `total`
    target = "<= 1.2 s"                      # optional: <=, >= or = and a number (or yes, no)
    reduce = "max"                           # optional: one value of several rows
    at_least = 0.9                           # optional: of those rows only
    relative_to = { vocoder = "vocos" }      # optional: percent above (+) or below (-) this row
    headline = false                         # optional: for markers only, not in the headline table
"""

from __future__ import annotations

import operator
import re
import statistics
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any

from harness.results import Document, Row, facts
from harness.tables import cell

MET, MISSED, OPEN = "met", "**missed**", "no target"
_COMPARE: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge, "=": operator.eq}
_TARGET = re.compile(r"(<=|>=|=) (-?[\d.,]+|yes|no)( .*)?")
_WORDS = {"no": 0.0, "yes": 1.0}
_REDUCE: dict[str, Callable[[list[float]], float]] = {
    "max": max,
    "min": min,
    "sum": sum,
    "median": statistics.median,
    "count": len,
    "largest": lambda values: max(map(abs, values)),
}


class ClaimError(ValueError):
    """Report a claim that no result supports, or a fault in claims.toml."""


@dataclass(frozen=True)
class Claim:
    """One claim and the rows that support it."""

    name: str
    claim: str
    results: str
    table: str
    field: str
    format: str
    where: Mapping[str, Any] = dataclass_field(default_factory=dict)
    target: str = ""
    reduce: str = ""
    at_least: float | None = None
    relative_to: Mapping[str, Any] = dataclass_field(default_factory=dict)
    headline: bool = True

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9_]+", self.name):
            raise ClaimError(f"claim {self.name!r}: a name has lower-case letters, digits and _ only")
        if self.reduce and self.reduce not in _REDUCE:
            raise ClaimError(f"claim {self.name}: reduce {self.reduce!r} is none of {', '.join(_REDUCE)}")
        if self.target and not _TARGET.fullmatch(self.target):
            raise ClaimError(f"claim {self.name}: target {self.target!r} is not '<=', '>=' or '=' and a number")


@dataclass(frozen=True)
class Supported:
    """A claim with its figure as text, its value, and the facts of its (newest) row."""

    claim: Claim
    figure: str
    value: float
    facts: Document

    @property
    def verdict(self) -> str:
        """Return whether the value meets the target."""
        found = _TARGET.fullmatch(self.claim.target)
        if found is None:
            return OPEN
        number = _WORDS[found[2]] if found[2] in _WORDS else float(found[2].replace(",", ""))
        return MET if _COMPARE[found[1]](round(self.value, 9), number) else MISSED


def read_claims(path: Path) -> list[Claim]:
    """Read the claims in their order. Raises ClaimError."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("claim", [])
    except tomllib.TOMLDecodeError as error:
        raise ClaimError(f"{path.name}: {error}") from error
    claims = []
    for entry in entries:
        try:
            claims.append(Claim(**entry))
        except TypeError as error:
            raise ClaimError(f"{path.name}: claim {entry.get('name', '?')}: {error}") from error
    names = [claim.name for claim in claims]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ClaimError(f"{path.name}: {', '.join(twice)} stands there twice")
    return claims


def supported(claim: Claim, documents: Mapping[str, Document]) -> Supported:
    """Find the figure of a claim. Raises ClaimError where no row, or more than one, states it."""
    document = documents.get(claim.results)
    if document is None:
        raise ClaimError(f"claim {claim.name}: there is no results/{claim.results}.json")
    rows = _rows(claim, document, claim.where, single=not claim.reduce)
    chosen = [row for row in rows if claim.at_least is None or _number(claim, row) >= claim.at_least]
    value = _REDUCE[claim.reduce or "sum"]([_number(claim, row) for row in chosen])
    if claim.relative_to:
        (other,) = _rows(claim, document, claim.relative_to, single=True)
        value = 100 * (value / _number(claim, other) - 1)
    newest = max(rows, key=lambda row: str(facts(document, row)["date"]))
    return Supported(claim, _figure(claim, newest, value, len(chosen), len(rows)), value, facts(document, newest))


def _rows(claim: Claim, document: Document, where: Mapping[str, Any], *, single: bool) -> list[Row]:
    rows = [row for row in document["rows"] if row["table"] == claim.table and _matches(row, where)]
    if not rows:
        raise ClaimError(f"claim {claim.name}: no row of {claim.results}, table {claim.table}, has {dict(where)}")
    if single and len(rows) > 1:
        raise ClaimError(f"claim {claim.name}: {len(rows)} rows have {dict(where)}; name more fields, or `reduce`")
    return rows


def _matches(row: Row, where: Mapping[str, Any]) -> bool:
    """Whether a row has these values; a list allows any of its values."""
    return all(row.get(name) in (value if isinstance(value, list) else [value]) for name, value in where.items())


def _number(claim: Claim, row: Row) -> float:
    value = row.get(claim.field)
    if not isinstance(value, int | float):
        raise ClaimError(f"claim {claim.name}: {claim.field!r} is {value!r} in its row, not a number")
    return float(value)


def _figure(claim: Claim, row: Row, value: float, count: int, total: int) -> str:
    try:
        fields = {name: cell(field) if isinstance(field, bool) else field for name, field in row.items()}
        return claim.format.format(**fields | {"value": value, "count": count, "total": total})
    except (KeyError, ValueError, TypeError) as error:
        raise ClaimError(f"claim {claim.name}: format {claim.format!r}: {error!r}") from error
