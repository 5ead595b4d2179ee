"""Calls in the sources of the packages: which file does what past the helper made for it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def files_with(found_by: Callable[[ast.AST], Iterator[ast.AST]]) -> set[str]:
    """Return the files of both packages, from the root, in which `found_by` finds something."""
    return {
        path.relative_to(ROOT).as_posix()
        for folder in ("engine", "control")
        for path in (ROOT / folder).rglob("*.py")
        if any(found_by(ast.parse(path.read_text(encoding="utf-8"))))
    }


def calls_of(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield all calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node


def has_mode(call: ast.Call, letters: str) -> bool:
    """Return whether a call that opens a file is given a mode with one of these letters."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] + call.args[:2]
    modes = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return any(set(mode) <= set("rwxabt+") and set(mode) & set(letters) for mode in modes)
