"""Build the wheel and the source archive, check what is in them, install the wheel alone and play it.

    python .ci/package.py

The build backend is the one installed here. Then the wheel and what it needs without extras is fetched from the package
index and installed into a new environment. The results lie in dist/, with a bill of what was installed (CycloneDX).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from pathlib import Path

from supply_chain import describe

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
PACKAGES = ("distill_engine", "distill_control", "distill_vendor")
MOST_BYTES = 20e6  # of either file; the two model files inside take 16.4 MB
MOST_FETCHED_MB = 100.0  # of packages that the player needs, itself not counted
ASSETS = ("distill_engine/assets/starter.distillgan", "distill_engine/assets/base.distillgan")
DEMO = """\
import sys
from distill_control.cli import demo
demo.has_device, demo.SECONDS = (lambda: False), 2.0
sys.exit(demo.main())
"""
TRAINING = ("torch", "onnxscript", "huggingface_hub", "matplotlib")


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


def fetch(wheel: Path, folder: Path) -> float:
    """Fetch everything that the wheel needs without extras into `folder`; return its size in MB, the wheel not counted."""
    lock = ROOT / "requirements.lock"
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:")
    run(*pip, "--constraint", lock, "--dest", folder, wheel)
    return sum(path.stat().st_size for path in folder.iterdir() if path.name != wheel.name) / 1e6


def install(wheel: Path, wheels: Path, folder: Path) -> Path:
    """Install the wheel and what was fetched, nothing else, into a new environment in `folder`; return its scripts' folder."""
    uv = (sys.executable, "-m", "uv", "--quiet")
    run(*uv, "venv", "--python", sys.executable, folder)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    run(*uv, "pip", "install", "--python", scripts / "python", "--no-index", "--find-links", wheels, wheel)
    return scripts


def try_out(scripts: Path, folder: Path) -> None:
    """Run what was installed: the versions, the demo into a file, a model of it, and a command that needs more."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    where = run(scripts / "python", "-c", "import distill_engine; print(distill_engine.__file__)", folder=folder)
    assert str(folder) in where, f"the wheel is not what runs: {where}"
    version = run(scripts / "distill", "--version", folder=folder).split()
    assert version == ["distill", project["version"]], f"{version} is not version {project['version']}"
    assert "distill-engine" in run(scripts / "distill-engine", "--help", folder=folder)
    here = run(scripts / "python", "-c", f"import importlib.util as i; print(*filter(i.find_spec, {TRAINING}))")
    assert not here.strip(), f"the player came with {here}"
    said = run(scripts / "python", "-c", DEMO, folder=folder)
    size = (folder / "demo.wav").stat().st_size
    assert size > 2 * 44100 * 2, f"the demo wrote {size} bytes: {said}"
    sounds, model = folder / "sounds", folder / "mine.distillgan"
    sounds.mkdir()
    (folder / "demo.wav").rename(sounds / "demo.wav")
    run(scripts / "distill", "train", sounds, "-o", model, "--no-analysis", folder=folder)
    run(scripts / "distill", "render", model, "-o", folder / "out.wav", "--duration", "1", folder=folder)
    vocoder = [scripts / "distill", "train-vocoder", model, sounds]
    refused = subprocess.run(list(map(str, vocoder)), capture_output=True, text=True, check=False)
    assert refused.returncode == 1, refused
    assert "distill-audio[train]" in refused.stderr, refused


def main() -> None:
    """Build, check, install, try and describe."""
    wheel, source = build()
    check(wheel, source)
    with tempfile.TemporaryDirectory(prefix="distill-package-") as folder:
        home = Path(folder).resolve()
        began = time.monotonic()
        megabytes = fetch(wheel, home / "wheels")
        assert megabytes < MOST_FETCHED_MB, f"the player needs {megabytes:.1f} MB, at most {MOST_FETCHED_MB:g} MB"
        scripts = install(wheel, home / "wheels", home / "environment")
        installed = time.monotonic() - began
        try_out(scripts, home)
        described = describe(scripts / "python", wheel.with_suffix(".cdx.json"))
    for path in (wheel, source):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB, at most {MOST_BYTES / 1e6:g} MB")
    print(described)
    print(
        f"the wheel fetches {megabytes:.1f} MB, installs in {installed:.1f} s, names its version and renders the demo"
    )


if __name__ == "__main__":
    main()
