"""Which module imports which, read from the source: no cycles, and every import points down.

Imports inside functions and under TYPE_CHECKING count as well: they hide a cycle, they do not remove it.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "distill_engine": ROOT / "engine/distill_engine",
    "distill_control": ROOT / "control/distill_control",
    "distill_vendor": ROOT / "vendor/distill_vendor",
}

Graph = dict[str, set[str]]  # a module's name: the names of the modules that it imports


def module_name(path: Path, root: Path) -> str:
    """Return the dotted name of a source file below a folder on the import path."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.Module, module: str, is_package: bool) -> Iterator[tuple[str, str]]:
    """Yield (module, name) for every import anywhere in a source; the name is empty for `import module`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = module.split(".")
            up = node.level - is_package  # a package's own `.` is the package itself
            base = start[: len(start) - up] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((source, alias.name) for alias in node.names)


def import_graph(packages: dict[str, Path] = PACKAGES) -> Graph:
    """Return which of the packages' modules each one imports; `from package import module` imports the module."""
    files = {module_name(path, folder.parent): path for folder in packages.values() for path in folder.rglob("*.py")}
    graph: Graph = {}
    for module, path in files.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        pairs = imported(tree, module, path.name == "__init__.py")
        targets = {f"{source}.{name}" if f"{source}.{name}" in files else source for source, name in pairs}
        graph[module] = (targets & files.keys()) - {module}
    return graph


def cycles(graph: Graph) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or through others, each group sorted."""
    order: list[str] = []
    seen: set[str] = set()
    for module in graph:
        _visit(module, graph, seen, order)
    importers: Graph = {module: set() for module in graph}
    for module, targets in graph.items():
        for target in targets:
            importers[target].add(module)
    groups: list[list[str]] = []
    seen.clear()
    for module in reversed(order):
        group: list[str] = []
        _visit(module, importers, seen, group)
        if len(group) > 1:
            groups.append(sorted(group))
    return groups


def _visit(start: str, graph: Graph, seen: set[str], order: list[str]) -> None:
    """Append what is reachable from `start` and not yet seen to `order`, imported modules first."""
    if start in seen:
        return
    seen.add(start)
    stack = [(start, iter(sorted(graph[start])))]
    while stack:
        module, targets = stack[-1]
        following = next((target for target in targets if target not in seen), None)
        if following is None:
            stack.pop()
            order.append(module)
        else:
            seen.add(following)
            stack.append((following, iter(sorted(graph[following]))))


def contracts(kind: str) -> list[dict[str, Any]]:
    """Return the import contracts of one kind from pyproject.toml."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract for contract in settings["tool"]["importlinter"]["contracts"] if contract["type"] == kind]


def layers_of(contract: dict[str, Any]) -> list[list[str]]:
    """Return a contract's layers, highest first, as full names of packages or modules."""
    containers = contract.get("containers", [""])
    rows = [[name.strip(" ()") for name in layer.split("|")] for layer in contract["layers"]]
    return [[f"{box}.{name}" if box else name for box in containers for name in row] for row in rows]


def upward_imports(graph: Graph, layers: list[list[str]]) -> list[str]:
    """Return the imports that point up, or sideways between the members of one layer."""
    level = {name: position for position, row in enumerate(layers) for name in row}

    def home(module: str) -> str | None:
        return next((name for name in level if module == name or module.startswith(f"{name}.")), None)

    found = []
    for module, targets in graph.items():
        for target in targets:
            here, there = home(module), home(target)
            if here and there and here != there and level[there] <= level[here]:
                found.append(f"{module} imports {target}")
    return sorted(found)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return import_graph()


def test_every_module_is_read(graph: Graph) -> None:
    assert {module.split(".")[0] for module in graph} == set(PACKAGES)
    assert len(graph) > 200
    assert "distill_engine.program.model" in graph["distill_engine"]  # inside a function


def test_no_modules_import_each_other(graph: Graph) -> None:
    assert cycles(graph) == []


@pytest.mark.parametrize("contract", contracts("layers"), ids=lambda contract: contract["name"])
def test_every_import_points_down(graph: Graph, contract: dict[str, Any]) -> None:
    assert upward_imports(graph, layers_of(contract)) == []


@pytest.mark.parametrize("container", ["distill_engine", "distill_control"])
def test_every_package_has_its_place_in_the_order(container: str) -> None:
    placed = {name for contract in contracts("layers") for row in layers_of(contract) for name in row}
    children = PACKAGES[container].glob("*")
    names = {path.stem for path in children if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert {f"{container}.{name}" for name in names - {"__init__"}} <= placed


def test_hidden_imports_and_cycles_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "pkg"
    (folder / "low").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "low/__init__.py").write_text("from .leaf import X\n")
    (folder / "low/leaf.py").write_text("X = 1\ndef f():\n    from ..high import Y\n    return Y\n")
    (folder / "high.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg import low\nY = 1\n"
    )
    graph = import_graph({"pkg": folder})
    assert graph["pkg.high"] == {"pkg.low"}
    assert graph["pkg.low.leaf"] == {"pkg.high"}
    assert cycles(graph) == [["pkg.high", "pkg.low", "pkg.low.leaf"]]
    assert upward_imports(graph, [["pkg.high"], ["pkg.low"]]) == ["pkg.low.leaf imports pkg.high"]


def test_groups_follow_imports_and_not_only_pairs() -> None:
    graph = dict(pairwise_graph("abca")) | {"d": {"a"}, "e": set()}
    assert cycles(graph) == [["a", "b", "c"]]


def pairwise_graph(path: str) -> Graph:
    """Return the graph of a path that is written as letters."""
    return {start: {end} for start, end in pairwise(path)}
