"""Measure how long a newcomer waits: `make demo` in a fresh clone, until there is sound, and what it fetches.

    python benchmarks/demo.py

Once from the package index, without pip's cache; once from a folder of wheels, with no index at all. The second needs what
the first one fetched, and pip and the build backend beside it. Without a sound device the sound is `demo.wav`, 20 s of it,
and is there when the file is.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from harness.benchmark import Benchmark, Column, Run, Table
from harness.repository import ROOT

LOOK_SECONDS = 0.05  # between two looks for the sound
BACKEND = ("pip>=25.1", "editables")  # what `make demo` installs and builds with, beside hatchling
BENCHMARK = Benchmark(
    "demo",
    "First sound: `make demo` in a fresh clone",
    [
        Table(
            "waits",
            "Seconds from `make demo` to its sound, and MB fetched: of packages that the player needs, and with pip and the "
            "build backend.",
            (
                Column("source", "packages from"),
                Column("packages", "packages", "d"),
                Column("player_mb", "of the player, MB", ".1f"),
                Column("fetched_mb", "all, MB", ".1f"),
                Column("installed_s", "installed after, s", ".1f"),
                Column("sound_s", "sound after, s", ".1f"),
            ),
            key=("source",),
        )
    ],
)


def pip(*words: str | Path, variables: dict[str, str] | None = None) -> None:
    """Run pip; raise CalledProcessError where it fails."""
    command = [sys.executable, "-m", "pip", *map(str, words)]
    subprocess.run(command, cwd=ROOT, env=os.environ | (variables or {}), stdout=subprocess.DEVNULL, check=True)


def megabytes(folder: Path) -> tuple[int, float]:
    """Return how many files are in a folder, and their MB."""
    sizes = [path.stat().st_size for path in folder.iterdir()]
    return len(sizes), sum(sizes) / 1e6


def fetched(folder: Path) -> tuple[int, float, float]:
    """Fetch all that `make demo` installs; return the player's packages, their MB, and the MB of everything."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    download = ("download", "--quiet", "--no-cache-dir", "--only-binary", ":all:", "--dest", folder)
    locked = ("--constraint", "requirements.lock")
    pip(*download, *locked, *project["project"]["dependencies"])
    packages, player = megabytes(folder)
    pip(*download, *project["build-system"]["requires"], *BACKEND)
    return packages, player, megabytes(folder)[1]


def listen(clone: Path, variables: dict[str, str]) -> tuple[float, float]:
    """Run `make demo` in a clone; return the seconds until it has installed, and until there is sound."""
    environment = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "MAKEFLAGS")}
    began, installed = time.monotonic(), None
    with subprocess.Popen(
        ["make", "demo"], cwd=clone, env=environment | variables, stdout=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and not (clone / "demo.wav").exists():
            if installed is None and (clone / ".venv" / "product").exists():
                installed = time.monotonic() - began
            time.sleep(LOOK_SECONDS)
        sound = time.monotonic() - began
    if process.returncode or installed is None:
        sys.exit(f"make demo: exit code {process.returncode}")
    return installed, sound


def measure(run: Run, source: str, figures: dict[str, float], variables: dict[str, str]) -> None:
    """Time `make demo` in a new clone with packages from one source."""
    with tempfile.TemporaryDirectory(prefix="distill-demo-") as folder:
        clone, home = Path(folder) / "distill", Path(folder) / "home"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        installed, sound = listen(clone, {"DISTILL_HOME": str(home), "PIP_NO_CACHE_DIR": "1", **variables})
    run.row("waits", source=source, **figures, installed_s=installed, sound_s=sound)


def main() -> None:
    """Run the benchmark."""
    options = BENCHMARK.parser(__doc__).parse_args()
    with BENCHMARK.run(options) as run, tempfile.TemporaryDirectory(prefix="distill-wheels-") as name:
        packages, player, everything = fetched(Path(name))
        figures = {"packages": packages, "player_mb": player, "fetched_mb": everything}
        measure(run, "the index", figures, {})
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": name, "PIP_CONFIG_FILE": os.devnull}
        measure(run, "a folder of wheels, offline", figures, offline)


if __name__ == "__main__":
    main()
