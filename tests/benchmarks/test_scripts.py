"""Every benchmark answers --help, is run by `make bench`, has its result file and its words."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.repository import BENCHMARKS, RESULTS, ROOT

SCRIPTS = sorted(path for path in BENCHMARKS.glob("*.py") if path.stem != "report")
HELP_SECONDS = 60
"""Far more than --help takes: torch is imported by none, but all start at once."""


def benchmark_name(path: Path) -> str:
    """The first argument of the script's `Benchmark(...)`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Benchmark":
            first = node.args[0]
            assert isinstance(first, ast.Constant)
            return str(first.value)
    raise AssertionError(f"{path.name} makes no Benchmark")


def makefile_names() -> set[str]:
    found = re.search(r"^BENCHMARKS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert found is not None
    return set(found[1].split())


def test_every_script_names_its_result_file_after_itself() -> None:
    assert {benchmark_name(path) for path in SCRIPTS} == {path.stem for path in SCRIPTS}
    assert {path.stem for path in RESULTS.glob("*.json")} == {path.stem for path in SCRIPTS}


def test_make_bench_runs_every_script() -> None:
    assert makefile_names() == {path.stem for path in SCRIPTS} - {"build_assets"}


def test_the_readme_says_what_every_script_measures() -> None:
    text = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert [path.stem for path in SCRIPTS if f"| `{path.stem}` |" not in text] == []


def test_every_script_has_help_that_imports_no_torch() -> None:
    code = "import runpy, sys\ntry: runpy.run_path(sys.argv[0], run_name='__main__')\n"
    code += "finally: print('torch' in sys.modules, file=sys.stderr)"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = {}
    for path in SCRIPTS:
        run = f"import sys; sys.argv = [{str(path)!r}, '--help']; sys.path.insert(0, {str(BENCHMARKS)!r})\n{code}"
        running[path.stem] = subprocess.Popen([sys.executable, "-c", run], **pipes)  # type: ignore[call-overload]
    for name, process in running.items():
        printed, torch = process.communicate(timeout=HELP_SECONDS)
        assert process.returncode == 0, (name, torch)
        assert "--no-write" in printed, name
        assert torch.strip() == "False", name


@pytest.mark.parametrize("path", sorted(BENCHMARKS.rglob("*.py")), ids=lambda path: str(path.relative_to(BENCHMARKS)))
def test_no_benchmark_edits_the_import_path(path: Path) -> None:
    assert not re.search(r"sys\.path\b", path.read_text(encoding="utf-8"))
