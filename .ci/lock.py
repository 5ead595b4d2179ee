"""Write requirements-hashed.lock: the versions of requirements.lock with the hashes of their files.

    python .ci/lock.py

It holds the packages of all extras and groups but torch, for every system and Python from 3.11.5 on. Install from it with
`pip install --require-hashes --no-deps`. Run it after each change of requirements.lock.
"""

from __future__ import annotations

import subprocess
import sys

from resolve import ROOT, environment

HASHED = ROOT / "requirements-hashed.lock"
WANTED = ("--all-extras", "--group", "dev", "--group", "docs")
PLAIN = ("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links")  # it names no index
BUILDS = ("--no-emit-package", "torch")  # each index has builds of its own: CPU, CUDA


def main() -> int:
    """Resolve and write the file; return the exit code."""
    command = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
        *PLAIN,
        *BUILDS,
    ]
    command += [*WANTED, "--python-version", "3.11.5", "--constraint", "requirements.lock"]
    return subprocess.run([*command, "--output-file", HASHED, "pyproject.toml"], cwd=ROOT, env=environment()).returncode


if __name__ == "__main__":
    sys.exit(main())
