"""A kill -9 at any moment of training and saving: the file loads, keeps its latent model, and training resumes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from distill_engine.modelfile import ModelFile

KILLS = int(
    os.environ.get("DISTILL_KILLS", "4")
)  # more of them: DISTILL_KILLS=50 pytest tests/engine/training/test_interruption.py

SCRIPT = """
import os, sys
from pathlib import Path
import numpy as np, torch, torch._dynamo  # the last is what an optimiser imports
sys.path[:0] = sys.argv[2:]
from conftest import MadeClip, MadeCorpus, tone
from distill_engine.training.vocoder.train_vocoder import VocoderOptions, train_vocoder
from distill_engine.training.vocoder.settings import VocoderSettings
from support_vocoders import SMALL_VOCOS

torch.set_num_threads(1)
clips = [MadeClip(str(f), tone(f, 0.5)) for f in (220, 330, 550)]
corpus = MadeCorpus(tuple(clips), (0, 1), (2,))
settings = VocoderSettings(batch_size=1, segment_frames=16, width=0.03, spectral_fraction=0.5)
started = lambda event: print(getattr(event, "step", type(event).__name__), flush=True)
for mode in sys.stdin:  # each training is a process of its own; torch is imported once
    if child := os.fork():
        os.waitpid(child, 0)
        print("ended", flush=True)
        continue
    print("process", os.getpid(), flush=True)
    options = VocoderOptions(
        settings=settings, config=SMALL_VOCOS, epochs=100000, resume=mode == "resume\\n", warm_start=False, device="cpu",
        checkpoint_seconds=0.0,
    )
    train_vocoder(corpus, Path(sys.argv[1]), options, listen=started)
    os._exit(0)
"""


@pytest.mark.slow
@pytest.mark.timeout(120 + 20 * KILLS)
def test_a_kill_at_many_random_moments_loses_neither_the_model_nor_the_training(
    tmp_path: Path, corpus: object, small_model: object
) -> None:
    from distill_engine.modelfile import Manifest, Part, save_model
    from distill_engine.models.build import build_model
    from distill_engine.training.storage import weights

    path, script = tmp_path / "m.distillgan", tmp_path / "train.py"
    script.write_text(SCRIPT)
    model = weights(build_model(small_model))  # type: ignore[arg-type]
    manifest = Manifest(name="m", family="vae", model=small_model.to_dict())  # type: ignore[attr-defined]
    save_model(path, manifest, {"model": Part(model)})
    rng, resumed, last = random.Random(5), 0, -1
    words = [sys.executable, str(script), str(path), str(Path(__file__).parent), str(Path(__file__).parents[2])]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as trainer:
        assert trainer.stdin is not None
        assert trainer.stdout is not None
        for _ in range(KILLS):
            mode = "resume" if _has_checkpoint(path) else "fresh"
            trainer.stdin.write(f"{mode}\n")
            training = int(trainer.stdout.readline().removeprefix("process "))
            assert trainer.stdout.readline() == "Started\n"
            time.sleep(rng.uniform(0.2, 1.5))
            os.kill(training, signal.SIGKILL)
            while trainer.stdout.readline() != "ended\n":
                assert trainer.poll() is None
            with ModelFile.open(path) as file:
                stored = file.read_part("model")
                assert all(np.array_equal(stored[name], model[name]) for name in model)
            step = _has_checkpoint(path)
            assert step >= last  # training goes on, never back
            resumed += mode == "resume"
            last = step
    assert resumed >= KILLS // 2


def _has_checkpoint(path: Path) -> int:
    """The step of the checkpoint in the file, 0 where there is none."""
    from distill_engine.training.storage import read_checkpoint

    found = read_checkpoint(path, "training/vocoder/vocos")
    return int(found[0].metadata["position"]["step"]) if found is not None else 0
