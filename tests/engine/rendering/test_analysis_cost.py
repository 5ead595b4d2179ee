"""How long an analysis takes is said beforehand, from a measurement."""

import numpy as np
import pytest

from distill_engine.analysis.analyse import AnalysisConfig, most_hops
from distill_engine.library.assets import starter_path
from distill_engine.models.model_config import ModelConfig
from distill_engine.rendering.analysis_cost import expected_seconds, hop_seconds
from distill_engine.rendering.model_trim import TRIM_SECONDS


def test_it_is_the_cost_of_a_hop_times_the_hops():
    asked = []

    def timed(config, kind):
        asked.append(kind)
        return 1e-3

    seconds = expected_seconds(ModelConfig(), 60.0, "hifigan", timed=timed)
    assert asked == ["hifigan"]
    assert seconds == pytest.approx(3.0 + 1.15e-3 * (most_hops(AnalysisConfig()) + (60.0 + TRIM_SECONDS) * 44100 / 512))
    assert expected_seconds(ModelConfig(), 600.0, timed=timed) > seconds


@pytest.mark.skipif(not starter_path().exists(), reason="the shipped models are not built")
@pytest.mark.parametrize("kind", [None, "vocos", "hifigan"])
def test_a_hop_is_timed_through_the_vocoder_to_come(kind):
    seconds = hop_seconds(ModelConfig(), kind)
    assert np.isfinite(seconds)
    assert 1e-5 < seconds < 0.5
