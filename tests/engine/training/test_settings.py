"""How a vocoder's training is set for a machine: the discriminators' width follows a measurement."""

from __future__ import annotations

import pytest
import torch

from distill_engine.errors import ConfigError
from distill_engine.training.device import matrix_throughput
from distill_engine.training.vocoder.settings import VocoderSettings, default_settings


@pytest.mark.parametrize(
    ("measured", "width"), [(20.0, 0.125), (299.0, 0.125), (300.0, 0.25), (1000.0, 0.5), (3000.0, 1.0), (60000.0, 1.0)]
)
def test_the_faster_the_machine_the_wider_the_discriminators(measured: float, width: float) -> None:
    settings = default_settings("vocos", "cpu", throughput=lambda device: measured)
    assert (settings.width, settings.throughput) == (width, measured)
    whole = width == 1.0
    assert (settings.first_scale == 0, settings.discriminator_frames == 0) == (whole, whole)
    assert VocoderSettings(**settings.to_dict()) == settings


def test_the_measurement_is_of_this_machine() -> None:
    small = matrix_throughput(torch.device("cpu"), size=256, rounds=3)
    assert 0.01 < small < 1e6
    assert default_settings("hifigan", "cpu").throughput > 0


def test_several_processes_choose_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    settings = default_settings("vocos", "cpu", throughput=lambda device: 1 / 0)
    assert (settings.width, settings.throughput) == (0.125, 0.0)


def test_a_device_that_is_not_there_is_one_clear_error() -> None:
    with pytest.raises(ConfigError, match="choose auto, cpu"):
        default_settings("vocos", "quantum")
