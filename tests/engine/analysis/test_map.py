"""The map: distances, playability, storage, pictures."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from distill_engine.analysis.map import LatentMap, make_map, scale_to_plane
from distill_engine.analysis.plots import draw_map
from distill_engine.errors import AnalysisError

RNG = np.random.default_rng(4)


@pytest.fixture(scope="module")
def plane() -> LatentMap:
    clips = [RNG.standard_normal((8, 1)) * 3 + 0.3 * RNG.standard_normal((8, 60)) for _ in range(5)]
    return make_map(clips, [np.ones(60, bool)] * 5, 0.046)


def test_points_that_lie_in_a_plane_keep_their_distances() -> None:
    flat = np.linalg.qr(RNG.standard_normal((8, 2)))[0] @ RNG.standard_normal((2, 50))
    points, stress = scale_to_plane(flat)
    assert stress < 1e-6
    ratio = np.linalg.norm(points[:, 0] - points[:, 1]) / np.linalg.norm(flat[:, 0] - flat[:, 1])
    assert np.linalg.norm(points[:, 2] - points[:, 9]) == pytest.approx(
        ratio * np.linalg.norm(flat[:, 2] - flat[:, 9]), rel=1e-6
    )


def test_stress_majorisation_lowers_the_stress_of_the_classical_start() -> None:
    latents = RNG.standard_normal((8, 80))
    centred = latents - latents.mean(axis=1, keepdims=True)
    left, _, _ = np.linalg.svd(centred, full_matrices=False)
    start = left[:, :2].T @ centred

    def stress(points: np.ndarray) -> float:
        shown, true = (np.linalg.norm(p[:, :, None] - p[:, None, :], axis=0) for p in (points, latents))
        return float(np.sqrt(np.sum((shown - true) ** 2) / np.sum(true**2)))

    assert scale_to_plane(latents)[1] < stress(start)


def test_the_map_fills_its_square_and_plays_at_every_point(plane: LatentMap) -> None:
    assert np.abs(plane.points).max() == pytest.approx(1.0)
    grid = [plane.latent_at(x, y) for x in np.linspace(-1, 1, 9) for y in np.linspace(-1, 1, 9)]
    assert np.isfinite(grid).all()
    assert np.abs(np.stack(grid)).max() <= np.abs(plane.latents).max() + 1e-9


def test_a_region_played_at_its_place_sounds_like_its_clip(plane: LatentMap) -> None:
    for index in range(0, len(plane.clips), 7):
        latent = plane.latent_at(*plane.points[:, index])
        nearest = int(np.argmin(np.linalg.norm(plane.latents - latent[:, None], axis=0)))
        assert plane.clips[nearest] == plane.clips[index]


def test_moving_over_the_map_does_not_jump(plane: LatentMap) -> None:
    path = np.stack([plane.latent_at(x, 0.3 * x) for x in np.linspace(-1, 1, 2000)])
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() < 0.5


def test_points_outside_and_nan_are_clipped(plane: LatentMap) -> None:
    np.testing.assert_array_equal(plane.latent_at(5.0, -9.0), plane.latent_at(1.0, -1.0))
    assert np.isfinite(plane.latent_at(float("nan"), 0.0)).all()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_very_small_corpora_have_a_map(count: int) -> None:
    plane = make_map([RNG.standard_normal((4, 8 * count))], [np.ones(8 * count, bool)], 0.046)
    assert plane.points.shape == (2, count)
    assert np.isfinite(plane.latent_at(0.2, 0.1)).all()


def test_the_map_survives_storage_and_says_when_it_is_absent(plane: LatentMap) -> None:
    again = LatentMap.from_part(plane.to_arrays())
    np.testing.assert_allclose(again.latent_at(0.1, 0.4), plane.latent_at(0.1, 0.4), atol=1e-4)
    with pytest.raises(AnalysisError, match="no map"):
        LatentMap.from_part({})
    with pytest.raises(AnalysisError, match="damaged"):
        LatentMap.from_part(plane.to_arrays() | {"map_points": np.zeros((2, 1), np.float32)})


@pytest.mark.parametrize("name", ["map_points", "map_latents", "map_regions", "map_stress"])
def test_maps_of_other_shapes_are_damaged(plane: LatentMap, name: str) -> None:
    arrays = plane.to_arrays()
    array = arrays[name]
    for other in (array.ravel()[0], array[None], array.ravel(), array[:0]):
        if np.shape(other) != array.shape:
            with pytest.raises(AnalysisError, match="damaged"):
                LatentMap.from_part({**arrays, name: np.asarray(other)})


def test_a_map_lies_in_the_region_it_is_stored_with(plane: LatentMap) -> None:
    arrays = plane.to_arrays()
    LatentMap.from_part({**arrays, "region_centre": np.zeros(8, np.float32)})
    with pytest.raises(AnalysisError, match="do not fit"):
        LatentMap.from_part({**arrays, "region_centre": np.zeros(9, np.float32)})


def test_short_hits_have_a_map_of_what_is_audible_in_them() -> None:
    heard = np.zeros(20, bool)
    heard[[0, 9, 10]] = True
    latents = RNG.standard_normal((4, 20))
    plane = make_map([np.zeros((4, 16)), latents], [np.zeros(16, bool), heard], 0.5)
    np.testing.assert_allclose(plane.latents, np.stack([latents[:, 0], latents[:, 9:11].mean(axis=1)], axis=1))
    assert plane.clips.tolist() == [1, 1]
    assert plane.seconds.tolist() == [0.0, 4.0]


def test_a_silent_corpus_has_no_map() -> None:
    with pytest.raises(AnalysisError, match="audible"):
        make_map([np.zeros((4, 16))], [np.zeros(16, bool)], 0.046)


def test_the_map_is_drawn(plane: LatentMap, tmp_path: Path) -> None:
    path = draw_map(plane, ["a$b.wav", "c_d.wav", "e.wav"], tmp_path / "map.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_finds_no_space_leaves_the_old_one(
    plane: LatentMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "map.png"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AnalysisError, match=r"map\.png could not be written: the disk is full: free some space"):
        draw_map(plane, ["a.wav", "b.wav", "c.wav"], path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
