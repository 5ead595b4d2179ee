"""Sources: smooth, seeded, the same for the same settings, bridged where they leap."""

import dataclasses

import numpy as np
import pytest

from distill_engine.audio.mel import mel_spectrogram
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.errors import ControlError
from distill_engine.models.upsample import upsample_latents
from distill_engine.synthesis.sources.corpus_source import CorpusSource
from distill_engine.synthesis.sources.drift_source import DriftSource
from distill_engine.synthesis.sources.latent_sources import HoldSource, LatentSource, SourceSettings
from distill_engine.synthesis.sources.live_input import InputSource, network_delay_hops
from distill_engine.synthesis.sources.source_bank import SourceBank

RATE = 44100 / 512
DIMENSIONS = 8
CORPUS = np.cumsum(np.random.default_rng(5).standard_normal((DIMENSIONS, 50)), axis=1).astype(np.float32) * 0.2


class _Mean:
    """An encoder stand-in with a known answer: a fiftieth of the mean of the first bands over the frames."""

    channels_in, channels_out = 128, DIMENSIONS

    def __init__(self) -> None:
        self.count = 0.0

    def step(self, x):
        self.count += 1
        return 0.02 * x[:DIMENSIONS].mean(axis=1, keepdims=True)

    def reset(self):
        self.count = 0.0

    def snapshot(self):
        return {"count": np.array([self.count])}

    def restore(self, state):
        self.count = float(state["count"][0])


def _bank(seed: int = 1, selected: str = "drift") -> SourceBank:
    sources: dict[str, LatentSource] = {
        "hold": HoldSource(np.zeros(DIMENSIONS)),
        "drift": DriftSource(np.zeros(DIMENSIONS), seed, RATE),
        "corpus": CorpusSource(CORPUS, seed, RATE, 4),
        "input": InputSource(_Mean(), 4, np.zeros(DIMENSIONS)),
    }
    return SourceBank(sources, selected=selected)


def _run(bank: SourceBank, hops: int, settings: SourceSettings | None = None) -> np.ndarray:
    return np.stack([bank.next(settings or SourceSettings()) for _ in range(hops)], axis=1)


