"""A skeleton: principal components of mel frames, and the model around it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from distill_engine.analysis.stretches.skeleton import (
    FLOOR,
    HEADROOM,
    LEAST_SPREAD,
    Skeleton,
    fit_skeleton,
    frame_levels,
    frame_statistics,
    heard_frames,
)
from distill_engine.errors import ConfigError, ModelFileError
from distill_engine.models.build import build_model
from distill_engine.models.model_config import ModelConfig, skeleton_config
from distill_engine.models.skeleton_model import SkeletonModel

BANDS, FRAMES = 32, 400


def mel(seed: int, rank: int = 6) -> np.ndarray:
    """Frames [BANDS, FRAMES] on a plane of few dimensions, heard throughout."""
    rng = np.random.default_rng(seed)
    return (0.4 * rng.standard_normal((BANDS, rank)) @ rng.standard_normal((rank, FRAMES)) - 4.0).astype(np.float32)


def fitted(dimensions: int = 12) -> tuple[Skeleton, np.ndarray]:
    frames = mel(0)
    base = frame_statistics([mel(1, BANDS)], heard=False)
    assert base is not None
    return fit_skeleton(frame_statistics([frames], heard=True), base, dimensions), frames


def test_a_corpus_on_a_plane_is_decoded_nearly_as_it_was() -> None:
    skeleton, frames = fitted()
    decoded = skeleton.decode(skeleton.encode(frames))
    assert np.abs(decoded - frames).mean() < 0.35 * np.abs(frames - frames.mean(axis=1, keepdims=True)).mean()
    whole, _ = fitted(BANDS)
    assert np.abs(whole.decode(whole.encode(frames)) - frames).max() < 1e-3


def test_the_basis_is_widened_once_and_every_bit_is_that_of_widening_it_each_time() -> None:
    skeleton, frames = fitted()
    basis, mean, spread = skeleton.basis, skeleton.mean, skeleton.spread
    assert skeleton._wide is skeleton._wide
    rng = np.random.default_rng(5)
    assert np.array_equal(skeleton.louder, basis.astype(np.float64).sum(axis=0) / spread)
    for columns in (1, 1, 3, 64, FRAMES):
        heard, latents = frames[:, :columns], rng.standard_normal((12, columns))
        centred = heard.astype(np.float64) - mean[:, None]
        assert np.array_equal(skeleton.encode(heard), (basis.T.astype(np.float64) @ centred) / spread[:, None])
        decoded = basis.astype(np.float64) @ (spread[:, None] * latents) + mean[:, None]
        assert np.array_equal(skeleton.decode(latents), decoded)
        move = latents[:, 0]
        assert np.array_equal(skeleton.change(move), np.asarray(basis @ (spread * move), np.float32))


def test_the_basis_is_orthonormal_sorted_and_its_signs_are_settled() -> None:
    skeleton, frames = fitted()
    assert np.abs(skeleton.basis.T @ skeleton.basis - np.eye(12)).max() < 1e-5
    assert (skeleton.basis.sum(axis=0) > 0).all()
    latents = skeleton.encode(frames)
    assert np.abs(latents.mean(axis=1)).max() < 1e-3
    assert (latents.std(axis=1) < 1.01).all()
    assert (skeleton.spread >= LEAST_SPREAD - 1e-6).all()
    assert np.allclose(
        skeleton.ceiling, np.maximum(frames.max(axis=1), mel(1, BANDS).max(axis=1)) + HEADROOM, atol=1e-4
    )


def test_a_silent_corpus_takes_the_bases_numbers() -> None:
    silence = np.full((BANDS, 50), FLOOR, np.float32)
    assert not heard_frames(silence).any()
    assert frame_statistics([silence], heard=True) is None
    base = frame_statistics([mel(1)], heard=False)
    assert base is not None
    skeleton = fit_skeleton(None, base, 8)
    assert np.allclose(skeleton.mean, base.mean, atol=1e-5)
    assert np.isfinite(skeleton.encode(silence)).all()


def test_a_corpus_of_fewer_frames_than_dimensions_has_a_whole_basis() -> None:
    base = frame_statistics([mel(1, BANDS)], heard=False)
    assert base is not None
    skeleton = fit_skeleton(frame_statistics([mel(0)[:, :3]], heard=True), base, 20)
    assert np.abs(skeleton.basis.T @ skeleton.basis - np.eye(20)).max() < 1e-5


def test_levels_are_the_rms_over_bands_in_nats() -> None:
    assert np.allclose(frame_levels(np.full((BANDS, 3), -2.0, np.float32)), -2.0)


@pytest.mark.parametrize("damage", ["basis", "mean", "spread", "ceiling", "shape", "nan", "skewed"])
def test_a_damaged_skeleton_is_refused_in_one_line(damage: str) -> None:
    part = dict(fitted()[0].to_arrays())
    if damage == "shape":
        part["basis"] = part["basis"][:, :5]
    elif damage == "nan":
        part["mean"] = part["mean"] * np.nan
    elif damage == "skewed":
        part["basis"] = part["basis"] * np.float32(1.01)
    else:
        del part[damage]
    with pytest.raises(ModelFileError, match=r"^m: the model's .*: damaged$"):
        Skeleton.from_part(part, BANDS, 12, "m")


@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("blocks", [[1] * 30, [7, 23], [16, 14]])
def test_the_decoder_streamed_is_the_decoder_whole(corrected: bool, blocks: list[int]) -> None:
    model = model_with_skeleton(corrected)
    latents = torch.randn(1, 12, 30)
    state, parts, start = model.decoder_initial_state(1), [], 0
    with torch.no_grad():
        for count in blocks:
            part, state = model.decoder_step(latents[..., start : start + count], state)
            parts.append(part)
            start += count
        assert torch.allclose(torch.cat(parts, dim=-1), model.decode(latents), atol=1e-5)


def test_a_correction_begins_at_zero_and_the_mel_stays_in_its_bounds() -> None:
    skeleton, frames = fitted()
    with torch.no_grad():
        fresh = build_model(config(corrected=True)).eval()
        assert isinstance(fresh, SkeletonModel)
        fresh.set_skeleton(skeleton)
        alone = model_with_skeleton(corrected=False)
        latents = alone.encode(torch.from_numpy(frames)[None])
        assert torch.equal(fresh.decode(latents), alone.decode(latents))
        far = alone.decode(100.0 * torch.randn(1, 12, 50))
        assert float(far.min()) >= FLOOR - 1e-5
        assert bool((far <= torch.from_numpy(skeleton.ceiling)[None, :, None] + 1e-5).all())


def test_versions_have_their_own_limits() -> None:
    assert skeleton_config(128).latent_dim == 128
    with pytest.raises(ConfigError, match="8 to 64"):
        ModelConfig(latent_dim=96)
    with pytest.raises(ConfigError, match="newer"):
        ModelConfig(version=3)
    with pytest.raises(ConfigError, match="one latent per frame"):
        ModelConfig(version=2)


def config(*, corrected: bool) -> ModelConfig:
    small = replace(skeleton_config(12, corrected=corrected), bands=BANDS, decoder_channels=16)
    return replace(small, decoder_blocks=2, expansion=2)


def model_with_skeleton(corrected: bool) -> SkeletonModel:
    torch.manual_seed(0)
    model = SkeletonModel(config(corrected=corrected)).eval()
    model.set_skeleton(fitted()[0])
    if model.correction is not None:
        torch.nn.init.normal_(model.correction.output.weight, std=0.05)
    return model
