"""Instruments are measured before they are heard: block and threads are chosen, and what is too slow is refused."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from distill_engine.errors import VocoderError
from distill_engine.library import vocoder_weights
from distill_engine.live.capacity import realtime_check
from distill_engine.live.capacity.realtime_check import FitRequest, fit_instrument, real_time_factor


def test_the_smallest_block_that_is_comfortable_is_taken(tiny_model):
    factors = {1: 0.9, 2: 0.8, 4: 0.6, 8: 0.1}
    pool, fit = fit_instrument(tiny_model, FitRequest("vocos", threads=1), lambda _, block: factors[block])
    assert (fit.block, fit.threads, fit.factor) == (4, 1, 0.6)
    assert fit.block_seconds(pool.instrument) == pytest.approx(0.6 * 4 * 512 / 44100)


def test_a_block_asked_for_is_kept(tiny_model):
    _, fit = fit_instrument(tiny_model, FitRequest("vocos", block=2, threads=1), lambda *_: 0.9)
    assert (fit.block, fit.threads) == (2, 1)


def test_auto_passes_over_a_vocoder_that_is_too_slow(tiny_model):
    def measure(instrument, block):
        return 2.0 if instrument.vocoder.name == "vocos" else 0.2

    pool, fit = fit_instrument(tiny_model, FitRequest("auto", threads=1), measure)
    assert pool.instrument.vocoder.name != "vocos"
    assert fit.factor == 0.2


def test_a_vocoder_that_cannot_keep_up_is_refused_with_its_figure_and_the_ways_out(tiny_model):
    with pytest.raises(VocoderError) as caught:
        fit_instrument(tiny_model, FitRequest("hifigan", block=1, threads=1), lambda *_: 1.73)
    message = str(caught.value)
    assert "hifigan cannot keep up here: it takes 1.73 s for a second of sound at 1 hop a block" in message
    assert "--block 8" in message
    assert "vocos" in message
    assert "distill render" in message
    assert "\n" not in message


def test_a_larger_block_that_cannot_help_is_neither_measured_nor_advised(tiny_model):
    measured = []

    def measure(_, block):
        measured.append(block)
        return 9.0

    with pytest.raises(VocoderError) as caught:
        fit_instrument(tiny_model, FitRequest("vocos", threads=1), measure)
    assert measured == [1]
    assert "9.00 s for a second of sound at 1 hop a block" in str(caught.value)
    with pytest.raises(VocoderError) as caught:
        fit_instrument(tiny_model, FitRequest("vocos", block=1, threads=1), measure)
    assert "--block" not in str(caught.value)


@pytest.mark.parametrize(("seconds", "measured"), [(0.0003, 8), (0.0015, 8), (0.0022, 10), (0.0099, 4)])
def test_what_is_far_from_too_slow_is_measured_briefly(monkeypatch, seconds, measured):
    """A block of one hop of 11.6 ms takes `seconds`; it is timed so many times, after a first one."""
    clock, steps = [0.0], []

    def step(x):
        steps.append(x)
        clock[0] += seconds
        return x

    network = SimpleNamespace(step=step)
    silent = SimpleNamespace(step=lambda x: np.zeros(0))
    instrument: Any = SimpleNamespace(
        latent_dim=4, frame_rate=44100 / 512, decoder=lambda: silent, vocoder_stream=lambda: network
    )
    monkeypatch.setattr(realtime_check, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    assert real_time_factor(instrument, 1) == pytest.approx(seconds * 44100 / 512)
    assert len(steps) == 1 + measured


@pytest.mark.realtime
def test_the_measurement_is_of_the_order_of_what_it_measures(tiny_model):
    pool, _ = fit_instrument(tiny_model, FitRequest("vocos", block=1, threads=1))
    assert 0.001 < real_time_factor(pool.instrument, 8) < 5.0


@pytest.mark.parametrize("name", ["nonsense", "bigvgan"])
def test_a_vocoder_that_is_not_here_does_not_bring_torch_into_the_process(tiny_model, monkeypatch, tmp_path, name):
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    monkeypatch.setattr(realtime_check, "leave_a_core", lambda: pytest.fail("torch was imported"))
    monkeypatch.setattr(vocoder_weights, "read_record", lambda *_: None)
    with pytest.raises(VocoderError, match="is unknown; choose|not on this machine"):
        fit_instrument(tiny_model, FitRequest(name))
