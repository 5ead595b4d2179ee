"""Check that everything installs from wheels: for each Python and platform, without building anything.

    python .ci/resolve.py

uv resolves the player with all extras as an installation there would; nothing is installed.
uv does not read pip's configuration, so that its index, links and certificates are handed over through the environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = (
    "x86_64-manylinux_2_28",
    "aarch64-manylinux_2_28",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
)
FROM_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
}
"""Settings of pip, and the variable in which uv takes each."""


def environment() -> dict[str, str]:
    """Return the environment for uv: this one, with what pip is configured with."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    found = {
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_PYTHON_DOWNLOADS": "never",
        "MACOSX_DEPLOYMENT_TARGET": "14.0",
    }
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        name = FROM_PIP.get(key.rpartition(".")[2])
        if name:
            found[name] = value.strip("'\"").replace("\\n", " ")
    return found | os.environ


def resolve(python: str, platform: str, variables: dict[str, str]) -> str:
    """Resolve once; return "" or what could not be had."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-build", "--output-file", os.devnull]
    command += ["--python-version", python, "--python-platform", platform, "--all-extras"]
    command += ["--constraint", "requirements.lock", "pyproject.toml"]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"Python {python}, {platform}: {done.stderr}"


def main() -> int:
    """Resolve everything; return the exit code."""
    cases = list(product(PYTHONS, PLATFORMS))
    variables = environment()
    with ThreadPoolExecutor(4) as pool:
        failed = [text for text in pool.map(lambda case: resolve(*case, variables), cases) if text]
    print("\n".join(failed) or f"wheels for everything: Python {', '.join(PYTHONS)} on {', '.join(PLATFORMS)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
