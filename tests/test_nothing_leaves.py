"""Nothing leaves the machine unasked: no name is looked up, no host contacted, no file left in HOME, no socket open to others."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONNECT = re.compile(
    r'sa_family=AF_INET6?, (?:sin6?_port=htons\((\d+)\)).*?(?:inet_addr\("|inet_pton\(AF_INET6, ")([^"]+)'
)
BOUND = re.compile(r'bind\(\d+, .*?htons\((\d+)\).*?(?:inet_addr\("|inet_pton\(AF_INET6, ")([^"]+)')
COMMANDS = {
    "render": ["-m", "distill_control.cli.main", "render", "starter", "-o", "r.wav", "--duration", "1"],
    "info": ["-m", "distill_control.cli.main", "model", "info", "starter"],
    "api": [
        "-c",
        "from distill_engine.library.assets import starter_path; import distill_engine, numpy;"
        "model = distill_engine.load_model(starter_path()); model.decode(numpy.zeros((128, 4), numpy.float32))",
    ],
    "engine": [
        *("-m", "distill_control.cli.engine", "starter", "--device", "null", "--no-midi", "--quiet", "--seconds", "2"),
        *("--osc-port", "0", "--oscquery-port", "0"),
    ],
}


def _environment(home: Path) -> dict[str, str]:
    """An ordinary user's environment: nothing in it turns anything off."""
    kept = {"PATH", "LANG", "PYTHONPATH", "LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}
    environment = {name: value for name, value in os.environ.items() if name in kept}
    folders = {"HOME": home, "XDG_CACHE_HOME": home / ".cache", "DISTILL_HOME": home / "library"}
    return environment | {name: str(folder) for name, folder in folders.items()} | {"JACK_NO_START_SERVER": "1"}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_contacts_anybody_or_leaves_files_in_home(name: str, tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-s", "300", "-e", "trace=connect,sendto,sendmsg,sendmmsg,bind", "-o", str(trace)]
    run = subprocess.run(
        [*command, sys.executable, *COMMANDS[name]],
        cwd=work,
        env=_environment(home),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    lines = trace.read_text(errors="replace").splitlines()
    assert lines
    sent = [match.groups() for line in lines if "bind(" not in line and (match := CONNECT.search(line))]
    assert [(port, host) for port, host in sent if not host.startswith("127.") and host != "::1"] == []
    assert [port for port, _ in sent if port == "53"] == []
    bound = [match.groups() for line in lines if (match := BOUND.search(line))]
    assert [(port, host) for port, host in bound if not host.startswith("127.") and host != "::1"] == []
    left = [path.relative_to(home) for path in home.rglob("*") if path.is_file()]
    assert [path for path in left if path.parts[0] != "library" and "matplotlib" not in path.parts] == []


def test_importing_the_engine_turns_telemetry_off_for_it_and_its_children() -> None:
    code = (
        "import os, subprocess, sys; os.environ['ORT_DISABLE_TELEMETRY'] = '0'; import distill_engine;"
        "print(subprocess.check_output([sys.executable, '-c', 'import os; print(os.environ[\"ORT_DISABLE_TELEMETRY\"])'], text=True))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["1"]


def test_one_place_imports_onnxruntime() -> None:
    """Every other import would have to turn the telemetry off by itself first."""
    found = []
    for path in (
        path for root in ("engine", "control", "vendor", "benchmarks") for path in (ROOT / root).rglob("*.py")
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [path.relative_to(ROOT).as_posix() for name in names if name.split(".")[0] == "onnxruntime"]
    example = "engine/distill_engine/rendering/exporting/onnx_examples/play.py"  # runs without Distill
    assert sorted(found) == [example, "engine/distill_engine/system/telemetry.py"]
    lines = (ROOT / example).read_text(encoding="utf-8").splitlines()
    (switch,) = (number for number, line in enumerate(lines) if line.startswith("os.environ") and "TELEMETRY" in line)
    assert switch < next(number for number, line in enumerate(lines) if line.startswith("import onnxruntime"))


@pytest.mark.parametrize("bind", ["0.0.0.0", "0", "0.0", "0x0", "::", "::0", "0:0::0", "::ffff:0.0.0.0", ""])
def test_every_spelling_of_all_addresses_needs_a_list_of_who_may_steer(bind: str) -> None:
    command = [sys.executable, "-m", "distill_control.cli.engine", "starter", "--device", "null", f"--bind={bind}"]
    run = subprocess.run([*command, "--seconds", "1"], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode in (1, 2)
    assert "--allow" in run.stderr


def test_only_an_opened_engine_is_announced() -> None:
    from distill_control.settings.control import ControlSettings

    assert not ControlSettings().announced
    assert not ControlSettings(bind="localhost").announced
    assert ControlSettings(announce=True).announced
    assert ControlSettings(bind="192.0.2.1").announced
    assert not ControlSettings(bind="192.0.2.1", announce=False).announced
