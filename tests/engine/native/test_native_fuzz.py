"""Random sizes, weights, states and inputs break nothing that the sanitizers of a C compiler watch."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from distill_engine.native.library import LIBRARY

ROUNDS = int(os.environ.get("DISTILL_FUZZ_ROUNDS", "60"))
SANITIZERS = ("-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all", "-DPLAIN")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc with its sanitizers")
def test_random_input_reaches_no_other_memory(tmp_path: Path) -> None:
    source, program = Path(__file__).with_name("fuzz.c"), tmp_path / "fuzz"
    made = [
        "gcc",
        "-std=gnu11",
        "-O1",
        "-g",
        *SANITIZERS,
        f"-I{LIBRARY.parent}",
        str(source),
        "-o",
        str(program),
        "-lm",
    ]
    subprocess.run(made, check=True)
    for seed in ("1", "2"):
        done = subprocess.run([program, str(ROUNDS), seed], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        assert int(done.stdout.split()[0]) > ROUNDS // 4  # the others have sizes that do not fit
