"""Between marks everything is interpolated: exact at each mark, and never beyond what they hold."""

import numpy as np
import pytest

from distill_engine.errors import ControlError
from distill_engine.synthesis.marks.plane import MarkPlane
from distill_engine.vocabulary.table import CONTROL_COUNT, MOST_MARKS


def plane_of(places: np.ndarray, held: np.ndarray | None = None) -> MarkPlane:
    count = places.shape[1]
    random = np.random.default_rng(count)
    latents, controls = random.standard_normal((16, count)), random.uniform(-1, 1, (CONTROL_COUNT, count))
    return MarkPlane("space", places, latents, controls, np.ones((2, count)) if held is None else held)


@pytest.mark.parametrize("count", [1, 2, 3, MOST_MARKS])
def test_a_mark_says_what_it_holds_and_nothing_lies_beyond(count):
    plane = plane_of(np.random.default_rng(1).uniform(-1, 1, (2, count)))
    for number, (x, y) in enumerate(plane.places.T):
        marked = plane.at(x, y)
        assert np.abs(marked.latent - plane.latents[:, number]).max() < 1e-4
        assert np.abs(marked.controls - plane.controls[:, number]).max() < 1e-4
    for x, y in np.random.default_rng(2).uniform(-1, 1, (200, 2)):
        marked = plane.at(x, y)
        assert (marked.latent <= plane.latents.max(axis=1) + 1e-9).all()
        assert (marked.latent >= plane.latents.min(axis=1) - 1e-9).all()
        assert marked.latent_share == pytest.approx(1.0)


def test_a_small_step_changes_little():
    plane = plane_of(np.random.default_rng(3).uniform(-1, 1, (2, MOST_MARKS)))
    way = np.stack([plane.at(x, 0.3).latent for x in np.linspace(-1, 1, 2001)])
    spread = np.ptp(plane.latents, axis=1)
    assert (np.abs(np.diff(way, axis=0)) / spread).max() < 0.03


@pytest.mark.parametrize("places", [[[0.0, 0.0], [0.0, 0.0]], [[-1, 0, 1], [0.5, 0.5, 0.5]], [[1, 1, 1], [1, 1, -1]]])
def test_marks_in_a_row_or_at_one_place_are_no_trouble(places):
    plane = plane_of(np.array(places, np.float64))
    weights = plane.weights(*plane.places[:, 0])
    assert np.isfinite(weights).all()
    assert weights.sum() == pytest.approx(1.0)
    same = (plane.places == plane.places[:, :1]).all(axis=0)
    assert weights[same] == pytest.approx(1.0 / same.sum(), abs=1e-3)


def test_a_mark_without_controls_leaves_them_free_and_one_without_a_latent_the_source():
    plane = plane_of(np.array([[-0.5, 0.5], [0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    left, right, middle = plane.at(-0.5, 0.0), plane.at(0.5, 0.0), plane.at(0.0, 0.0)
    assert (left.latent_share, left.control_share) == pytest.approx((1.0, 0.0), abs=1e-4)
    assert (right.latent_share, right.control_share) == pytest.approx((0.0, 1.0), abs=1e-4)
    assert (middle.latent_share, middle.control_share) == pytest.approx((0.5, 0.5), abs=1e-4)
    assert middle.latent == pytest.approx(plane.latents[:, 0])
    assert middle.controls == pytest.approx(plane.controls[:, 1])


def test_damaged_planes_are_refused():
    good = plane_of(np.zeros((2, 3)))
    good.check()
    for change in (
        {"places": np.full((2, 3), np.nan)},
        {"latents": np.zeros((16, 2))},
        {"held": np.zeros((3, 3))},
        {"controls": np.zeros((2, 3))},
        {"places": np.zeros((2, 0)), "latents": np.zeros((16, 0)), "held": np.zeros((2, 0))},
    ):
        with pytest.raises(ControlError, match="the marks are damaged"):
            MarkPlane(**{**vars(good), **change}).check()
