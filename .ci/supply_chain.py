"""What comes with an installation: its licences, a software bill of materials, and known weaknesses.

    python .ci/supply_chain.py [PYTHON] [SBOM]     licences of this or another environment; its bill of materials
    python .ci/supply_chain.py --audit             asks pypi.org for known weaknesses of the locked versions; fails
                                                   where it does not know one of them

The tools run in environments of their own, which uv makes; their versions are fixed here.
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

from lock import HASHED
from resolve import ROOT, environment

LICENCES, MATERIALS, AUDIT = "pip-licenses==5.5.5", "cyclonedx-bom==7.5.0", "pip-audit==2.10.1"
FREE = ("MIT", "BSD", "APACHE", "ISC", "PSF", "PYTHON SOFTWARE", "ZLIB", "HPND", "UNLICENSE", "0BSD", "CC0")
"""Words of licences that ask for no more than their text."""
NAMED = ("LGPL", "MPL", "LESSER GENERAL PUBLIC", "MOZILLA PUBLIC")
"""Words of licences whose packages SECURITY.md names: they may be used, and stay replaceable."""


def tool(package: str, *words: str | Path) -> str:
    """Run a tool in an environment of its own; return what it prints, or exit with its output."""
    command = [sys.executable, "-m", "uv", "--quiet", "tool", "run", "--python", sys.executable, "--from", package]
    done = subprocess.run(
        [*command, *map(str, words)], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{words[0]}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def licences(python: Path) -> dict[str, str]:
    """Return the licence of each package of an environment."""
    text = tool(LICENCES, "pip-licenses", "--python", python, "--from=mixed", "--format=csv")
    return {row["Name"]: row["License"] for row in csv.DictReader(io.StringIO(text)) if row["Name"] != "distill-audio"}


def check_licences(found: dict[str, str]) -> str:
    """Return the packages that SECURITY.md names. Exits where one is neither free nor named there."""
    stated = (ROOT / "SECURITY.md").read_text("utf-8")
    named = sorted(name for name, licence in found.items() if any(word in licence.upper() for word in NAMED))
    other = {
        name: licence
        for name, licence in found.items()
        if name not in named and not any(word in licence.upper() for word in FREE)
    }
    if other:
        sys.exit(f"licences to look at: {other}")
    if missing := [name for name in named if name not in stated]:
        sys.exit(f"SECURITY.md does not name {', '.join(missing)}")
    return ", ".join(f"{name} ({found[name]})" for name in named)


def describe(python: Path, target: Path) -> str:
    """Check an environment's licences and write its bill of materials; return one line on both."""
    named = check_licences(licences(python))
    tool(MATERIALS, "cyclonedx-py", "environment", "--output-reproducible", "-o", target, python)
    return f"{target.name}: {target.stat().st_size / 1e3:.0f} kB; to be named: {named}"


def main(words: list[str]) -> int:
    """Do what the words ask for; return the exit code."""
    if words[:1] == ["--audit"]:
        print(
            tool(
                AUDIT,
                "pip-audit",
                "--strict",
                "--disable-pip",
                "--require-hashes",
                "--progress-spinner",
                "off",
                "-r",
                HASHED,
            )
        )
        return 0
    python = Path(words[0] if words else sys.executable)
    target = Path(words[1]) if len(words) > 1 else ROOT / "dist" / "environment.cdx.json"
    os.makedirs(target.parent, exist_ok=True)
    print(describe(python, target))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
