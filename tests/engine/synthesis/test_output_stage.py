"""The output stage: no click, no DC, never over full scale, the same in any order of calls."""

import numpy as np
import pytest

from distill_engine.audio.filters import HighPass
from distill_engine.audio.levels import db_to_gain
from distill_engine.errors import ConfigError
from distill_engine.synthesis.hop_values import MUTED_DB
from distill_engine.synthesis.output_stage import Limiter, OutputConfig, OutputStage
from distill_engine.synthesis.space.space import Space
from distill_engine.takes.take import TICK_SAMPLES

HOP = 512
RNG = np.random.default_rng(0)
PLACES = np.array([0.0] * 8 + [1.0] * 4 + [0.0] * 2)  # of the defaults


def _run(post: OutputStage, x: np.ndarray, gain: float = 1.0, width: float = 0.0) -> np.ndarray:
    ticks = HOP // TICK_SAMPLES
    gains, widths = np.full(ticks, gain), np.full(ticks, width)
    places = np.tile(PLACES, (ticks, 1))
    hops = (post.without_dc(x[None, i : i + HOP]) for i in range(0, len(x), HOP))
    return np.concatenate([post.process(hop, gains, widths, places) for hop in hops], axis=1)


def _sine(hops: int, frequency: float = 440.0, level: float = 0.5) -> np.ndarray:
    return level * np.sin(2 * np.pi * frequency * np.arange(hops * HOP) / 44100)


def test_the_closed_form_high_pass_is_the_recursion():
    high = HighPass(8.0, 44100, TICK_SAMPLES)
    x = RNG.standard_normal(3 * HOP)
    ours = np.concatenate([high.process(x[i : i + HOP]) for i in range(0, len(x), HOP)])
    r = np.exp(-2 * np.pi * 8.0 / 44100)
    y, last_x, last_y = np.zeros_like(x), 0.0, 0.0
    for n, value in enumerate(x):
        last_y = value - last_x + r * last_y
        last_x, y[n] = value, last_y
    assert np.abs(ours - y).max() < 1e-10


def test_dc_is_taken_away():
    out = _run(OutputStage(), _sine(80) + 0.3)
    assert abs(out[:, 40 * HOP :].mean()) < 2e-3


def test_width_zero_is_mono_exactly_and_one_is_decorrelated():
    noise = 0.1 * RNG.standard_normal(60 * HOP)
    mono = _run(OutputStage(), noise, width=0.0)
    assert np.array_equal(mono[0], mono[1])
    wide = _run(OutputStage(), noise, width=1.0)[:, 10 * HOP :]
    assert abs(np.corrcoef(wide)[0, 1]) < 0.15


def test_the_sum_of_both_channels_is_the_mono_signal_and_power_is_kept():
    space = Space(TICK_SAMPLES)
    x = RNG.standard_normal((1, 40 * HOP))
    y = space.process(x, np.full(160, 0.8), np.tile(PLACES, (160, 1)), 1.0)
    assert np.allclose(y.sum(axis=0), 2 * x / np.sqrt(1 + 0.8**2))
    assert np.mean(y**2) == pytest.approx(np.mean(x**2), rel=0.05)


def test_the_limiter_leaves_quiet_sound_alone_and_holds_loud_sound_below_its_ceiling():
    config = OutputConfig()
    quiet = np.stack([_sine(1)] * 2)
    assert np.array_equal(Limiter(config).process(quiet), quiet)
    limiter = Limiter(config)
    for level in (1.0, 3.0, 1e6):
        loud = np.stack([_sine(1, level=level)] * 2)
        assert np.abs(limiter.process(loud)).max() < config.limiter_ceiling + 1e-9


def test_the_limiter_follows_the_recursion():
    config = OutputConfig()
    limiter = Limiter(config)
    x = np.stack([_sine(4, 100.0, 2.0), np.zeros(4 * HOP)]) * np.linspace(1, 0, 4 * HOP)
    ours = np.concatenate([limiter.process(x[:, i : i + HOP]) for i in range(0, 4 * HOP, HOP)], axis=1)
    r = np.exp(-1.0 / (config.limiter_release_seconds * 44100))
    peak, span = 0.0, config.limiter_ceiling - config.limiter_threshold
    for n in range(x.shape[1]):
        peak = max(abs(x[0, n]), peak * r)
        over = max(0.0, peak - config.limiter_threshold)
        gain = (config.limiter_threshold + span * np.tanh(over / span)) / peak if over > 0 else 1.0
        assert ours[0, n] == pytest.approx(x[0, n] * gain, abs=1e-9)


def test_play_and_stop_fade_without_a_step():
    post = OutputStage()
    x = _sine(40, level=0.5)
    natural = np.abs(np.diff(x)).max()
    out = [_run(post, x[: 20 * HOP])]
    post.playing = False
    out.append(_run(post, x[20 * HOP :]))
    assert post.silent
    sound = np.concatenate(out, axis=1)[0]
    assert abs(sound[0]) < 1e-4
    assert np.abs(np.diff(sound)).max() < natural * 1.1
    assert not sound[-HOP:].any()


def test_gain_glides_inside_a_hop():
    post = OutputStage()
    x = _sine(20)
    first = _run(post, x[: 10 * HOP], gain=1.0)
    second = _run(post, x[10 * HOP :], gain=0.1)
    sound = np.concatenate([first, second], axis=1)[0]
    assert np.abs(np.diff(sound)).max() < np.abs(np.diff(x)).max() * 1.2


def test_panic_is_silent_from_the_next_sample_on():
    post = OutputStage()
    _run(post, _sine(5))
    post.panic()
    assert post.silent
    assert not _run(post, np.zeros(HOP)).any()


def test_saved_and_restored_bit_for_bit():
    post, x = OutputStage(), _sine(4, level=1.5)
    _run(post, x, width=0.5)
    saved = post.state()
    first = _run(post, x, gain=0.7, width=0.9)
    other = OutputStage()
    other.restore(saved)
    assert np.array_equal(_run(other, x, gain=0.7, width=0.9), first)


def test_silence_is_minus_ninety_db():
    assert db_to_gain(-90.0, MUTED_DB) == 0.0
    assert db_to_gain(0.0, MUTED_DB) == 1.0


def test_impossible_settings_are_refused():
    with pytest.raises(ConfigError, match="limiter"):
        OutputConfig(limiter_threshold=1.0)


def test_the_samples_do_not_depend_on_how_many_ticks_are_processed_at_once():
    x = 2.0 * RNG.standard_normal(40 * TICK_SAMPLES)
    gains, widths = np.linspace(0.2, 2.0, 40), np.linspace(1.0, 0.0, 40)
    whole, parts = OutputStage(), OutputStage()
    stopped = [stage.sounding(40) for stage in (whole, parts)]
    assert stopped == [40, 40]
    places = np.tile(PLACES, (40, 1))
    one = whole.process(whole.without_dc(x[None]), gains, widths, places)
    cuts = [slice(0, 1), slice(1, 8), slice(8, 9), slice(9, 40)]
    many = []
    for cut in cuts:
        span = slice(cut.start * TICK_SAMPLES, cut.stop * TICK_SAMPLES)
        many.append(parts.process(parts.without_dc(x[None, span]), gains[cut], widths[cut], places[cut]))
    assert np.array_equal(np.concatenate(many, axis=1), one)
    for stage in (whole, parts):
        stage.playing = False
    assert whole.sounding(100) == parts.sounding(100) == 11  # 0.03 s are 10.3 ticks
