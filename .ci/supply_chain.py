"""What comes with an installation: its licences, a software bill of materials, and known weaknesses.

    python .ci/supply_chain.py [PYTHON] [SBOM]     licences of this or another environment; its bill of materials
    python .ci/supply_chain.py --audit             asks for known weaknesses of the locked versions; fails where there
                                                   is one; says in a line where it cannot ask, which is no failure

The tools run in environments of their own, which uv makes; their versions are fixed here.
"""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from lock import HASHED
from resolve import ROOT, environment

LICENCES, MATERIALS, AUDIT = "pip-licenses==5.5.5", "cyclonedx-bom==7.5.0", "pip-audit==2.10.1"
FREE = ("MIT", "BSD", "APACHE", "ISC", "PSF", "PYTHON SOFTWARE", "ZLIB", "HPND", "UNLICENSE", "0BSD", "CC0")
"""Words of licences that ask for no more than their text."""
NAMED = ("LGPL", "MPL", "LESSER GENERAL PUBLIC", "MOZILLA PUBLIC")
"""Words of licences whose packages SECURITY.md names: they may be used, and stay replaceable."""


def run_tool(package: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a tool in an environment of its own."""
    command = [sys.executable, "-m", "uv", "--quiet", "tool", "run", "--python", sys.executable, "--from", package]
    return subprocess.run(
        [*command, *map(str, words)], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )


def tool(package: str, *words: str | Path) -> str:
    """Run a tool; return what it prints, or exit with its output."""
    done = run_tool(package, *words)
    if done.returncode:
        sys.exit(f"{words[0]}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def audit() -> tuple[str, int]:
    """Return what is known of the locked versions, and the exit code.

    It is 1 where a weakness is known, or some packages alone are not. Where nothing is known of any, the database cannot be
    reached from here: that is said, and no failure.
    """
    words = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json", "-r", HASHED)
    done = run_tool(AUDIT, "pip-audit", *words)
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = (done.stderr.strip().splitlines() or ["no answer"])[-1].strip()
        return f"not audited: the database of weaknesses cannot be reached from here ({said})", 0
    return judged(found)


def judged(found: list[dict[str, Any]]) -> tuple[str, int]:
    """Return the verdict over the packages that pip-audit lists, and the exit code."""
    unknown = [one["name"] for one in found if "skip_reason" in one]
    weak = [f"{one['name']} {one['version']}: {weakness['id']}" for one in found for weakness in one.get("vulns", [])]
    if unknown and len(unknown) == len(found):
        text = (
            f"not audited: the database of weaknesses, as it is reached from here, knows none of {len(found)} packages"
        )
        return text, 0
    if weak or unknown:
        return "\n".join([*weak, *(f"{name}: not in the database of weaknesses" for name in unknown)]), 1
    return f"no known weakness in {len(found)} packages", 0


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
        text, code = audit()
        print(text)
        return code
    python = Path(words[0] if words else sys.executable)
    target = Path(words[1]) if len(words) > 1 else ROOT / "dist" / "environment.cdx.json"
    os.makedirs(target.parent, exist_ok=True)
    print(describe(python, target))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
