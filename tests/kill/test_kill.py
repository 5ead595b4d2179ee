"""Writers that are killed at random moments leave nothing half, and lose nothing that was finished.

`make kill` kills five times as many.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from kill_support.kinds import KINDS
from live_support.programs import environment

KILLS = {
    "model files": 22, "presets": 16, "history of renders": 10, "recordings": 4, "takes": 4, "training": 4,
}  # fmt: skip


@pytest.mark.parametrize("name", [kind.name for kind in KINDS])
def test_a_kill_at_many_random_moments_leaves_nothing_half(name: str) -> None:
    command = [sys.executable, "-m", "kill_support.killing", name, str(KILLS[name]), "7"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert report["kills"] == KILLS[name]
    assert report["finished"] > 0
