"""Transposition: another pitch in the same time, exact in any block, without a step in the sound."""

import numpy as np
import pytest

from distill_engine.synthesis.pitch.transposer import Transposer, delay_hops

HOP, RATE = 512, 44_100
SLOPE = 0.125  # nats a hop by which the mels rise: no attack


class Tone:
    """A vocoder that plays a sine, and keeps the mels it was given."""

    def __init__(self, hertz: float) -> None:
        self.hertz, self.samples, self.mels = hertz, 0, np.zeros((2, 0), np.float32)

    def __call__(self, mels: np.ndarray) -> np.ndarray:
        count = mels.shape[1] * HOP
        time = (self.samples + np.arange(count)) / RATE
        self.samples += count
        self.mels = np.concatenate([self.mels, mels], axis=1)
        return np.sin(2 * np.pi * self.hertz * time).astype(np.float32)[None]


def play(ratios: list[float], tone: Tone, block: int = 1) -> np.ndarray:
    transposer, parts = Transposer(HOP, 2), []
    for first in range(0, len(ratios), block):
        mels = SLOPE * np.tile(np.arange(first, min(first + block, len(ratios)), dtype=np.float32), (2, 1))
        parts.append(transposer.process(mels, ratios[first : first + block], tone))
    return np.concatenate(parts)


@pytest.mark.parametrize("semitones", [-24, -7, 0.5, 12, 19, 24])
def test_a_tone_is_transposed_and_keeps_its_level(semitones: float) -> None:
    ratio = 2 ** (semitones / 12)
    sound = play([1.0] * 4 + [ratio] * 60, Tone(1000.0 / ratio))[20 * HOP :].astype(np.float64)
    at = 2 * np.pi * 1000.0 * np.arange(len(sound)) / RATE
    parts = np.stack([np.sin(at), np.cos(at)], axis=1)
    fit = np.linalg.lstsq(parts, sound, rcond=None)[0]
    assert np.hypot(*fit) == pytest.approx(1.0, abs=1e-3)
    assert np.std(sound - parts @ fit) < 1e-4  # -77 dB


def test_what_lies_above_the_new_range_is_not_folded_back() -> None:
    assert np.abs(play([4.0] * 30, Tone(8000.0))[5 * HOP :]).max() < 1e-3  # 32 kHz after two octaves up


def test_time_does_not_change() -> None:
    for ratio in (0.5, 1.5, 4.0):
        tone = Tone(100.0)
        play([1.0] * 5 + [ratio] * 50, tone)
        steps = np.diff(tone.mels[0, 12:] / SLOPE)
        assert steps == pytest.approx(1.0 / ratio, abs=1e-3)
        assert 53.0 <= tone.mels[0, -1] / SLOPE <= 54.0
        assert tone.mels.shape[1] == pytest.approx(5 + 50 * ratio, abs=2.5)


def test_a_ratio_of_one_passes_everything_through() -> None:
    tone, other = Tone(440.0), Tone(440.0)
    assert np.array_equal(play([1.0] * 20, tone, block=4), other(np.zeros((2, 20), np.float32))[0])
    assert np.array_equal(tone.mels[0] / SLOPE, np.arange(20))
    back = Tone(440.0)
    play([1.0] * 5 + [1.5] * 9 + [1.0] * 9, back)
    assert np.array_equal(back.mels[0, -5:] / SLOPE, np.arange(18, 23))
    assert delay_hops(HOP) == pytest.approx(1.03, abs=0.01)


def test_any_block_gives_the_same_samples() -> None:
    rng = np.random.default_rng(0)
    ratios = [1.0] * 5 + list(2 ** (rng.uniform(-24, 24, 30) / 12)) + [1.0] * 13
    one = play(ratios, Tone(500.0))
    for block in (3, 8, 48):
        assert np.abs(play(ratios, Tone(500.0), block) - one).max() < 1e-6


def test_glides_have_no_steps() -> None:
    glide = list(2 ** (np.concatenate([np.linspace(0, 24, 25), np.linspace(24, -24, 49), np.zeros(9)]) / 12))
    sound = play([1.0] * 4 + glide, Tone(150.0))
    steepest = 2 * np.pi * 150.0 * 4 / RATE
    assert np.abs(np.diff(sound)).max() < 1.1 * steepest


def test_it_goes_on_from_its_state() -> None:
    ratios = [1.0] * 3 + [1.3] * 10 + [0.6] * 10 + [1.0] * 4
    whole, tone, parts = play(ratios, Tone(300.0)), Tone(300.0), []
    transposer = Transposer(HOP, 2)
    for hop, ratio in enumerate(ratios):
        again = Transposer(HOP, 2)
        again.restore(transposer.state())
        parts.append(again.process(np.full((2, 1), hop, np.float32), [ratio], tone))
        transposer = again
    assert np.array_equal(np.concatenate(parts), whole)


def test_a_state_that_no_transposer_has_is_refused() -> None:
    transposer = Transposer(HOP, 2)
    state = transposer.state()
    for damage in ({"position": 5.0}, {"ratio": 40.0}, {"kept": np.zeros(3, np.float32)}, {"frame": state.frame[:1]}):
        with pytest.raises(ValueError, match="transposer"):
            transposer.restore(type(state)(**{**vars(state), **damage}))


@pytest.mark.parametrize(("smoothed", "between"), [(False, 0), (True, 2)])
@pytest.mark.parametrize("semitones", [-7, 5, 12, 24])
def test_an_attack_is_not_spread_over_the_vocoder_s_hops(semitones: int, smoothed: bool, between: int) -> None:
    transposer, tone = Transposer(HOP, 2), Tone(100.0)
    transposer.smoothed = smoothed
    for hop in range(40):
        mel = np.full((2, 1), 0.0 if hop >= 20 else -4.0, np.float32)
        transposer.process(mel, [2 ** (semitones / 12)], tone)
    risen = np.flatnonzero(np.diff(tone.mels[0]) > 0)
    if semitones > 0 or not smoothed:
        assert (len(risen) > 1) == (between > 0)
    assert len(set(tone.mels[0].tolist()) - {0.0, -4.0}) >= between // 2 * (semitones > 0)
