"""The kernels of the space compute what numpy does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from distill_engine.audio import filters
from distill_engine.library.assets import assets_dir
from distill_engine.native.library import native_library
from distill_engine.synthesis.output_stage import OutputStage
from distill_engine.synthesis.space import ears, head, room, space
from distill_engine.synthesis.space.places import PLACE_VALUES
from distill_engine.takes.take import TICK_SAMPLES

pytestmark = pytest.mark.skipif(isinstance(native_library(), str), reason="no native kernels here")
TICKS = 700  # 2 s
RNG = np.random.default_rng(0)


@pytest.fixture
def without_kernels(monkeypatch) -> Callable[[], head.Head]:
    """Return a function after which everything is made without kernels; it returns such a head."""

    def switch_off() -> head.Head:
        for module in (ears, filters, head, room):
            monkeypatch.setattr(module, "native_library", lambda: "for a test")
        plain = head.Head(assets_dir() / "head.npz")
        monkeypatch.setattr(space, "shipped_head", lambda: plain)
        return plain

    return switch_off


def _swept(stage: OutputStage) -> np.ndarray:
    """Return the channels [2, TICKS * tick] of two slots that turn in a room, through four kinds of space."""
    sound = 0.2 * np.random.default_rng(1).standard_normal((2, TICKS * TICK_SAMPLES))
    places = np.zeros((TICKS, PLACE_VALUES))
    places[:, 8:12] = 1.0
    places[:, 0], places[:, 1] = np.linspace(-180, 180, TICKS), np.linspace(300, -300, TICKS)
    places[:, 4], places[:, 13] = np.linspace(-60, 90, TICKS), np.linspace(0, 1, TICKS)
    parts = []
    for index, kind in enumerate(("binaural", "stereo", "ambisonic", "binaural")):
        stage.space.choose(kind)
        for tick in range(index * TICKS // 4, (index + 1) * TICKS // 4):
            span = slice(tick * TICK_SAMPLES, (tick + 1) * TICK_SAMPLES)
            parts.append(stage.process(sound[:, span], np.ones(1), np.full(1, 0.4), places[tick : tick + 1]))
    return np.concatenate(parts, axis=1)


def test_a_sweep_in_a_room_is_that_of_numpy(without_kernels):
    native = _swept(OutputStage())
    without_kernels()
    plain = _swept(OutputStage())
    assert np.abs(plain).max() > 0.5
    assert np.abs(native - plain).max() < 1e-6


def test_a_state_goes_on_with_the_kernels_and_without(without_kernels):
    native = OutputStage()
    _swept(native)
    state = native.state()
    without_kernels()
    plain = OutputStage()
    plain.restore(state)
    x = 0.2 * RNG.standard_normal((2, 8 * TICK_SAMPLES))
    places = np.zeros((8, PLACE_VALUES))
    places[:, 8:12] = places[:, 13:] = 1.0
    one = np.ones(8)
    assert np.abs(native.process(x, one, one, places) - plain.process(x, one, one, places)).max() < 1e-6


@pytest.mark.parametrize("size", [1, 66, 67, 68, 128, 700])
def test_all_passes_are_those_of_numpy_in_any_blocks(without_kernels, size):
    x = RNG.standard_normal(2000)
    native = filters.AllPasses((67, 149, 211), 0.55)
    without_kernels()
    plain = filters.AllPasses((67, 149, 211), 0.55)
    parts = [native.process(x[at : at + size]) for at in range(0, len(x), size)]
    assert np.allclose(np.concatenate(parts), plain.process(x), atol=1e-12)
    for ours, theirs in zip(native.state(), plain.state(), strict=True):
        assert np.allclose(ours, theirs, atol=1e-12)


def test_responses_are_those_of_numpy(without_kernels):
    native = head.shipped_head()
    plain = without_kernels()
    for azimuth, elevation in RNG.uniform((-400, -90), (400, 90), (200, 2)).tolist():
        assert np.abs(native.response(azimuth, elevation) - plain.response(azimuth, elevation)).max() < 1e-6
