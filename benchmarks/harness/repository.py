"""Where the repository stands: its folders and the commit of the working tree."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]
ROOT = BENCHMARKS.parent
RESULTS = BENCHMARKS / "results"
CORPUS = BENCHMARKS / "corpus"
ASSETS = ROOT / "engine" / "distill_engine" / "assets"
UNKNOWN = "unknown"


def git(*arguments: str, root: Path = ROOT) -> str | None:
    """Return what a git command prints, or None where it fails or git is absent."""
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def commit(root: Path = ROOT) -> str:
    """Return the short commit of a working tree; "-dirty" follows where its code was edited.

    The results themselves do not count: writing one benchmark must not mark the next one dirty.
    """
    short = git("rev-parse", "--short=7", "HEAD", root=root)
    if short is None:
        return UNKNOWN
    ignored = (":(exclude)benchmarks/results", ":(exclude)benchmarks/RESULTS.md")
    edited = git("status", "--porcelain", "--untracked-files=no", "--", ".", *ignored, root=root)
    return f"{short}-dirty" if edited else short


def command_line(script: str, arguments: list[str]) -> str:
    """Return the command that repeats a run from the root of the repository.

    Absolute paths outside the repository keep only their last part.
    """
    return shlex.join(["python", _portable(script), *map(_portable, arguments)])


def _portable(argument: str) -> str:
    path = Path(argument)
    if not path.is_absolute():
        return argument
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
