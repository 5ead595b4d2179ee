"""How large networks are is known from their configs: what is larger than its file is refused before it is built."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from distill_engine.errors import ModelFileError
from distill_engine.modelfile import Manifest, ModelFile, PartEntry
from distill_engine.modelfile.configs import check_configs, model_config
from distill_engine.modelfile.sizes import numbers
from distill_engine.models.build import build_model
from distill_engine.models.model_config import ModelConfig
from distill_engine.system.config_values import MAX_NUMBERS
from distill_engine.vocoders.registry import VOCODERS, build_vocoder

MODELS = [
    ModelConfig(),
    ModelConfig(latent_dim=8, encoder_blocks=1, decoder_blocks=9, expansion=1),
    ModelConfig(kernel=41, reduction=16, encoder_blocks=5, encoder_channels=64),
]


def weights(network: Any) -> int:
    return sum(value.numel() for value in network.state_dict().values())


@pytest.mark.parametrize("config", MODELS)
def test_latent_models_are_as_large_as_their_configs_say(config: ModelConfig) -> None:
    with torch.device("meta"):
        network = build_model(config)
    assert 0.95 * weights(network) < numbers(config) <= weights(network)


@pytest.mark.parametrize("kind", VOCODERS)
def test_vocoders_are_as_large_as_their_configs_say(kind: str) -> None:
    config = VOCODERS[kind].config()
    with torch.device("meta"):
        network = build_vocoder(kind, config.to_dict())
    table = network.reading.apart.numel() if kind == "vocos" else 0
    assert numbers(config) == pytest.approx(weights(network) + table, rel=0.05)


HUGE: dict[str, dict[str, Any]] = {
    "blocks": {"model": {"decoder_blocks": 4096, "decoder_channels": 1024}},
    "encoder": {"model": {"encoder_blocks": 4096, "encoder_channels": 1024}},
    "reduction": {"model": {"reduction": 4096, "encoder_channels": 4096}},
    "expansion": {"model": {"expansion": 4096, "decoder_channels": 4096}},
    "kernel": {"model": {"kernel": 4096, "bands": 4096, "encoder_channels": 4096}},
    "mel": {"mel": {"bands": 4096, "n_fft": 1 << 20}},
    "vocos": {"vocoders": {"vocos": {"config": {"blocks": 4096, "hidden": 4096}}}},
    "vocos bins": {"vocoders": {"vocos": {"config": {"bands": 4096, "n_fft": 1 << 20}}}},
    "hifigan": {"vocoders": {"hifigan": {"config": {"initial_channels": 4096}}}},
    "hifigan context": {
        "vocoders": {"hifigan": {"config": {"resblock_kernels": [4096], "resblock_dilations": [[4096]]}}}
    },
    "bigvgan": {"vocoders": {"bigvgan": {}}},
}


@pytest.mark.parametrize("tables", HUGE.values(), ids=HUGE.keys())
def test_configs_that_mean_more_than_the_file_holds_are_refused(tables: dict[str, Any]) -> None:
    with pytest.raises(ModelFileError, match="m: .* numbers, which are not in the file"):
        check_configs(Manifest(**tables), "m")


@pytest.mark.parametrize("kind", ["hifigan", "bigvgan"])
def test_generators_of_thousands_of_small_layers_are_refused(kind: str) -> None:
    small = {"initial_channels": 64, "resblock_kernels": [1] * 64, "resblock_dilations": [[1] * 64] * 64}
    with pytest.raises(ModelFileError, match=r"m: .*means \d+ layers, at most 1024 are built"):
        check_configs(Manifest(vocoders={kind: {"config": small}}), "m")


def test_a_large_model_needs_a_large_file() -> None:
    config = ModelConfig(decoder_channels=2048)
    size = numbers(config)
    assert size > MAX_NUMBERS
    for stored, fits in ((size, True), (size - 1, False)):
        manifest = Manifest(model=config.to_dict(), parts={"model": PartEntry("0" * 64, stored)})
        if fits:
            assert model_config(manifest, "m") == config
            continue
        with pytest.raises(ModelFileError, match="not in the file"):
            model_config(manifest, "m")


def test_shipped_files_are_no_larger_than_they_say() -> None:
    from distill_engine.library.assets import base_vocoder_path, starter_path

    for path in (starter_path(), base_vocoder_path("vocos")):
        with ModelFile.open(path) as file:
            check_configs(file.manifest, str(path))


@pytest.mark.parametrize("part", ["model", "vocoder/vocos", "analysis"])
def test_a_part_that_holds_more_than_its_network_reads_is_refused(part: str) -> None:
    manifest = Manifest(vocoders={"vocos": {}}, parts={part: PartEntry("0" * 64, 2 << 30)})
    with pytest.raises(ModelFileError, match="holds more than is read of it"):
        check_configs(manifest, "m")
