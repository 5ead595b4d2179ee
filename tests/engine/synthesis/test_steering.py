"""Named controls, the map and the offsets act on the latent of each hop."""

import dataclasses

import numpy as np
import pytest

from distill_engine.analysis.controls import ControlInfo, Controls, Paths
from distill_engine.analysis.map import LatentMap
from distill_engine.analysis.region import Region
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.steering import HARD_LIMIT, SOFT_LIMIT, soft_limit
from distill_engine.synthesis.synth import Synth

D = 8


def _controls() -> Controls:
    def info(name: str) -> ControlInfo:
        return ControlInfo(name, "feature", "", "", 1.0, 1.0, 0.0, 0.5, 1.0, {}, (-1.0, 1.0))

    directions = np.zeros((2, D))
    directions[0, 2] = 1.0
    motion = np.zeros((2, 2, 5))
    motion[1] = [[-2.0, 0, 0, 0, 0], [2.0, 0, 0, 0, 0]]
    warp = np.tile(np.linspace(-1, 1, 9), (2, 1))
    paths = Paths(directions, np.zeros((2, D, D)), warp, motion)
    identity = np.eye(D)
    return Controls((info("brightness"), info("density")), paths, Region(np.zeros(D), identity, identity, 6.0, 10.0))


@pytest.fixture(scope="module")
def instrument(tiny_model) -> Instrument:
    points = np.array([[-1.0, 1.0], [0.0, 0.0]])
    latents = np.stack([np.full(D, -1.0), np.full(D, 1.0)], axis=1)
    latent_map = LatentMap(points, latents, np.array([0, 1]), np.zeros(2))
    return dataclasses.replace(prepare_instrument(tiny_model, "vocos"), controls=_controls(), latent_map=latent_map)


def _latents(synth: Synth, hops: int) -> np.ndarray:
    from distill_engine.synthesis.hop_values import hop_values

    out = []
    for _ in range(hops):
        synth.parameters.advance()
        out.append(synth._mixer.main.latent(hop_values(synth.parameters, synth._mixer.clock), None))
    return np.stack(out, axis=1)


def test_a_named_control_moves_the_latent_along_its_direction(instrument):
    synth = Synth(instrument, source="hold")
    synth.set("/distill/control/0", 0.5)
    latent = _latents(synth, 1)[:, 0]
    assert latent[2] == pytest.approx(0.5)
    assert np.allclose(np.delete(latent, 2), 0.0)
    assert synth.strain == 0.0


def test_controls_that_push_out_of_the_region_say_so(instrument):
    near = dataclasses.replace(instrument.controls.region, knee=0.2, limit=0.6)
    tight = Controls(instrument.controls.infos, instrument.controls.paths, near)
    synth = Synth(dataclasses.replace(instrument, controls=tight), source="hold")
    synth.set("/distill/control/0", 1.0)
    synth.render(1)
    assert 0.0 < synth.strain <= 1.0


def test_a_temporal_control_changes_the_pace_of_the_source(instrument):
    plain, fast = Synth(instrument, seed=3), Synth(instrument, seed=3)
    plain.set("/distill/source/rate", 4.0)
    fast.set("/distill/source/rate", 1.0)
    fast.set("/distill/control/1", 1.0)
    assert np.allclose(_latents(plain, 60), _latents(fast, 60))


def test_the_map_replaces_the_source_as_far_as_wanted(instrument):
    synth = Synth(instrument, seed=3)
    synth.set("/distill/map/x", 1.0)
    synth.set("/distill/map/amount", 1.0)
    assert np.allclose(_latents(synth, 1)[:, 0], instrument.latent_map.latent_at(1.0, 0.0))
    synth.set("/distill/map/x", -1.0)
    assert np.allclose(_latents(synth, 1)[:, 0], instrument.latent_map.latent_at(-1.0, 0.0))
    synth.set("/distill/map/amount", 0.0)
    assert np.allclose(_latents(synth, 2), _latents(_later(instrument, 2), 2))


def _later(instrument: Instrument, hops: int) -> Synth:
    synth = Synth(instrument, seed=3)
    _latents(synth, hops)
    return synth


def test_controls_do_not_depend_on_the_blocks_and_are_in_the_snapshot(instrument):
    def play(cut: int) -> np.ndarray:
        synth = Synth(instrument, seed=3)
        synth.set("/distill/control/1", 0.7, 0.3)
        synth.set("/distill/control/0", 1.0, 0.2)
        return np.concatenate([synth.render(cut) for _ in range(42 // cut)], axis=1)

    whole = play(42)
    for cut in (1, 3, 7):
        assert np.abs(play(cut) - whole).max() <= 1e-5
    synth = Synth(instrument, seed=3)
    synth.set("/distill/control/1", 0.7)
    synth.render(9)
    saved = synth.state()
    first = synth.render(20)
    synth.restore(saved)
    assert np.array_equal(synth.render(20), first)


def test_the_limit_is_soft_and_firm():
    small, large = np.array([0.5, -2.9]), np.array([3.5, -100.0])
    assert np.array_equal(soft_limit(small), small)
    bent = soft_limit(large)
    assert SOFT_LIMIT < bent[0] < 3.5
    assert -HARD_LIMIT <= bent[1] < -SOFT_LIMIT
