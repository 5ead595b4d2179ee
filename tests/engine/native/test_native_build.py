"""The build goes on without the kernels where they cannot be compiled, and leaves no older library."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NATIVE = "engine/distill_engine/native"


def _built(tree: Path, **changes: str) -> tuple[int, str]:
    """Build the kernels of a source tree; return the exit code and what was said."""
    command = [sys.executable, str(tree / "hatch_build.py")]
    done = subprocess.run(command, env=os.environ | changes, capture_output=True, text=True)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("platform", "options"),
    [
        ("linux-x86_64", ""),
        ("macosx-11.0-arm64", "-mmacosx-version-min=11.0 -arch arm64"),
        ("macosx-10.13-universal2", "-mmacosx-version-min=10.13 -arch x86_64 -arch arm64"),
    ],
)
def test_the_library_runs_wherever_the_wheel_says(platform: str, options: str) -> None:
    sys.path.insert(0, str(ROOT))
    try:
        from hatch_build import target_of
    finally:
        sys.path.remove(str(ROOT))
    assert " ".join(target_of(platform)) == options


@pytest.mark.parametrize("compiler", ["false", "no-such-compiler", "/"])
def test_a_compiler_that_fails_leaves_no_older_library(tmp_path: Path, compiler: str) -> None:
    (tmp_path / NATIVE).mkdir(parents=True)
    shutil.copy(ROOT / "hatch_build.py", tmp_path)
    (tmp_path / NATIVE / "kernel.c").write_text("int distill_edition(void) { return 1; }\n")
    for name in ("_kernels.so", "_kernels.sha256"):
        (tmp_path / NATIVE / name).write_text("of older sources")
    code, said = _built(tmp_path, CC=compiler)
    assert code == 1
    assert said.startswith("the kernels did not compile, Distill plays slower without them:")
    assert "Traceback" not in said
    assert [path.name for path in (tmp_path / NATIVE).iterdir()] == ["kernel.c"]


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_an_empty_name_of_a_compiler_is_none(tmp_path: Path) -> None:
    (tmp_path / NATIVE).mkdir(parents=True)
    shutil.copy(ROOT / "hatch_build.py", tmp_path)
    (tmp_path / NATIVE / "kernel.c").write_text("int distill_edition(void) { return 1; }\n")
    assert _built(tmp_path, CC=" ") == (0, "")
    assert (tmp_path / NATIVE / "_kernels.so").exists()
