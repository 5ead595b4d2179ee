"""Two processes over gloo train what one process trains with the same global batch."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = """
import sys
import numpy as np, torch
sys.path.append(sys.argv[2])
from distill_engine.training.batches import Augmentation, Batches
from distill_engine.training.distributed import Ranks, start_ranks, stop_ranks
from distill_engine.training.vocoder.settings import VocoderSettings
from distill_engine.training.vocoder.task import VocoderTask
from distill_engine.vocoders.registry import build_vocoder
from support_vocoders import SMALL_VOCOS

torch.set_num_threads(1)
t = np.arange(30000) / 44100
clips = [np.sin(2 * np.pi * f * t).astype("f4") * 0.3 for f in (200, 500, 900)]
settings = VocoderSettings(batch_size=4, segment_frames=16, width=0.03, spectral_fraction=0.5, learning_rate=1e-3)


def train(ranks):
    torch.manual_seed(0)
    batches = Batches(clips, 4, 16, 0, Augmentation())
    task = VocoderTask(build_vocoder("vocos", SMALL_VOCOS), settings, batches, clips[:1], ranks=ranks)
    for step in range(6):
        progress, stopped = ranks.agree(step / 6, False)
        task.step(progress)
    if ranks.first:
        state = task.core.generator.state_dict()
        np.savez(sys.argv[1] + f"/{ranks.world}.npz", **{k: v.numpy() for k, v in state.items()})


ranks = start_ranks()
train(ranks)
if ranks.first:
    train(Ranks())  # alone, in a process that has imported torch already
stop_ranks()
"""


def places(count: int) -> list[dict[str, str]]:
    """The environment in which torchrun starts each of `count` processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        group = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(probe.getsockname()[1])}
    return [{**group, "RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(count)]


def start(script: Path, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(script), str(script.parent), str(Path(__file__).parents[2])]
    return subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.timeout(900)
def test_two_processes_equal_one_with_the_same_global_batch(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    processes = [start(script, **place) for place in places(2)]
    said = [process.communicate(timeout=400)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    a, b = np.load(tmp_path / "1.npz"), np.load(tmp_path / "2.npz")
    assert set(a.files) == set(b.files)
    moved = max(float(np.abs(a[name]).max()) for name in a.files)
    assert moved > 0
    for name in a.files:
        assert np.allclose(a[name], b[name], atol=2e-4), name
