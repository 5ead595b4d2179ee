"""Space: places, room and kinds of space; no clicks, the same in any order of calls."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from distill_engine.errors import ConfigError, ControlError, LibraryError
from distill_engine.state import from_arrays, to_arrays
from distill_engine.synthesis.output_stage import OutputStage, OutputState
from distill_engine.synthesis.space.ears import Ears
from distill_engine.synthesis.space.head import RESPONSE_SAMPLES, Head, shipped_head
from distill_engine.synthesis.space.layout import Layout
from distill_engine.synthesis.space.places import PLACE_VALUES
from distill_engine.synthesis.space.space import Space
from distill_engine.takes.take import TICK_SAMPLES
from distill_engine.vocabulary.table import SPACES

AZIMUTH, ELEVATION, DISTANCE, SPREAD, DEPTH = 0, 4, 8, 12, 13
RNG = np.random.default_rng(0)


def _places(ticks: int, **values: np.ndarray | float) -> np.ndarray:
    """Return the parameters of `ticks` ticks: `place0=...` is column 0, over the defaults."""
    out = np.zeros((ticks, PLACE_VALUES))
    out[:, DISTANCE:SPREAD] = 1.0
    for name, value in values.items():
        out[:, int(name.removeprefix("place"))] = value
    return out


def _heard(kind: str, objects: np.ndarray, places: np.ndarray, width: float = 0.0, layout: Layout | None = None):
    space = Space(TICK_SAMPLES, layout)
    space.choose(kind)
    return space.process(objects, np.full(len(places), width), places, 1.0)


def _steps(sound: np.ndarray) -> float:
    """Return the largest second difference of channels [ch, n]: high where there is a click."""
    return float(np.abs(np.diff(sound, 2, axis=1)).max())


@pytest.mark.parametrize("kind", SPACES)
@pytest.mark.parametrize("layout", [Layout(), Layout(4), Layout(4, "layers")])
def test_the_samples_do_not_depend_on_the_calls(kind, layout):
    ticks = 60
    objects = 0.1 * RNG.standard_normal((6, ticks * TICK_SAMPLES))
    objects[1, 10 * TICK_SAMPLES : 30 * TICK_SAMPLES] = 0.0
    turn = np.repeat(np.linspace(-180, 180, 20), 3)
    depth = np.concatenate([np.zeros(20), np.linspace(0, 1, 20), np.zeros(20)])
    places = _places(ticks, place0=turn, place1=-turn, place5=40.0, place8=np.linspace(0.5, 4, ticks), place13=depth)
    widths = np.linspace(0, 1, ticks)
    made = []
    for cuts in ([0, 1, 5, 12, 13, 14, 40, 60], list(range(61))):
        space, parts = Space(TICK_SAMPLES, layout), []
        for first, end in pairwise(cuts):
            if first in (0, 40):
                space.choose("stereo" if first else kind)
            span = slice(first * TICK_SAMPLES, end * TICK_SAMPLES)
            parts.append(space.process(objects[:, span], widths[first:end], places[first:end], 1.0))
        made.append(np.concatenate(parts, axis=1))
    assert np.array_equal(made[0], made[1])


@pytest.mark.parametrize("kind", SPACES)
def test_a_state_in_the_middle_goes_on_bit_for_bit(kind):
    layout, places = Layout(4), _places(24, place0=np.linspace(0, 90, 24), place13=0.7)
    objects = 0.1 * RNG.standard_normal((2, 24 * TICK_SAMPLES))
    half, ones = 12 * TICK_SAMPLES, np.ones(12)
    stage = OutputStage(layout=layout)
    stage.process(objects[:, :half], ones, 0.4 * ones, places[:12])
    stage.space.choose(kind)
    stage.process(objects[:, : 2 * TICK_SAMPLES], ones[:2], ones[:2], places[:2])
    saved = from_arrays(OutputState, to_arrays(stage.state()))
    one = stage.process(objects[:, half:], ones, ones, places[12:])
    other = OutputStage(layout=layout)
    other.restore(saved)
    assert np.array_equal(other.process(objects[:, half:], ones, ones, places[12:]), one)


def test_a_state_of_another_layout_plays_on():
    stage = OutputStage()
    stage.process(np.ones((1, TICK_SAMPLES)), np.ones(1), np.ones(1), _places(1))
    other = OutputStage(layout=Layout(8))
    other.restore(stage.state())
    assert other.process(np.ones((1, TICK_SAMPLES)), np.ones(1), np.ones(1), _places(1)).shape == (8, TICK_SAMPLES)


def test_ahead_and_at_width_0_left_and_right_are_the_sum():
    objects = RNG.standard_normal((4, 4 * TICK_SAMPLES))
    for kind in ("mono", "stereo", "wide"):
        left, right = _heard(kind, objects, _places(4))
        assert np.array_equal(left, right)
        assert np.allclose(left, objects.sum(axis=0))


def test_stereo_pans_with_constant_power_and_mono_does_not():
    x = RNG.standard_normal((1, 4 * TICK_SAMPLES))
    for azimuth in (-90.0, -30.0, 0.0, 30.0, 90.0, 150.0):
        powers = np.square(_heard("stereo", x, _places(4, place0=azimuth))).mean(axis=1) / np.square(x).mean()
        assert powers.sum() == pytest.approx(2.0)
        assert powers[1] - powers[0] == pytest.approx(2 * np.sin(np.deg2rad(azimuth)), abs=1e-9)
    left, right = _heard("mono", x, _places(4, place0=90.0), width=1.0)
    assert np.array_equal(left, right)


def test_distance_takes_level():
    x = RNG.standard_normal((1, 4 * TICK_SAMPLES))
    assert np.allclose(_heard("stereo", x, _places(4, place8=4.0)), x / 4)


@pytest.mark.parametrize(("azimuth", "elevation"), [(0.0, 0.0), (37.0, 12.0), (-110.0, -60.0), (180.0, 90.0)])
def test_binaural_at_width_0_is_the_convolution_with_the_heads_responses(azimuth, elevation):
    x = RNG.standard_normal((1, 8 * TICK_SAMPLES))
    heard = _heard("binaural", x, _places(8, place0=azimuth, place4=elevation))
    for ear, response in zip(heard, shipped_head().response(azimuth, elevation), strict=True):
        assert np.abs(ear - np.convolve(x[0], response)[: x.shape[1]]).max() < 1e-4


def test_the_nearer_ear_hears_earlier_and_louder():
    left, right = shipped_head().response(90.0, 0.0)
    assert np.square(right).sum() > 4 * np.square(left).sum()
    lag = np.correlate(left, right, "full").argmax() - (RESPONSE_SAMPLES - 1)
    assert 24 <= lag <= 36  # samples: 0.54 to 0.82 ms
    mirrored = shipped_head().response(-90.0, 0.0)
    assert np.array_equal(mirrored, [right, left])


def test_directions_between_the_measured_ones_have_no_steps():
    head = shipped_head()
    around = [head.response(azimuth, 3.0) for azimuth in np.arange(-180.0, 180.5, 0.5)]
    steps = np.abs(np.diff(np.stack(around), axis=0)).max(axis=(1, 2))
    assert steps.max() < 0.15  # of a peak near 2: half a degree moves it by less than a sixth of a sample
    assert np.array_equal(around[0], around[-1])


def test_ambisonics_is_first_order_ambix():
    x = RNG.standard_normal((1, 4 * TICK_SAMPLES))
    ambix = _heard("ambisonic", x, _places(4, place0=-60.0, place4=30.0), layout=Layout(4))
    y, z, x_axis = (np.sin(np.pi / 3) * np.cos(np.pi / 6), np.sin(np.pi / 6), np.cos(np.pi / 3) * np.cos(np.pi / 6))
    for channel, gain in zip(ambix, (1.0, y, z, x_axis), strict=True):  # 60 degrees to the left, 30 up
        assert np.allclose(channel, gain * x[0])


def test_slots_have_pairs_and_layers_add_up_to_stereo():
    objects = RNG.standard_normal((3, 8 * TICK_SAMPLES))
    places = _places(8, place0=20.0, place13=0.5)
    pairs = _heard("stereo", objects, _places(8), layout=Layout(6))
    for slot in range(3):
        assert np.allclose(pairs[2 * slot : 2 * slot + 2], objects[slot])
    stereo = _heard("stereo", objects, places, width=0.6)
    layers = _heard("stereo", objects, places, width=0.6, layout=Layout(4, "layers"))
    assert np.allclose(layers[:2] + layers[2:], stereo)
    assert np.square(layers[2:]).mean() > 0.01


@pytest.mark.parametrize("kind", SPACES)
def test_sweeps_make_no_clicks(kind):
    ticks = 690  # 2 s
    x = 0.3 * np.sin(2 * np.pi * 220 * np.arange(ticks * TICK_SAMPLES) / 44100)[None]
    turn = np.linspace(-180, 180, ticks)
    swept = _places(ticks, place0=turn, place4=turn / 2, place8=np.geomspace(0.5, 8, ticks), place13=np.abs(turn) / 180)
    layout = Layout(4)
    bound = max(
        _steps(_heard(kind, x, _places(ticks, place8=0.5, place0=a, place13=1.0), 0.5, layout)[:, 4096:])
        for a in (0, 90)
    )
    assert _steps(_heard(kind, x, swept, 0.5, layout)[:, 4096:]) < 1.5 * bound


def test_a_turn_adds_nothing_above_17_khz_to_that_of_16_times_as_many_steps():
    x, levels = RNG.standard_normal(44032), []
    for tick in (TICK_SAMPLES, TICK_SAMPLES // 16):
        ears, out = Ears(shipped_head(), tick), np.empty((2, len(x)))
        for at in range(0, len(x), tick):
            out[:, at : at + tick] = ears.process(x[at : at + tick], (360.0 * (at + tick) / 44100 % 360.0, 0.0))
        bins = np.fft.rfft(out.reshape(2, -1, 512) * np.hanning(512))[:, :, int(17000 * 512 / 44100) :]
        levels.append(10 * np.log10(np.square(np.abs(bins)).sum(axis=2)))
    added = levels[0] - levels[1]
    assert added.max() < 0.5
    assert added.min() > -1.5  # dB of 12 ms: within a tick the two responses' highest frequencies cancel a little


def test_changes_of_kind_and_sudden_places_make_no_clicks():
    x = 0.3 * np.sin(2 * np.pi * 220 * np.arange(120 * TICK_SAMPLES) / 44100)[None]
    space, parts = Space(TICK_SAMPLES), []
    for index, kind in enumerate(("stereo", "binaural", "mono", "ambisonic", "wide", "binaural")):
        space.choose(kind)
        span = slice(20 * index * TICK_SAMPLES, 20 * (index + 1) * TICK_SAMPLES)
        places = _places(20, place0=(-90.0) ** (index % 2) if index else 0.0)
        parts.append(space.process(x[:, span], np.full(20, 0.3), places, 1.0))
    assert _steps(np.concatenate(parts, axis=1)[:, 2048:]) < 8e-3  # a step would be 0.1 and more


def test_a_room_rings_and_is_as_loud_as_the_sound():
    ticks = 690
    x = RNG.standard_normal((1, ticks * TICK_SAMPLES))
    dry, wet = _heard("stereo", x, _places(ticks)), _heard("stereo", x, _places(ticks, place13=1.0))
    room = (wet - dry)[:, 20000:]
    assert 10 * np.log10(np.square(room).mean() / np.square(dry).mean()) == pytest.approx(0.0, abs=1.5)
    assert abs(np.corrcoef(room)[0, 1]) < 0.45
    x[:, 22050:] = 0.0
    tail = _heard("stereo", x, _places(ticks, place13=1.0))
    levels = [10 * np.log10(np.square(tail[:, at : at + 2205]).mean()) for at in (24255, 46305)]
    assert -45 < levels[1] - levels[0] < -20  # 60 dB in 1.1 s, faster in high frequencies


def test_a_stopped_room_does_not_go_on_when_it_plays_again():
    stage = OutputStage()
    noise, ones = 0.1 * RNG.standard_normal((1, 20 * TICK_SAMPLES)), np.ones(20)
    places = _places(20, place13=1.0)
    stage.process(noise, ones, 0 * ones, places)
    stage.playing = False
    ticks = stage.sounding(20)
    stage.process(noise[:, : ticks * TICK_SAMPLES], ones[:ticks], 0 * ones[:ticks], places[:ticks])
    stage.playing = True
    assert not stage.process(0 * noise, ones, 0 * ones, places)[:, TICK_SAMPLES:].any()


def test_what_is_not_possible_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(ControlError, match=r"no space 'cinema': give mono, stereo"):
        Space(TICK_SAMPLES).choose("cinema")
    with pytest.raises(ConfigError, match="give 2, 4, 6 or 8"):
        Layout(3)
    with pytest.raises(ConfigError, match="give slots or layers"):
        Layout(4, "rows")
    (tmp_path / "head.npz").write_bytes(b"PK nothing")
    with pytest.raises(LibraryError, match="install Distill again"):
        Head(tmp_path / "head.npz")
