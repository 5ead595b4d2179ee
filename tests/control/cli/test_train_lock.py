"""Two trainings of one file: the second is refused with the name of the first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from distill_control.cli.main import main
from support_skeleton import write_tones

HOLDER = """
import sys
from pathlib import Path
from distill_control.cli.support.train_start import training_lock

with training_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_file_that_another_process_trains_is_refused_with_its_name_until_it_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path / "home"))
    tones, path = write_tones(tmp_path / "tones"), tmp_path / "same.distillgan"
    words = ["train", str(tones), "-o", str(path), "--no-analysis", "--json"]
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert main(words) == 1
        assert capsys.readouterr().err.strip() == (
            f"error: {path} is being trained by distill train -o same.distillgan (process {holder.pid}): "
            "wait for it, or choose another -o"
        )
        assert not path.exists()
    assert main(words) == 0
    assert path.exists()
    assert not [one for one in tmp_path.iterdir() if one.name.endswith(".training")]
