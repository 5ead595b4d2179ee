"""Load an instrument that keeps up with real time here: it is measured before it plays."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from distill_engine.errors import VocoderError
from distill_engine.inference.onnx_session import SessionSettings
from distill_engine.inference.torch_import import leave_a_core
from distill_engine.inference.vocoder_candidates import VocoderChoice
from distill_engine.inference.vocoder_choice import plays_in_torch
from distill_engine.live.scheduling import quantile
from distill_engine.synthesis.instrument import Instrument, prepare_instrument
from distill_engine.synthesis.voices.voice_pool import VoicePool

BLOCKS = (1, 2, 4, 8)  # hops
COMFORTABLE_FACTOR, LIMIT_FACTOR = 0.7, 0.95  # of real time: no search for faster settings below, no playing above
WORTHWHILE_RATIO = 0.85  # more threads are used if they take less than this share of the time
MEASURE_SECONDS = 0.02
MEASURE_LEAST_COUNT = 4  # steps
QUICK_COUNT, QUICK_FACTOR = 8, 0.25 * COMFORTABLE_FACTOR  # steps that are enough below this factor


@dataclass(frozen=True)
class Fit:
    """How to play an instrument: hops per `block`, `threads`, and its real-time `factor` with them.

    The factor is computing time divided by the length of the sound: below 1 it keeps up.
    """

    block: int
    threads: int
    factor: float

    def block_seconds(self, instrument: Instrument) -> float:
        """Return the seconds that a block takes to compute."""
        return self.factor * self.block / instrument.frame_rate


@dataclass(frozen=True)
class FitRequest:
    """What was asked for. `block` (hops) and `threads` None are found by measuring.

    `torch_device` names a device on which torch computes the instrument; None leaves that to its
    vocoder. `voices` notes are to sound at once.
    """

    vocoder: str = "auto"
    block: int | None = None
    threads: int | None = None
    torch_device: str | None = None
    voices: int = 1

    @property
    def prepared(self) -> int:
        """The number of voices to make in advance: one, and one for each of several notes."""
        return 1 if self.voices == 1 else 1 + self.voices


def fit_instrument(
    path: Path, request: FitRequest, measure: Callable[..., float] | None = None
) -> tuple[VoicePool, Fit]:
    """Load a model with a vocoder that keeps up here, and prepare one voice.

    The request `auto` skips vocoders that do not keep up.

    Raises:
        ModelFileError, VocoderError: the model cannot be played, or not in real time (with the
            measured figure).
    """
    if request.torch_device is not None or plays_in_torch(request.vocoder):
        leave_a_core()
    timed = measure or real_time_factor
    too_slow: dict[str, float] = {}

    def keeps_up(choice: VocoderChoice) -> bool:
        return choice.name not in too_slow

    while True:
        instrument, fit = _load(path, request, keeps_up, timed)
        if fit.factor < LIMIT_FACTOR:
            return VoicePool(instrument).prepare(fit.block, request.prepared), fit
        name = instrument.vocoder.name
        if request.vocoder != "auto" or name in too_slow:
            raise VocoderError(_refusal(instrument, fit, request))
        too_slow[name] = fit.factor


def real_time_factor(instrument: Instrument, block: int) -> float:
    """Measure the computing time of blocks of `block` hops, divided by the length of their sound.

    Takes the lower quartile of a short measurement, because other programs may be busy. It is
    shorter still where blocks take less than a quarter of the time that is comfortable.
    """
    decoder, vocoder = instrument.decoder(), instrument.vocoder_stream()
    latents = np.zeros((instrument.latent_dim, block), np.float32)
    vocoder.step(decoder.step(latents))
    times: list[float] = []
    quick = QUICK_COUNT * QUICK_FACTOR * block / instrument.frame_rate
    while len(times) < MEASURE_LEAST_COUNT or sum(times) < MEASURE_SECONDS:
        if len(times) == QUICK_COUNT and sum(times) < quick:
            break
        began = time.perf_counter()
        vocoder.step(decoder.step(latents))
        times.append(time.perf_counter() - began)
    return quantile(sorted(times), 0.25) * instrument.frame_rate / block


def _load(
    path: Path, request: FitRequest, keeps_up: Callable[[VocoderChoice], bool], timed: Callable[..., float]
) -> tuple[Instrument, Fit]:
    """Load with one thread and the smallest block that will do; try more threads if it is slow."""
    threads = request.threads or 1
    instrument, fit = _with_threads(path, request, keeps_up, timed, threads)
    cores = os.cpu_count() or 1
    in_torch = request.torch_device is not None or instrument.vocoder.origin in ("universal", "published")
    if fit.factor <= COMFORTABLE_FACTOR or request.threads is not None or in_torch or cores < 2:
        return instrument, fit
    other, faster = _with_threads(path, replace(request, block=fit.block), keeps_up, timed, min(cores, 4))
    if faster.factor < WORTHWHILE_RATIO * fit.factor:
        return other, faster
    return instrument, fit


def _with_threads(
    path: Path,
    request: FitRequest,
    keeps_up: Callable[[VocoderChoice], bool],
    timed: Callable[..., float],
    threads: int,
) -> tuple[Instrument, Fit]:
    instrument = prepare_instrument(
        path,
        request.vocoder,
        settings=SessionSettings(threads=threads),
        torch_device=request.torch_device,
        keeps_up=keeps_up,
    )
    fit = Fit(0, threads, float("inf"))
    for block in (request.block,) if request.block else BLOCKS:
        factor = timed(instrument, block)
        if factor < fit.factor:
            fit = Fit(block, threads, factor)
        # the largest block takes at least as long as this one
        if factor <= COMFORTABLE_FACTOR or factor * block / BLOCKS[-1] >= LIMIT_FACTOR:
            break
    return instrument, fit


def _refusal(instrument: Instrument, fit: Fit, request: FitRequest) -> str:
    name, origin = instrument.vocoder.name, instrument.vocoder.origin
    ways = [f"render it with `distill render --vocoder {name}`"]
    if (
        request.block is not None
        and fit.factor * request.block / BLOCKS[-1] < LIMIT_FACTOR
        and request.block < BLOCKS[-1]
    ):
        ways.insert(0, f"use --block {BLOCKS[-1]}")
    if origin in ("universal", "published"):
        ways += ["train a vocoder of the model's own (`distill train-vocoder`)", "use another --torch-device"]
    else:
        ways.append("choose another --vocoder (vocos is the cheapest)")
    return (
        f"vocoder {name} cannot keep up here: it takes {fit.factor:.2f} s for a second of sound "
        f"at {fit.block} hop{'s' * (fit.block > 1)} a block; {', or '.join(ways)}"
    )
