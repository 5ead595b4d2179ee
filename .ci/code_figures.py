"""Count what keeps the code readable, print it, and fail where a limit is passed.

    python .ci/code_figures.py [--list] [PATH ...]

Limits are in LIMITS and the lists of exceptions below it. `--list` names every place that counts against one.
Reads the source as text; imports nothing of the project.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

ROOTS = ("engine", "control", "vendor")
VOCABULARY = "engine/distill_engine/vocabulary/table.py"
LONG_FILES = frozenset({VOCABULARY})  # over 300 lines, each for a reason given in its docstring; five beside the table
LIMITS = {
    "lines of a file, median": 120,
    "lines of a file, most": 300,
    "lines of a function, median": 6,
    "lines of a function, 90th percentile": 16,
    "lines of a function, most": 40,
    "functions with more than 6 parameters": 13,
    "such functions without a reason": 0,
    "modules of the largest package": 16,
    "untyped functions": 0,
    "public names without docstring": 0,
    "numbers without unit or comment": 0,
    "columns of a docstring's longest line": 100,
}
SHAPES_LEAST = 95.0  # per cent of public functions over arrays that state shapes
ARRAYS = re.compile(r"\b(NDArray|ndarray|Tensor|FloatArray|Float32Array|Float64Array|Samples|Latent)\b")
SHAPE = re.compile(r"(?<![\w)\]])\[[\w .,:/*+()|-]+\]")  # "[D, frames]", not the index of `values[0]`
REASON = "parameters:"  # a comment beside the `def` that says why there are so many
UNITS = re.compile(
    r"(?i)(seconds|_ms|hertz|_hz|_db|bytes|samples|hops|frames|columns|cents|semitones|radians|sigma|nats?|bits|lines|"
    r"megabytes|_mb|percent|version|count|limit|priority|port|index|bands|bins|points|factor|ratio|share|rate)(_|$)"
)


@dataclass
class Figures:
    """Everything counted: numbers by name, and where they come from."""

    files: dict[str, int] = field(default_factory=dict)
    inits: dict[str, int] = field(default_factory=dict)
    functions: dict[str, int] = field(default_factory=dict)
    packages: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    places: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    arrays: int = 0
    public: int = 0


def python_files(paths: list[str]) -> Iterator[Path]:
    """Yield the Python files below `paths`, sorted."""
    for path in map(Path, paths or ROOTS):
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def count(paths: list[str]) -> Figures:
    """Count everything below `paths`."""
    found = Figures()
    inherited = inherited_methods(paths)
    for path in python_files(paths):
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        lines = len(text.splitlines())
        if path.name != "__init__.py":
            found.packages[str(path.parent)] += 1
            found.files[str(path)] = lines
        else:
            found.inits[str(path)] = lines
        numbers(found, path, tree, comment_lines(text))
        definitions(found, path, tree, inherited, text.splitlines())
    return found


def inherited_methods(paths: list[str]) -> set[str]:
    """Return the names of methods that a Protocol or a base class documents for all implementations."""
    names = {"forward"}
    for path in python_files(list(ROOTS)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any(
                "Protocol" in ast.unparse(b) or "ABC" in ast.unparse(b) for b in node.bases
            ):
                names |= {
                    f.name
                    for f in node.body
                    if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(f)
                }
    return names


def comment_lines(text: str) -> dict[int, bool]:
    """Return the numbers of the lines that hold a comment, and whether they hold nothing else."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {
        token.start[0]: token.line.lstrip().startswith("#")
        for token in tokens
        if token.type == tokenize.COMMENT and "noqa" not in token.string
    }