def test_drift_is_seeded_and_smooth_and_has_the_range_asked_for():
    fast = SourceSettings(rate=5.0)
    one, same, other = (_run(_bank(seed), 4000, fast) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert 0.7 < one.std() < 1.1
    assert np.abs(np.diff(one, axis=1)).max() < 0.6
    half = _run(_bank(1), 4000, dataclasses.replace(fast, range=0.5))
    assert np.allclose(half, 0.5 * one)


def test_drift_of_any_size_walks_alike():
    small, large = DriftSource(np.zeros(8), 3, RATE), DriftSource(np.zeros(16), 3, RATE)
    for _ in range(50):
        a, b = small.next(SourceSettings(rate=4.0), None)[0], large.next(SourceSettings(rate=4.0), None)[0]
        assert np.array_equal(a, b[:8])


def test_freeze_stands_still_and_tempo_counts_beats():
    bank = _bank()
    _run(bank, 10, SourceSettings(rate=3.0))
    frozen = _run(bank, 5, SourceSettings(rate=3.0, freeze=True))
    assert np.ptp(frozen, axis=1).max() == 0.0
    free, beats = _run(_bank(), 100, SourceSettings(rate=2.0)), _run(_bank(), 100, SourceSettings(rate=1.0, tempo=120))
    assert np.allclose(free, beats)


def test_corpus_at_its_own_pace_is_the_encoded_corpus():
    path = _run(_bank(selected="corpus"), 160)
    assert np.allclose(path[:, ::4], CORPUS[:, :40])
    assert np.allclose(path[:, 2::4], 0.5 * (CORPUS[:, :40] + CORPUS[:, 1:41]), atol=1e-6)


def test_corpus_backwards_looped_and_held():
    backwards = _run(_bank(selected="corpus"), 9, SourceSettings(position=0.5, speed=-1.0))
    forwards = _run(_bank(selected="corpus"), 9, SourceSettings(position=0.5))
    assert np.allclose(backwards[:, 0], forwards[:, 0])
    assert not np.allclose(backwards[:, 8], forwards[:, 8])
    looped = _run(_bank(selected="corpus"), 80, SourceSettings(length_seconds=20 / RATE))
    assert np.allclose(looped[:, 30], looped[:, 50], atol=1e-6)
    held = _run(_bank(selected="corpus"), 80, SourceSettings(length_seconds=20 / RATE, loop=False))
    assert np.allclose(held[:, 70], held[:, 79])


def test_moving_the_position_jumps_and_is_bridged():
    bank = _bank(selected="corpus")
    before = _run(bank, 20)
    after = _run(bank, 20, SourceSettings(position=0.9))
    jump = np.abs(CORPUS[:, 44] - CORPUS[:, 5]).max()
    steps = np.abs(np.diff(np.concatenate([before, after], axis=1), axis=1)).max()
    assert steps < 0.5 * jump
    fresh = _run(_bank(selected="corpus"), 20, SourceSettings(position=0.9))
    assert np.allclose(after[:, 5:], fresh[:, 5:])


def test_jitter_leaps_are_seeded():
    settings = SourceSettings(jitter=0.8)
    one, same = (_run(_bank(4, "corpus"), 100, settings) for _ in range(2))
    other = _run(_bank(5, "corpus"), 100, settings)
    assert np.array_equal(one, same)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("target", ["hold", "corpus", "input"])
def test_a_source_change_has_no_jump(target):
    bank = _bank()
    settings = SourceSettings(rate=1.0)
    before = _run(bank, 50, settings)
    bank.select(target, 40)
    after = _run(bank, 60, settings)
    steps = np.abs(np.diff(np.concatenate([before, after], axis=1), axis=1)).max()
    assert steps < 0.35


def test_a_source_that_is_not_there_is_refused_with_the_reason():
    bank = SourceBank({"hold": HoldSource(np.zeros(8))}, selected="hold", why=lambda name: "it was not analysed")
    with pytest.raises(ControlError, match="corpus: it was not analysed"):
        bank.select("corpus", 1)
    assert bank.selected == "hold"


def test_restart_begins_again():
    bank = _bank()
    first = _run(bank, 30, SourceSettings(rate=2.0))
    bank.restart()
    assert np.allclose(_run(bank, 30, SourceSettings(rate=2.0))[:, 5:], first[:, 5:])


def test_live_input_is_the_encoded_sound_late_by_what_it_states():
    source = InputSource(_Mean(), 4, np.zeros(DIMENSIONS))
    hops = 64
    x = (0.3 * np.random.default_rng(0).standard_normal(hops * 512)).astype(np.float32)
    out = np.stack([source.next(SourceSettings(), x[i * 512 : (i + 1) * 512])[0] for i in range(hops)], axis=1)
    mel = mel_spectrogram(x, DEFAULT_MEL)[:DIMENSIONS]
    expected = upsample_latents(0.02 * mel.reshape(DIMENSIONS, -1, 4).mean(axis=2))
    late = network_delay_hops(4)
    assert np.allclose(out[:, late : hops - 4], expected[:, : hops - 4 - late], atol=1e-5)


@pytest.mark.parametrize("selected", ["hold", "drift", "corpus", "input"])
def test_saved_and_restored_bit_for_bit(selected):
    settings = SourceSettings(rate=3.0, jitter=0.5)
    bank = _bank(selected=selected)
    samples = np.random.default_rng(0).standard_normal(512).astype(np.float32)
    for _ in range(13):
        bank.next(settings, samples)
    bank.select("corpus" if selected != "corpus" else "drift", 20)
    bank.next(settings, samples)
    saved = bank.state()
    first = [bank.next(settings, samples) for _ in range(30)]
    other = _bank(selected="hold")
    other.restore(saved)
    assert all(np.array_equal(a, other.next(settings, samples)) for a in first)


def test_drift_walks_about_the_centre_with_the_corpus_own_spread():
    centre, shape = np.linspace(-1, 1, DIMENSIONS), np.diag(np.linspace(0.1, 2.0, DIMENSIONS))
    drift = DriftSource(centre, 1, RATE, shape)
    path = np.stack([drift.next(SourceSettings(rate=20.0), None)[0] for _ in range(6000)], axis=1)
    assert np.allclose(path.mean(axis=1), centre, atol=0.2)
    assert np.all(np.diff(path.std(axis=1)) > 0)
    assert np.array_equal(HoldSource(centre).next(SourceSettings(), None)[0], centre)
