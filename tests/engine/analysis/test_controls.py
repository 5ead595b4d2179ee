"""The controls as they are played: offsets, limits, storage, effect of temporal controls."""

from __future__ import annotations

import numpy as np
import pytest

from distill_engine.analysis.control_response import Response
from distill_engine.analysis.controls import ControlInfo, Controls, Paths
from distill_engine.analysis.motion import Motion, SourceModulation
from distill_engine.analysis.region import Region, fit_region
from distill_engine.errors import AnalysisError

D = 6
RNG = np.random.default_rng(3)


def info(name: str) -> ControlInfo:
    return ControlInfo(name, "feature", "dB", f"more {name}", 0.95, 0.9, -1.0, 0.0, 1.0, {"warmth": 0.1}, (-1.0, 0.8))


@pytest.fixture(scope="module")
def region() -> Region:
    return fit_region(np.diag([1.0, 2.0, 1.0, 0.5, 1.0, 1.0]) @ RNG.standard_normal((D, 500)))


@pytest.fixture(scope="module")
def controls(region: Region) -> Controls:
    warp = np.tile(2.5 * np.linspace(-1, 1, 9), (3, 1))
    motion = np.zeros((3, 2, 5))
    motion[2] = np.array([[-2, -5, 0, 0, 0], [2, 1, 1, 0.5, 8]])
    directions, bends = RNG.standard_normal((3, D)), 0.1 * RNG.standard_normal((3, D, D))
    directions[2], bends[2] = 0, 0
    names = ("brightness", "warmth", "density")
    return Controls([info(name) for name in names], Paths(directions, bends, warp, motion), region)


def test_controls_at_zero_add_nothing(controls: Controls) -> None:
    for base in 4 * RNG.standard_normal((20, D)):
        np.testing.assert_array_equal(controls.offset(base, np.zeros(3)), np.zeros(D))


def test_an_offset_grows_smoothly_from_zero(controls: Controls) -> None:
    for base in 3 * RNG.standard_normal((20, D)):
        values = np.linspace(-1, 1, 201)
        path = np.stack([controls.offset(base, np.array([value, 0.5 * value, 0.0])) for value in values])
        assert np.abs(np.diff(path, axis=0)).max() < 0.2


def test_sums_of_controls_stay_in_the_learned_region(controls: Controls) -> None:
    for base in RNG.standard_normal((20, D)):
        for values in RNG.choice([-1.0, 1.0], size=(8, 3)):
            reached = controls.region.radius(base + controls.offset(base, values))
            assert reached <= max(controls.region.limit, controls.region.radius(base) + 0.11 * controls.region.limit)


def test_the_strain_warns_before_the_limit_is_reached(controls: Controls) -> None:
    inside = controls.region.centre
    strains = [controls.strain(inside, np.array([v, v, 0.0])) for v in (0.0, 0.05, 1.0)]
    assert strains[0] == strains[1] == 0.0
    far = inside + 3 * controls.region.colouring @ np.ones(D)
    assert (
        0.0 < controls.strain(far, controls.values({"brightness": 1.0})) <= 1.0
        or controls.strain(far, controls.values({"brightness": -1.0})) > 0.0
    )


def test_values_beyond_the_range_are_clipped_and_nan_is_zero(controls: Controls) -> None:
    base = np.zeros(D)
    np.testing.assert_array_equal(
        controls.offset(base, np.array([7.0, np.nan, 0.0])), controls.offset(base, np.array([1.0, 0.0, 0.0]))
    )
    assert controls.source_modulation(np.array([np.nan, 0.0, 9.0])).speed == 4.0


def test_an_unknown_control_lists_those_there_are(controls: Controls) -> None:
    with pytest.raises(AnalysisError, match="brightness, warmth, density"):
        controls.index("sparkle")
    with pytest.raises(AnalysisError, match="distill analyse"):
        Controls.none(4).index("brightness")


@pytest.mark.parametrize("value", [1.5, -2.0, float("nan")])
def test_named_values_must_lie_in_the_range(controls: Controls, value: float) -> None:
    with pytest.raises(AnalysisError, match="-1 to 1"):
        controls.values({"warmth": value})