def numbers(found: Figures, path: Path, tree: ast.Module, comments: dict[int, bool]) -> None:
    """Find module-level numbers that neither name nor explain their unit."""
    for position, node in enumerate(tree.body):
        target = (
            node.targets[0]
            if isinstance(node, ast.Assign)
            else node.target
            if isinstance(node, ast.AnnAssign)
            else None
        )
        if target is None or node.value is None or not holds_number(node.value):  # type: ignore[union-attr]
            continue
        after = tree.body[position + 1] if position + 1 < len(tree.body) else None
        explained = (
            isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str)
        )
        lines = set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        names = [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
        explained = explained or comments.get(node.lineno - 1, False) or bool(lines & comments.keys())
        if not explained and not all(UNITS.search(name) for name in names):
            found.places["numbers without unit or comment"].append(f"{path}:{node.lineno}: {', '.join(names)}")


def holds_number(node: ast.expr) -> bool:
    """Return whether an expression is a number, or a tuple or arithmetic of numbers."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if isinstance(node, ast.Tuple):
        return bool(node.elts) and all(holds_number(element) for element in node.elts)
    if isinstance(node, ast.BinOp):
        return holds_number(node.left) and holds_number(node.right)
    return isinstance(node, ast.UnaryOp) and holds_number(node.operand)


def definitions(found: Figures, path: Path, tree: ast.Module, inherited: set[str], lines: list[str]) -> None:
    """Measure functions; find what is untyped, undocumented or takes too many parameters."""
    if not ast.get_docstring(tree):
        found.places["public names without docstring"].append(f"{path}:1: the module")
    docstring_columns(found, path, tree, lines)
    for node, owner in walk(tree, ""):
        name = f"{path}:{node.lineno}: {owner}{node.name}"
        public = not any(part.startswith("_") for part in f"{owner}{node.name}".split("."))
        doc = ast.get_docstring(node)
        docstring_columns(found, path, node, lines)
        if public:
            found.public += 1
        if isinstance(node, ast.ClassDef):
            if public and not doc:
                found.places["public names without docstring"].append(name)
            continue
        found.functions[name] = body_lines(node)
        rest = [a for a in (node.args.vararg, node.args.kwarg) if a is not None]
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, *rest]
        typed = node.returns is not None and all(
            a.annotation is not None or a.arg in ("self", "cls") for a in arguments
        )
        if not typed:
            found.places["untyped functions"].append(name)
        if len([a for a in arguments if a.arg not in ("self", "cls")]) > 6:
            found.places["functions with more than 6 parameters"].append(name)
            if REASON not in lines[node.lineno - 1]:
                found.places["such functions without a reason"].append(name)
        dunder = node.name.startswith("__")
        if public and not dunder and not doc and not (owner and node.name in inherited) and not is_override(node):
            found.places["public names without docstring"].append(name)
        annotations = " ".join(
            ast.unparse(a) for a in [*(x.annotation for x in arguments), node.returns] if a is not None
        )
        if public and not dunder and ARRAYS.search(annotations) and doc:
            found.arrays += 1
            if not SHAPE.search(doc):
                found.places["functions over arrays without shapes"].append(name)


def docstring_columns(
    found: Figures,
    path: Path,
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
    lines: list[str],
) -> None:
    """Find docstrings with a line beyond the limit."""
    if not ast.get_docstring(node):
        return
    first = node.body[0]
    longest = max(map(len, lines[first.lineno - 1 : first.end_lineno]))
    if longest > LIMITS["columns of a docstring's longest line"]:
        found.places["columns of a docstring's longest line"].append(f"{path}:{first.lineno} ({longest})")


def is_override(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a decorator says that the base class documents the function."""
    return any(
        "override" in ast.unparse(d) or ".setter" in ast.unparse(d) or "overload" in ast.unparse(d)
        for d in node.decorator_list
    )


def walk(node: ast.AST, owner: str) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, str]]:
    """Yield the definitions of a module and of its classes (not those inside functions), with their owners."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child, owner
        elif isinstance(child, ast.ClassDef):
            yield child, owner
            yield from walk(child, f"{owner}{child.name}.")
        elif isinstance(child, ast.If | ast.Try):
            yield from walk(child, owner)


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function's body without its docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (node.end_lineno or node.lineno) - body[0].lineno + 1 if body else 0


def report(found: Figures, *, listing: bool) -> int:
    """Print the figures; return 1 where one passes its limit."""
    files, functions = list(found.files.values()), list(found.functions.values())
    long_files = sorted(path for path, lines in found.files.items() if lines > LIMITS["lines of a file, most"])
    shaped = 100.0 * (1 - len(found.places["functions over arrays without shapes"]) / max(1, found.arrays))
    many = found.places["functions with more than 6 parameters"]
    values: dict[str, float] = {
        "lines of a file, median": median(files),
        "lines of a file, most": max(
            [n for p, n in {**found.files, **found.inits}.items() if p not in LONG_FILES], default=0
        ),
        "lines of a function, median": median(functions),
        "lines of a function, 90th percentile": quantiles(functions, n=10)[-1],
        "lines of a function, most": max(functions),
        "functions with more than 6 parameters": len(many),
        "such functions without a reason": len(found.places["such functions without a reason"]),
        "modules of the largest package": max(found.packages.values()),
        "untyped functions": len(found.places["untyped functions"]),
        "public names without docstring": len(found.places["public names without docstring"]),
        "numbers without unit or comment": len(found.places["numbers without unit or comment"]),
        "columns of a docstring's longest line": 100
        if not found.places["columns of a docstring's longest line"]
        else 101,
    }
    failed = False
    for name, value in values.items():
        bad = value > LIMITS[name]
        failed = failed or bad
        extra = f" ({len(found.places[name])} over it)" if name.startswith("columns") and bad else ""
        print(f"{'FAIL' if bad else 'ok  '} {name}: {value:g} (at most {LIMITS[name]}){extra}")
    bad = shaped < SHAPES_LEAST
    failed = failed or bad
    print(
        f"{'FAIL' if bad else 'ok  '} public functions over arrays that state shapes: {shaped:.1f} % (at least {SHAPES_LEAST:g})"
    )
    for path in long_files:
        print(f"     longer, and allowed: {path} ({found.files[path]} lines)")
    for place in many:
        print(f"     more than 6 parameters: {place}")
    print(f"     {len(files)} files, {len(functions)} functions, {found.public} public names")
    if listing:
        for name, lines in found.functions.items():
            if lines > LIMITS["lines of a function, most"]:
                print(f"long function: {name}: {lines} lines")
        for what, places in found.places.items():
            for place in places:
                print(f"{what}: {place}")
    return int(failed)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(report(count([a for a in arguments if not a.startswith("--")]), listing="--list" in arguments))
