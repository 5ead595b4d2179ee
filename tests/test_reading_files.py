"""Files that others may have put there are opened by `system.regular_files` alone.

What waits for a pipe, or reads a file of any size whole, holds up whatever is playing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from support_source import calls_of, files_with

ALLOWED = {
    "control/distill_control/cli/compare/page.py": "a file of the package",
    "control/distill_control/cli/support/doctor_checks.py": "the kernel's settings in /sys",
    "control/distill_control/client_patches/reference.py": "run while the documents are written",
    "control/distill_control/osc/ports.py": "the kernel's tables in /proc",
    "control/distill_control/web/service.py": "files of the package",
    "engine/distill_engine/inference/graph_reports.py": "modules of the package",
    "engine/distill_engine/native/library.py": "the package's own library",
    "engine/distill_engine/rendering/exporting/onnx_export.py": "files of the package",
    "engine/distill_engine/rendering/exporting/onnx_examples/play.py": "an example that runs without Distill",
    "engine/distill_engine/system/c_libraries.py": "/proc/self/maps",
    "engine/distill_engine/system/portable/processes.py": "/proc/self/status",
}


def readings(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that open a file for reading, or read it whole, with Python's own means."""
    for node in calls_of(tree):
        match node.func:
            case ast.Attribute(attr="read_bytes" | "read_text"):
                yield node
            case ast.Name(id="open") | ast.Attribute(value=ast.Name(id="io"), attr="open"):
                if "r" in _mode(node, 1, "r"):
                    yield node
            case ast.Attribute(value=ast.Name(id="os"), attr="open"):
                continue  # a lock or a folder: not read
            case ast.Attribute(attr="open") if "r" in _mode(node, 0, ""):
                yield node


def _mode(call: ast.Call, place: int, otherwise: str) -> str:
    """Return the mode of a call, if it is written there as one."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] + call.args[place : place + 1]
    if not given:
        return otherwise
    text = given[0].value if isinstance(given[0], ast.Constant) else None
    return text if isinstance(text, str) and set(text) <= set("rwxabt+") else ""


def test_no_file_is_read_past_the_safe_opener() -> None:
    found = files_with(readings)
    assert found - ALLOWED.keys() == set(), "use read_small or open_regular"
    assert ALLOWED.keys() - found == set(), "leave these out of the list"


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("path.read_bytes()", 1),
        ("(folder / 'a').read_text('utf-8')", 1),
        ("open(path)", 1),
        ("open(path, 'rb')", 1),
        ("open(path, mode='r+b')", 1),
        ("io.open(path)", 1),
        ("path.open('rb')", 1),
        ("path.open(mode='r')", 1),
        ("open(path, 'wb')", 0),
        ("path.open('x+')", 0),
        ("ModelFile.open(path)", 0),
        ("service.open()", 0),
        ("client.open(1, 'r')", 0),
        ("read_text(path)", 0),
        ("os.open(path, os.O_RDONLY)", 0),
    ],
)
def test_what_counts_as_reading(source: str, count: int) -> None:
    assert len(list(readings(ast.parse(source)))) == count
