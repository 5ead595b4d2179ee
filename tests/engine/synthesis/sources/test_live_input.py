"""The `input` source outlives what is heard: numbers that are none, absurd levels, an encoder that fails."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from distill_engine.analysis.controls import ControlInfo, Controls, Paths
from distill_engine.analysis.region import Region
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.synth import Synth

D, HOP = 8, 512


@pytest.fixture(scope="module")
def instrument(tiny_model) -> Instrument:
    """One that shapes the path of its source (a temporal control)."""
    info = ControlInfo("density", "temporal", "", "", 1.0, 1.0, 0.0, 0.5, 1.0, {}, (-1.0, 1.0))
    motion = np.array([[[0.0, -1.0, 0, 0, 0], [0.0, 1.0, 0, 0, 0]]])
    paths = Paths(np.zeros((1, D)), np.zeros((1, D, D)), np.linspace(-1, 1, 9)[None], motion)
    controls = Controls((info,), paths, Region(np.zeros(D), np.eye(D), np.eye(D), 6.0, 10.0))
    return dataclasses.replace(prepare_instrument(tiny_model, "vocos"), controls=controls)


def hearing(instrument: Instrument) -> Synth:
    synth = Synth(instrument, seed=1, source="input")
    synth.set("/distill/control/0", 0.5)
    return synth


def sound(hops: int) -> np.ndarray:
    return (0.3 * np.random.default_rng(0).standard_normal(hops * HOP)).astype(np.float32)


@pytest.mark.parametrize(
    ("sample", "heard"), [(np.nan, 0.0), (np.inf, 0.0), (-np.inf, 0.0), (1e30, 4.0), (-1e30, -4.0)]
)
def test_one_bad_sample_is_one_sample(instrument, sample, heard):
    bad, good = sound(60), sound(60)
    bad[9 * HOP + 100], good[9 * HOP + 100] = sample, heard
    synth = hearing(instrument)
    played = synth.render(60, bad)
    assert np.array_equal(played, hearing(instrument).render(60, good))
    assert np.isfinite(played).all()
    assert np.abs(played[:, -10 * HOP :]).max() > 1e-4
    assert synth.take_reports() == []
    motion = synth._mixer.main.steering.state().motion
    assert motion is not None
    assert np.isfinite(motion).all()


def test_an_encoder_that_gives_no_numbers_starts_again_and_the_sound_goes_on(instrument):
    synth = hearing(instrument)
    synth.render(20, sound(20))
    source: Any = synth._mixer.main.sources._sources["input"]
    encoder = source._encoder
    state = encoder.snapshot()
    encoder.restore({name: np.full_like(v, np.nan) if v.dtype.kind == "f" else v for name, v in state.items()})
    played = synth.render(60, sound(60))
    assert np.isfinite(played).all()
    assert np.abs(played[:, -10 * HOP :]).max() > 1e-4
    assert [report.message for report in synth.take_reports()] == [
        "the encoder failed: it gave NaN or infinity; the sound stands still until it works again"
    ]
    assert all(np.isfinite(v).all() for v in encoder.snapshot().values())
    motion = synth._mixer.main.steering.state().motion
    assert motion is not None
    assert np.isfinite(motion).all()
