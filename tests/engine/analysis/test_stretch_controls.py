"""Controls of a skeleton are measured on as many places as there is time for."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from distill_engine.analysis.controls import Controls
from distill_engine.analysis.model_prober import Prober
from distill_engine.analysis.stretches import stretch_controls
from distill_engine.analysis.stretches.path import CorpusPath
from distill_engine.analysis.stretches.shaping import Shaping
from distill_engine.analysis.stretches.stretch_controls import PLACES, ROUNDS, STRETCH_HOPS, measure_stretch_controls
from distill_engine.audio.arrays import Float32Array
from distill_engine.inference.stored_codes import skeleton_of_file
from distill_engine.modelfile import ModelFile
from distill_engine.system.listeners import ignore
from support_skeleton import skeleton_model

HOP_SECONDS = 512 / 44100


@pytest.mark.parametrize(("deadline", "rounds"), [(np.inf, ROUNDS), (0.0, 1), (3.0, 2)])
def test_a_deadline_shortens_a_measurement_to_one_round_at_least(
    tmp_path: Path, deadline: float, rounds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = skeleton_model(tmp_path / "m.distillgan", tmp_path / "sounds")
    with ModelFile.open(path) as file:
        arrays, table = file.read_part("analysis"), file.manifest.analysis
        skeleton = skeleton_of_file(file)
    controls, route = Controls.from_part(arrays, table), CorpusPath.from_part(arrays, 24)
    assert route is not None

    def synthesise(latents: Float32Array) -> Float32Array:
        return np.repeat(np.tanh(latents[0]), 512) * np.sin(np.arange(512 * latents.shape[1]) / 7).astype(np.float32)

    prober = Prober(synthesise, ignore)
    ticks = count()
    clock = SimpleNamespace(monotonic=lambda: float(next(ticks)))
    monkeypatch.setattr(stretch_controls, "time", clock)
    measure_stretch_controls(controls, route, prober, Shaping(skeleton, controls.names), deadline=deadline)
    features = sum(info.kind == "feature" for info in controls.infos)
    hops = PLACES // ROUNDS * rounds * (1 + 4 * features) * STRETCH_HOPS
    assert prober.seconds == pytest.approx(hops * HOP_SECONDS)
