"""Check out an old commit beside this tree, so that a benchmark can measure both in one run."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.repository import ROOT, git

PACKAGES = ("engine", "control", "vendor")


@contextmanager
def worktree(commit: str, root: Path = ROOT) -> Iterator[Path | None]:
    """Yield the folder of a temporary `git worktree` of a commit.

    Yields None, with a sentence on stderr, where the commit is absent (a shallow clone, an unpacked
    source archive). The worktree is removed at the end.
    """
    if git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}", root=root) is None:
        print(f"no baseline: this copy of the repository does not hold commit {commit}", file=sys.stderr)
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="baseline-") as folder:
        tree = Path(folder) / commit
        if git("worktree", "add", "--detach", str(tree), commit, root=root) is None:
            print(f"no baseline: git cannot make a worktree of commit {commit}", file=sys.stderr)
            yield None
            return
        try:
            yield tree
        finally:
            git("worktree", "remove", "--force", str(tree), root=root)


def compile_packages(tree: Path) -> None:
    """Compile the packages of a tree to bytecode, as an installation does.

    A program that starts would compile what was edited, at every start where PYTHONDONTWRITEBYTECODE
    is set.
    """
    folders = [str(tree / package) for package in PACKAGES]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *folders], check=False, timeout=300)


def environment(tree: Path) -> dict[str, str]:
    """Return the environment in which Python imports the packages of a tree."""
    paths = [str(tree / package) for package in PACKAGES]
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*paths, *others])}
