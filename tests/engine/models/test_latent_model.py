"""The latent model: streamed equals whole, causal, normalisation and units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from distill_engine.errors import ConfigError
from distill_engine.models.bottleneck import GaussianBottleneck
from distill_engine.models.latent_model import LatentModel, upsample
from distill_engine.models.model_config import ModelConfig
from distill_engine.models.upsample import upsample_latents

SMALL = ModelConfig(
    bands=12, latent_dim=8, encoder_channels=10, encoder_blocks=2, decoder_channels=14, decoder_blocks=3, expansion=2
)


@pytest.fixture
def model() -> LatentModel:
    torch.manual_seed(1)
    made = LatentModel(SMALL).eval()
    made.mel_mean.copy_(torch.randn(12, 1) - 4.0)
    made.mel_std.fill_(2.5)
    made.latent_mean.copy_(torch.randn(8, 1))
    made.latent_std.copy_(torch.rand(8, 1) + 0.5)
    return made


def assert_streamed_is_whole(whole, step, state, x: torch.Tensor, blocks: list[int]) -> None:
    parts = []
    for block in x.split(blocks, -1):
        part, state = step(block, state)
        parts.append(part)
    torch.testing.assert_close(torch.cat(parts, -1), whole(x), rtol=0, atol=1e-5)


@pytest.mark.parametrize("blocks", [[1] * 24, [8, 8, 8], [3, 1, 7, 13], [24]])
@torch.no_grad()
def test_the_decoder_streamed_is_the_decoder_whole(model: LatentModel, blocks: list[int]) -> None:
    latents, state = torch.randn(2, 8, 24), model.decoder_initial_state(2)
    assert_streamed_is_whole(model.decode, model.decoder_step, state, latents, blocks)


@pytest.mark.parametrize("blocks", [[4] * 6, [8, 16], [4, 12, 8]])
@torch.no_grad()
def test_the_encoder_streamed_is_the_encoder_whole(model: LatentModel, blocks: list[int]) -> None:
    mel, state = torch.randn(1, 12, 24) - 4.0, model.encoder_initial_state(1)
    assert_streamed_is_whole(model.encode, model.encoder_step, state, mel, blocks)


@torch.no_grad()
def test_neither_encoder_nor_decoder_looks_ahead(model: LatentModel) -> None:
    mel, latents = torch.randn(1, 12, 24), torch.randn(1, 8, 24)
    later_mel, later_latents = mel.clone(), latents.clone()
    later_mel[..., 16:] += 1.0
    later_latents[..., 16:] += 1.0
    assert torch.equal(model.encode(mel)[..., :4], model.encode(later_mel)[..., :4])
    assert not torch.equal(model.encode(mel)[..., 4:], model.encode(later_mel)[..., 4:])
    assert torch.equal(model.decode(latents)[..., :16], model.decode(later_latents)[..., :16])
    assert not torch.equal(model.decode(latents)[..., 16:], model.decode(later_latents)[..., 16:])


@torch.no_grad()
def test_latents_outside_are_in_sigma_units(model: LatentModel) -> None:
    mel = torch.randn(1, 12, 16)
    raw = model.bottleneck.mean(model.features(mel))
    torch.testing.assert_close(model.encode(mel) * model.latent_std + model.latent_mean, raw, rtol=0, atol=1e-5)
    torch.testing.assert_close(model.decode(model.encode(mel)), model.decode_raw(raw), rtol=0, atol=1e-4)


@torch.no_grad()
def test_a_last_incomplete_region_repeats_its_end(model: LatentModel) -> None:
    mel = torch.randn(1, 12, 14)
    completed = F.pad(mel, (0, 2), mode="replicate")
    assert model.encode(mel).shape == (1, 8, 4)
    assert torch.equal(model.encode(mel), model.encode(completed))


def test_upsampling_in_torch_and_in_numpy_agree() -> None:
    latents = np.random.default_rng(0).standard_normal((8, 7)).astype(np.float32)
    whole = upsample(torch.from_numpy(latents)[None], 4, linear=True)[0].numpy()
    np.testing.assert_allclose(upsample_latents(latents, 4), whole, atol=1e-6)
    held = upsample(torch.from_numpy(latents)[None], 4, linear=False)[0].numpy()
    assert (held == np.repeat(latents, 4, axis=1)).all()


def test_the_gaussian_bottleneck_measures_the_distance_from_the_normal_distribution() -> None:
    bottleneck = GaussianBottleneck(2, free_nats=0.1)
    mean = torch.tensor([2.0, 0.0])[None, :, None].repeat(1, 1, 50)
    log_variance = torch.tensor([-1.0, 0.0])[None, :, None].repeat(1, 1, 50)
    result = bottleneck(torch.cat([mean, log_variance], 1), torch.Generator().manual_seed(0))
    expected = 0.5 * (4.0 + np.exp(-1.0) - 1.0 + 1.0)
    assert float(result.loss) == pytest.approx(expected + 0.1, abs=1e-5)  # the unused dimension counts its free nats
    assert result.active == 1
    again = bottleneck(torch.cat([mean, log_variance], 1), torch.Generator().manual_seed(0))
    assert torch.equal(result.latents, again.latents)
    assert torch.equal(bottleneck.mean(torch.cat([mean, log_variance], 1)), mean)


@pytest.mark.parametrize("values", [{"latent_dim": 7}, {"latent_dim": 65}, {"kernel": 0}, {"reduction": 0}])
def test_impossible_sizes_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        ModelConfig(**values)


def test_a_config_survives_json_and_unknown_names_are_refused() -> None:
    assert ModelConfig.from_dict(SMALL.to_dict()) == SMALL
    with pytest.raises(ConfigError, match="colour"):
        ModelConfig.from_dict({**SMALL.to_dict(), "colour": 1})
