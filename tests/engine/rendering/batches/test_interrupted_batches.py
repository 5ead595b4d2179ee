"""An interrupted batch ends although its workers load or compute: what is done is counted, nobody is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

PROGRAM = """
import os, sys, time
from dataclasses import dataclass
from pathlib import Path
from distill_engine.rendering.batches.pool import Pool

@dataclass
class Job:
    folder: Path
    loads: bool

    def prepare(self):
        (self.folder / f"worker-{os.getpid()}").touch()
        while not self.loads:
            time.sleep(1)
        return self.do

    def do(self, task):
        while task > 1:
            time.sleep(1)
        return task

if __name__ == "__main__":
    folder, done = Path(sys.argv[1]), []
    try:
        for task, outcome in Pool(2).run(Job(folder, sys.argv[2] == "loads"), range(4)):
            done.append(outcome)
            (folder / f"counted-{len(done)}").touch()
    except KeyboardInterrupt:
        print("interrupted after", sorted(done))
"""


@contextmanager
def batch(folder: Path, kind: str) -> Iterator[subprocess.Popen[str]]:
    """Run a batch of two workers that never end what they do, in a session of its own, as in a terminal."""
    (folder / "program.py").write_text(PROGRAM)
    command = [sys.executable, str(folder / "program.py"), str(folder), kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(what: Callable[[], bool]) -> None:
    """Wait until something is so, as long as the test may."""
    while not what():
        time.sleep(0.01)


def runs(pid: int) -> bool:
    """Return whether a process is there that is not dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def workers(folder: Path) -> list[int]:
    return [int(path.name.partition("-")[2]) for path in folder.glob("worker-*")]


@pytest.mark.parametrize(("kind", "counted", "told"), [("stuck", 0, "[]"), ("loads", 2, "[0, 1]")])
def test_an_interrupted_batch_ends_its_workers_whatever_they_do(
    tmp_path: Path, kind: str, counted: int, told: str
) -> None:
    with batch(tmp_path, kind) as process:
        wait_for(lambda: len(workers(tmp_path)) == 2 and len(list(tmp_path.glob("counted-*"))) == counted)
        os.killpg(process.pid, signal.SIGINT)
        assert process.communicate()[0].strip() == f"interrupted after {told}"
        assert process.returncode == 0
        assert not [pid for pid in workers(tmp_path) if runs(pid)]


def test_workers_end_when_the_first_process_is_killed(tmp_path: Path) -> None:
    with batch(tmp_path, "loads") as process:
        wait_for(lambda: len(workers(tmp_path)) == 2)
        process.kill()
        wait_for(lambda: not [pid for pid in workers(tmp_path) if runs(pid)])


RENDER = """
import sys
from pathlib import Path
from distill_control.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["render", "starter", "-o", sys.argv[1], "--count", "50", "--duration", "60", *sys.argv[2:]]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("words", [("--workers", "2"), ("--cluster", "local:2")])
def test_an_interrupted_render_leaves_no_process_and_no_broken_file(tmp_path: Path, words: tuple[str, ...]) -> None:
    psutil = pytest.importorskip("psutil")
    pytest.importorskip("distributed")
    (tmp_path / "program.py").write_text(RENDER)
    command = [sys.executable, str(tmp_path / "program.py"), str(tmp_path / "out"), *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            own = psutil.Process(process.pid)
            wait_for(lambda: len(own.children(recursive=True)) >= 3)  # two workers, the tracker of resources
            children = own.children(recursive=True)
            os.killpg(process.pid, signal.SIGINT)
            said = process.communicate()[1]
        finally:
            process.kill()
    assert process.returncode == 3
    assert "stopped: 0 of 50 files are done; the same command with --skip-existing goes on" in said
    assert len(said.splitlines()) == 1
    wait_for(lambda: not [one.pid for one in children if runs(one.pid)])  # the tracker of resources ends last
    assert not list((tmp_path / "out").iterdir())
