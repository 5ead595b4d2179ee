"""Verdicts follow the held-out figures, and are plain text in events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import pytest

from distill_engine.models.build import build_model
from distill_engine.models.model_config import ModelConfig
from distill_engine.training.batches import Batches
from distill_engine.training.events import Validated
from distill_engine.training.latent.settings import LatentSettings
from distill_engine.training.latent.task import LatentTask
from distill_engine.training.verdict import CORRECTION_PATIENCE, Verdict, gains_no_more, has_converged
from distill_engine.training.vocoder.settings import VocoderSettings
from distill_engine.training.vocoder.task import VocoderTask
from distill_engine.vocoders.registry import build_vocoder
from support_vocoders import SMALL_VOCOS

FALLING = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4]


@pytest.fixture
def batches() -> Batches:
    return Batches([np.zeros(4096, np.float32)], 1, 8, 0)


def test_less_than_one_per_cent_in_five_validations_is_convergence() -> None:
    assert has_converged([0.5, 0.5, 0.5, 0.5, 0.5, 0.496])
    assert not has_converged([0.5, 0.5, 0.5, 0.5, 0.5])
    assert not has_converged([0.5, 0.5, 0.5, 0.5, 0.5, 0.494])


@pytest.mark.parametrize(
    ("mel", "active", "training", "verdict"),
    [
        (FALLING, 8.0, 0.4, Verdict.IMPROVING),
        ([*FALLING[:-1], 0.7], 8.0, 0.5, Verdict.OVERFITTING),
        ([*FALLING[:-1], 0.7], 8.0, 0.6, Verdict.IMPROVING),
        ([0.5] * 6, 8.0, 0.5, Verdict.CONVERGED),
        (FALLING[:3], 1.0, 0.8, Verdict.COLLAPSING),
        (FALLING[:2], 1.0, 0.8, Verdict.IMPROVING),
    ],
)
def test_a_latent_model_is_judged_by_its_figures(
    small_model: ModelConfig, batches: Batches, mel: list[float], active: float, training: float, verdict: Verdict
) -> None:
    task = LatentTask(build_model(small_model), LatentSettings(), batches, [])
    history: list[Mapping[str, float]] = [{"mel": value, "active": active, "training": training} for value in mel]
    assert task.verdict(history) is verdict


@pytest.mark.parametrize(
    ("mel", "verdict"),
    [
        (FALLING, Verdict.IMPROVING),
        ([0.5, 0.5, 0.5, 0.8], Verdict.DISCRIMINATOR_WON),
        ([0.5, 0.5, 0.5, 0.5, 0.5, 0.55], Verdict.OVERFITTING),
        ([0.5] * 6, Verdict.CONVERGED),
    ],
)
def test_a_vocoder_is_judged_by_its_figures(batches: Batches, mel: list[float], verdict: Verdict) -> None:
    task = VocoderTask(build_vocoder("vocos", SMALL_VOCOS), VocoderSettings(width=0.03), batches, [])
    assert task.verdict([{"mel": value, "stft": 0.0} for value in mel]) is verdict


def test_only_bad_verdicts_are_warnings() -> None:
    good = {Verdict.IMPROVING, Verdict.CONVERGED}
    assert {verdict for verdict in Verdict if not verdict.is_warning} == good


def test_an_event_holds_the_text_of_its_verdict() -> None:
    event = Validated(1, 100, {"mel": 0.5}, True, Verdict.IMPROVING)
    assert json.loads(json.dumps(asdict(event)))["verdict"] == "still improving"
    assert f"{event.verdict}" == "still improving"


def test_a_correction_is_enough_when_it_gains_no_more() -> None:
    falling = [0.05 - 0.001 * n for n in range(CORRECTION_PATIENCE + 1)]
    assert not gains_no_more(falling)
    assert not gains_no_more(falling[-1:] * CORRECTION_PATIENCE)
    assert gains_no_more([*falling, *(falling[-1:] * CORRECTION_PATIENCE)])
    noisy = [falling[-1] + 0.002 * (n % 2) for n in range(CORRECTION_PATIENCE)]
    assert gains_no_more([*falling, *noisy])
    assert not gains_no_more([*falling, *noisy[1:], falling[-1] - 0.001])
