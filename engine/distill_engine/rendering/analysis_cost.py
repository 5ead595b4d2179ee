"""Estimate how long an analysis takes on this machine: time per hop times most hops."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.analyse import most_hops
from distill_engine.analysis.context import AnalysisConfig
from distill_engine.analysis.features.table import extract
from distill_engine.analysis.stretches.stretch_controls import measured_hops
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.inference.vocoder_candidates import shipped_base
from distill_engine.inference.vocoder_choice import choose_vocoder
from distill_engine.modelfile import Manifest
from distill_engine.models.model_config import ModelConfig
from distill_engine.rendering.analysing import workers_for
from distill_engine.rendering.loaded_model import LoadedModel, load_model
from distill_engine.rendering.model_trim import TRIM_SECONDS, WALK_SECONDS

TIMED_HOPS = 128
_FITTING_SECONDS = 3.0
_MARGIN = 1.15  # factor on the measured time


def expected_seconds(
    config: ModelConfig,
    corpus_seconds: float,
    kind: str | None = None,
    analysis: AnalysisConfig | None = None,
    timed: Callable[[ModelConfig, str | None], float] | None = None,
) -> float:
    """Return the most seconds that the analysis of a model will take, before the model is trained.

    An untrained model and a base vocoder stand in for its networks.

    Args:
        corpus_seconds: duration of the corpus, which is encoded and measured once.
        kind: the kind of the model's vocoder; None for the base vocoder that `auto` takes.
        timed: gives seconds per hop; `hop_seconds` by default.

    Raises:
        VocoderError: if no base vocoder is installed.
    """
    if config.version == 2:
        hops = measured_hops() + WALK_SECONDS * DEFAULT_MEL.frame_rate
    else:
        hops = most_hops(analysis or AnalysisConfig()) + (corpus_seconds + TRIM_SECONDS) * DEFAULT_MEL.frame_rate
    return _FITTING_SECONDS + _MARGIN * hops * (timed or hop_seconds)(config, kind)


def hop_seconds(config: ModelConfig, kind: str | None) -> float:
    """Return the seconds that one hop takes to decode, vocode and measure.

    This is the better of two passes. A latent model of version 1 has random weights; one of version
    2 takes no time to speak of, and its mels are random.
    """
    kind = kind or choose_vocoder(Manifest(), "auto").kind
    path = shipped_base(kind) or choose_vocoder(Manifest(), f"base {kind}").path or ""
    base = load_model(path, vocoder=kind, threads=1)
    decode = _decoder(config)

    def decode_and_measure(player: LoadedModel) -> None:
        extract(player.vocode(np.clip(decode(), -11.5, 0.0).astype(np.float32)))

    workers, best = workers_for(base), np.inf
    players = [base.another() for _ in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        for _ in range(2):
            began = time.perf_counter()
            list(pool.map(decode_and_measure, players))
            best = min(best, time.perf_counter() - began)
    return best / (workers * TIMED_HOPS)


def _decoder(config: ModelConfig) -> Callable[[], npt.NDArray[Any]]:
    """Return a function that decodes TIMED_HOPS latents into log-mel [bands, TIMED_HOPS]."""
    rng = np.random.default_rng(0)
    if config.version == 2:
        mel = rng.normal(-5.0, 1.0, (config.bands, TIMED_HOPS))
        return lambda: mel
    import torch

    from distill_engine.models.build import build_model

    model = build_model(config).eval()
    latents = torch.from_numpy(rng.standard_normal((1, config.latent_dim, TIMED_HOPS))).float()

    def decode() -> npt.NDArray[Any]:
        """Decode with random weights."""
        with torch.no_grad():
            return np.asarray(model.decode(latents)[0].numpy())

    return decode
