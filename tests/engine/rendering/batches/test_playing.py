"""What a batch says that it plays is what its processes prepare."""

from pathlib import Path

import pytest

from distill_engine.inference import vocoder_candidates
from distill_engine.library.assets import starter_path
from distill_engine.rendering.batches import playing
from distill_engine.rendering.batches.resynth_batch import ResynthBatch
from distill_engine.rendering.exporting.sound_files import RenderTarget


def test_a_batch_of_recordings_says_what_its_device_plays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str | None] = []
    serves = vocoder_candidates.bigvgan_serves
    monkeypatch.setattr(playing, "bigvgan_serves", lambda device: asked.append(device) or serves(device))
    batch = ResynthBatch(starter_path(), tmp_path, RenderTarget(tmp_path), torch_device="cuda")
    assert batch.played().vocoder == "base vocos"
    assert asked == ["cuda"]
