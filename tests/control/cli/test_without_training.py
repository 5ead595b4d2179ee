"""Without the training part, a command that needs it says so in one line and names the command that installs it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from distill_control.cli import demo
from distill_control.cli.main import main
from distill_control.cli.support import doctor_checks
from distill_engine.library.assets import starter_path
from distill_engine.library.folders import reports_dir
from distill_engine.system.extras import TRAINING_MODULES, install_command, missing_part
from support_skeleton import write_tones


class Hiding:
    """A finder of modules that finds what others find, but for the training part."""

    def __init__(self, finders: list[Any]) -> None:
        self.finders = finders

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name.partition(".")[0] in TRAINING_MODULES:
            return None
        found = (finder.find_spec(name, path, target) for finder in self.finders)
        return next((spec for spec in found if spec is not None), None)


def hidden() -> dict[str, Any]:
    """Return the modules that are loaded of the training part, and those that load it."""
    names = [
        n for n in sys.modules if n.partition(".")[0] in TRAINING_MODULES or n.startswith("distill_engine.training.")
    ]
    return {name: sys.modules[name] for name in names}


@pytest.fixture(autouse=True)
def player_alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hide the modules of the training part, as if they were not installed."""
    before = hidden()
    for name in before:
        del sys.modules[name]
    monkeypatch.setattr(sys, "meta_path", [Hiding(sys.meta_path)])
    yield
    for name in hidden():
        del sys.modules[name]
        set_attribute(name, None)
    sys.modules.update(before)
    for name, module in before.items():
        set_attribute(name, module)


def set_attribute(name: str, module: Any) -> None:
    """Set or remove (None) a module of the product as an attribute of its package.

    Others are left alone: a package may have a function of the same name there.
    """
    package, _, child = name.rpartition(".")
    if not name.startswith("distill_engine.") or package not in sys.modules:
        return
    if module is not None:
        setattr(sys.modules[package], child, module)
    else:
        vars(sys.modules[package]).pop(child, None)


@pytest.mark.parametrize(
    "words",
    [
        ["train", ".", "-o", "mine.distillgan", "--family", "rvq"],
        ["train", ".", "-o", "mine.distillgan", "--with-vocoder"],
        ["train-vocoder", "mine.distillgan", "."],
        ["compare", "starter", "-o", "page", "--vocoders", "vocos"],
        ["model", "map", str(starter_path()), "-o", "map.png"],
        ["model", "renew", str(starter_path()), "-o", "new.distillgan"],
        ["render", "starter", "-o", "out.wav", "--duration", "1", "--torch-device", "cpu"],
        ["vocoder", "download"],
    ],
    ids=lambda words: " ".join([words[0], words[-1]]),
)
def test_a_command_names_what_to_install(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    (line,) = capfd.readouterr().err.strip().splitlines()
    assert line.startswith("error: ")
    assert line.endswith(f"needs the training part, which is not installed: {install_command()}")
    assert not list(tmp_path.iterdir())
    assert not reports_dir().exists() or not list(reports_dir().glob("ModuleNotFoundError*"))


def test_the_player_makes_a_model_of_sounds_and_goes_on_with_more(tmp_path: Path) -> None:
    sounds, model = write_tones(tmp_path / "sounds", count=3, seconds=0.6), tmp_path / "mine.distillgan"
    more = write_tones(tmp_path / "more", count=1, seconds=0.8)
    train = ["train", str(sounds), "-o", str(model)]
    commands = [
        [*train, "--minutes", "0.1"],
        [*train, "--add", str(more / "tone0.wav"), "--no-analysis"],
        ["render", str(model), "-o", str(tmp_path / "out.wav"), "--duration", "0.5"],
    ]
    program = f"""
import sys
from test_without_training import Hiding
sys.meta_path = [Hiding(sys.meta_path)]
from distill_control.cli.main import main
for words in {commands!r}:
    assert main(words) == 0, words
assert "torch" not in sys.modules
"""
    found = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])}
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | found, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_player_renders(tmp_path: Path) -> None:
    assert main(["render", "starter", "-o", str(tmp_path / "out.wav"), "--duration", "0.5"]) == 0


def test_doctor_advises_and_the_demo_names_the_next_line() -> None:
    ((grade, _, cure),) = doctor_checks._training()
    assert grade == "advice"
    assert install_command() in cure
    assert install_command() in demo.next_steps()


def test_a_module_that_no_part_holds_is_another_error() -> None:
    assert missing_part(ModuleNotFoundError("no", name="numpi")) == ""
    assert missing_part(ValueError("torch")) == ""