def test_controls_survive_storage(controls: Controls) -> None:
    again = Controls.from_part(controls.to_arrays(), {"controls": [entry.to_dict() for entry in controls.infos]})
    assert again.infos == controls.infos
    base, values = RNG.standard_normal(D), np.array([0.3, -0.8, 1.0])
    np.testing.assert_allclose(again.offset(base, values), controls.offset(base, values), atol=1e-5)
    assert again.source_modulation(values) == controls.source_modulation(values)


def test_damaged_storage_is_named(controls: Controls) -> None:
    table = {"controls": [entry.to_dict() for entry in controls.infos]}
    arrays = controls.to_arrays()
    with pytest.raises(AnalysisError, match="shapes"):
        Controls.from_part(arrays | {"control_warp": np.zeros((3, 4), np.float32)}, table)
    with pytest.raises(AnalysisError, match="lacks"):
        Controls.from_part({k: v for k, v in arrays.items() if k != "region_radii"}, table)
    with pytest.raises(AnalysisError, match="damaged"):
        Controls.from_part(arrays, {"controls": [{"name": "brightness"}] * 3})


def test_temporal_controls_change_the_source_and_others_do_not(controls: Controls) -> None:
    assert controls.source_modulation(np.array([1.0, -1.0, 0.0])) == SourceModulation()
    slow, fast = (controls.source_modulation(np.array([0.0, 0.0, value])) for value in (-1.0, 1.0))
    assert (slow.speed, fast.speed) == (0.25, 4.0)
    assert slow.depth < 1.0 < fast.depth
    assert fast.kicks == 8.0


def test_neutral_motion_leaves_the_source_exactly_alone(region: Region) -> None:
    motion = Motion(region)
    for latent in RNG.standard_normal((50, D)):
        np.testing.assert_array_equal(motion.step(latent, SourceModulation()), latent)


def test_motion_continues_from_its_saved_state(region: Region) -> None:
    modulation = SourceModulation(depth=1.5, edge=2.0, flutter=0.5, kicks=6.0)
    path = RNG.standard_normal((120, D))
    whole = Motion(region, seed=5)
    expected = [whole.step(latent, modulation) for latent in path]
    first = Motion(region, seed=5)
    for latent in path[:60]:
        first.step(latent, modulation)
    second = Motion(region, seed=5)
    second.restore(first.state())
    np.testing.assert_array_equal([second.step(latent, modulation) for latent in path[60:]], expected[60:])


def test_flutter_has_the_spread_it_says(region: Region) -> None:
    motion = Motion(region, seed=1)
    added = np.stack([motion.step(region.centre, SourceModulation(flutter=1.0)) - region.centre for _ in range(6000)])
    assert np.std(added @ region.whitening, axis=0).mean() == pytest.approx(1.0, abs=0.12)


def test_motion_keeps_a_resting_source_in_the_region(region: Region) -> None:
    motion = Motion(region, seed=2)
    modulation = SourceModulation(depth=4.0, edge=6.0, flutter=2.0, kicks=12.0)
    radii = [region.radius(motion.step(region.centre, modulation)) for _ in range(400)]
    assert max(radii) <= region.limit


def test_a_region_of_constant_latents_is_finite() -> None:
    region = fit_region(np.ones((D, 30)))
    assert np.isfinite(region.whitening).all()
    assert region.limit > region.knee > 0


def test_a_feature_undefined_at_some_positions_has_finite_medians() -> None:
    heard = np.full((3, 5, 11), np.nan)
    heard[:, 1:4, 6] = [[50.0, 52.0, 54.0], [60.0, 62.0, 64.0], [55.0, 57.0, 60.0]]
    response = Response(np.linspace(-1, 1, 5), heard)
    np.testing.assert_allclose(response.medians(6), [55.0, 55.0, 57.0, 59.0, 59.0])
    np.testing.assert_array_equal(response.medians(5), np.zeros(5))
    assert response.rho(5) == response.change(5) == 0.0
