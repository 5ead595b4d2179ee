"""Start the programs of this package as processes of their own: `python -m live_support.NAME`."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from harness.repository import BENCHMARKS


def command(module: str, *arguments: object) -> list[str]:
    """Return the command of a module of this package."""
    return [sys.executable, "-m", f"live_support.{module}", *map(str, arguments)]


def environment(base: dict[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which `live_support` can be imported."""
    found = dict(os.environ if base is None else base)
    paths = [str(BENCHMARKS), *filter(None, found.get("PYTHONPATH", "").split(os.pathsep))]
    return found | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def start(module: str, *arguments: object, env: dict[str, str] | None = None, **more: Any) -> subprocess.Popen[Any]:
    """Start a module of this package."""
    return subprocess.Popen(command(module, *arguments), env=environment(env), **more)


def output(module: str, *arguments: object, env: dict[str, str] | None = None, limit: float | None = None) -> str:
    """Run a module of this package to its end; return what it prints, errors to stderr."""
    done = subprocess.run(
        command(module, *arguments), env=environment(env), capture_output=True, text=True, check=False, timeout=limit
    )
    if done.returncode:
        print(done.stderr[-500:], file=sys.stderr)
    return done.stdout
