"""Build the wheel and the source archive, check what is in them, install the wheel and try it.

    python .ci/package.py

Needs no network: the build backend is the one installed here, and the wheel is installed without its dependencies into
a new environment that sees this one's packages. The results lie in dist/.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
PACKAGES = ("distill_engine", "distill_control", "distill_vendor")
MOST_BYTES = 20e6  # of either file; the two model files inside take 16.4 MB
ASSETS = ("distill_engine/assets/starter.distillgan", "distill_engine/assets/base.distillgan")
DEMO = """\
import sys
from distill_control.cli import demo, main
demo.has_device, demo.SECONDS = (lambda: False), 2.0
sys.exit(main.main(["demo", "--json", "-o", "demo.wav"]))
"""


def run(*command: str | Path, folder: Path = ROOT) -> str:
    """Run a command and return what it prints; exit with its output where it fails."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def build() -> tuple[Path, Path]:
    """Build the source archive, and the wheel from it; return (wheel, source archive)."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", DIST)
    (wheel,), (source,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    return wheel, source


def check(wheel: Path, source: Path) -> None:
    """Check sizes and contents of both files."""
    for path in (wheel, source):
        assert path.stat().st_size < MOST_BYTES, f"{path.name} has {path.stat().st_size / 1e6:.1f} MB"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    wanted = {*ASSETS, *(f"{package}/{name}" for package in PACKAGES for name in ("__init__.py", "py.typed"))}
    assert wanted <= names, f"{wheel.name} lacks {sorted(wanted - names)}"
    foreign = {name.split("/")[0] for name in names} - {*PACKAGES}
    assert all(name.endswith(".dist-info") for name in foreign), f"{wheel.name} also holds {sorted(foreign)}"
    with tarfile.open(source) as sources:
        inside = {name.partition("/")[2] for name in sources.getnames()}
    assert {"pyproject.toml", "LICENSE", "tests/conftest.py", "requirements.lock"} <= inside
    assert not [name for name in inside if name.startswith(("benchmarks/corpus", ".venv", "dist", "build"))]


def install(wheel: Path, folder: Path) -> Path:
    """Install the wheel alone into a new environment in `folder`, beside this one's packages; return its scripts' folder."""
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    place = {"base": str(folder), "platbase": str(folder)}
    own = Path(sysconfig.get_path("purelib", scheme="venv", vars=place))
    (own / "beside.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        scripts / "python",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        wheel,
    )
    return scripts


def try_out(scripts: Path, folder: Path) -> None:
    """Run what was installed: the version, the list of devices, and the demo into a file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    where = run(scripts / "python", "-c", "import distill_engine; print(distill_engine.__file__)", folder=folder)
    assert str(folder) in where, f"the wheel is not what runs: {where}"
    version = run(scripts / "distill", "--version", folder=folder).split()
    assert version == ["distill", project["version"]], f"{version} is not version {project['version']}"
    assert "distill-engine" in run(scripts / "distill-engine", "--help", folder=folder)
    said = json.loads(run(scripts / "python", "-c", DEMO, folder=folder))
    size = (folder / "demo.wav").stat().st_size
    assert size > 2 * 44100 * 2, f"the demo wrote {size} bytes: {said}"


def main() -> None:
    """Build, check, install and try."""
    wheel, source = build()
    check(wheel, source)
    with tempfile.TemporaryDirectory(prefix="distill-package-") as folder:
        home = Path(folder).resolve()
        try_out(install(wheel, home / "environment"), home)
    for path in (wheel, source):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB, at most {MOST_BYTES / 1e6:g} MB")
    print("the wheel installs, names its version and renders the demo")


if __name__ == "__main__":
    main()
