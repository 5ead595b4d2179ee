"""A network that ONNX Runtime cannot run any more never ends the playing: it is said, and what can be heard goes on."""

from typing import Any

import numpy as np
import pytest

from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.synth import Synth
from support_kernels import graphs_alone

HOP = 512


@pytest.fixture(scope="module")
def instrument(tiny_model) -> Instrument:
    with graphs_alone():
        return prepare_instrument(tiny_model, "vocos")


class Broken:
    """A stream whose graph is bound to an output that does not fit, until it is mended."""

    def __init__(self, stream, columns):
        self._block = block = stream._block(columns)
        self._whole = (block.y, block.bindings)
        block.y = np.zeros((*block.y.shape[:2], block.y.shape[2] + 1), np.float32)
        sets = stream._sets
        block.bindings = [stream.graph.bind(block.x, block.y, sets[i], sets[1 - i]) for i in range(2)]

    def mend(self):
        self._block.y, self._block.bindings = self._whole


def play(synth, hops, samples=None):
    """Hop by hop, as the graph is broken for a certain block size."""
    parts = range(hops) if samples is None else np.split(samples, hops)
    return np.concatenate([synth.render(1, None if samples is None else part) for part in parts], axis=1)


@pytest.mark.parametrize("part", ["decoder", "vocoder"])
def test_a_voice_that_cannot_be_computed_is_silent_said_once_and_comes_back(instrument, part):
    synth = Synth(instrument, seed=2)
    synth.set("/distill/width", 0.0)
    play(synth, 8)
    broken = Broken(getattr(synth._mixer.main, part), 1)
    silent = play(synth, 12)
    assert np.isfinite(silent).all()
    assert np.abs(np.diff(silent[:, 2048:])).max() < 1e-5  # nothing but the DC block's tail
    reports = synth.take_reports()
    assert [report.kind for report in reports] == ["failed"]
    assert "vocos failed: " in reports[0].message
    broken.mend()
    assert np.abs(play(synth, 60)[:, -16 * HOP :]).max() > 1e-4
    assert synth.take_reports() == []


def test_an_encoder_that_cannot_be_computed_leaves_the_sound_where_it_is(instrument):
    noise = (0.3 * np.random.default_rng(0).standard_normal(40 * HOP)).astype(np.float32)
    synth = Synth(instrument, seed=2, source="input")
    play(synth, 40, noise)
    source: Any = synth._mixer.main.sources._sources["input"]
    encoder = source._encoder
    broken = Broken(encoder, instrument.reduction)
    still = play(synth, 40, noise)
    assert np.abs(still[:, -16 * HOP :]).max() > 1e-4
    messages = [report.message for report in synth.take_reports()]
    assert len(messages) == 1
    assert "the encoder failed: " in messages[0]
    before = synth._mixer.main.sources.state().last
    play(synth, 8, noise[: 8 * HOP])
    after = synth._mixer.main.sources.state().last
    assert before is not None
    assert after is not None
    assert np.array_equal(before, after)
    broken.mend()
    play(synth, 40, noise)
    mended = synth._mixer.main.sources.state().last
    assert mended is not None
    assert not np.allclose(mended, before)
    assert synth.take_reports() == []
