"""A processor of 2008, without AVX and AVX2, emulated by QEMU: everything that plays runs there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

QEMU = shutil.which("qemu-x86_64")
RENDER = (
    "-m",
    "distill_control.cli.main",
    "render",
    "starter",
    "--duration",
    "0.5",
    "--seed",
    "1",
    "--bit-depth",
    "32f",
)


def _rendered(out: Path, *emulator: str) -> np.ndarray:
    # the math library would obey a processor named here even where its instructions are missing
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    environment |= {"DISTILL_HOME": str(out.parent / "library")}
    command = [*emulator, sys.executable, *RENDER, "-o", str(out)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return np.asarray(soundfile.read(out)[0])


@pytest.mark.slow
@pytest.mark.skipif(QEMU is None, reason="qemu-user is not installed")
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="another kind of processor")
def test_a_render_without_avx_equals_that_of_this_processor(tmp_path: Path) -> None:
    assert QEMU is not None
    here = _rendered(tmp_path / "here.wav")
    emulated = _rendered(tmp_path / "emulated.wav", QEMU, "-cpu", "Nehalem")
    assert np.abs(here).max() > 0.01
    np.testing.assert_allclose(emulated, here, atol=2e-4)
