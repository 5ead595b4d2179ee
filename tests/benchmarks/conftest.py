"""Small result documents for the tests of the benchmarks' reports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import results

MACHINE = {"cpu": "a processor", "cores": 2}
CLAIMS = """
[[claim]]
name = "delay"
claim = "Delay"
results = "small"
table = "times"
where = { what = "gain" }
field = "ms"
format = "{ms:.1f} ms"
target = "<= 25 ms"
"""


@pytest.fixture
def document() -> Callable[..., dict[str, Any]]:
    """Makes a document with one table of times; keyword arguments replace its fields."""

    def make(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
        columns = [{"field": "what", "title": "what", "format": ""}, {"field": "ms", "title": "ms", "format": ".1f"}]
        table = {"name": "times", "caption": "Times.", "key": ["what"], "columns": columns}
        filled = [{"table": "times", **row} for row in rows or ({"what": "gain", "ms": 24.4}, {"what": "hop", "ms": 3})]
        facts = {"commit": "1234567", "date": "2026-11-22T10:00:00+00:00", "machine": MACHINE, "command": "run"}
        empty = {"schema": 1, "name": "small", "title": "Small", "conditions": {}, "tables": [table]}
        return {**empty, **facts, "rows": filled, **fields}

    return make


@pytest.fixture
def tree(tmp_path: Path, document: Callable[..., dict[str, Any]]) -> Path:
    """A repository with one result file, one claim, and a README that shows it."""
    benchmarks = tmp_path / "benchmarks"
    results.write(benchmarks / "results" / "small.json", document())
    (benchmarks / "claims.toml").write_text(CLAIMS)
    (tmp_path / "README.md").write_text("It takes <!-- figure: delay -->?<!-- /figure -->.\n")
    (tmp_path / "docs" / "play").mkdir(parents=True)
    (tmp_path / "docs" / "play" / "live.md").write_text("Live: <!-- figure: delay --><!-- /figure -->\n")
    return tmp_path
