"""A level behind the vocoder comes with the sound it was meant for, in any block."""

import numpy as np
import pytest

from distill_engine.synthesis.voices.level_line import RISE_SAMPLES, LevelLine

HOP = 128


def run(levels: list[float], late: list[bool], delay: int, block: int = 1) -> np.ndarray:
    line, parts = LevelLine(HOP, delay), []
    for first in range(0, len(levels), block):
        for level in levels[first : first + block]:
            line.push(level)
        part = late[first : first + block]
        parts.append(line.process(np.ones(len(part) * HOP, np.float32), part))
    return np.concatenate(parts)


@pytest.mark.parametrize("delay", [0, 1, 2])
@pytest.mark.parametrize("late", [False, True])
def test_a_level_waits_as_long_as_its_sound(delay: int, late: bool) -> None:
    levels = [0.0, 0.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0]
    sound = run(levels, [late] * 8, delay).reshape(8, HOP)
    first = 2 + delay + late
    assert np.all(sound[:first] == 1.0)
    assert np.all(np.diff(sound[first]) < 0)
    assert sound[first, -1] == pytest.approx(np.exp(-1.0))
    assert np.allclose(sound[first + 1 :], np.exp(-1.0))


def test_it_rises_at_once_for_an_attack() -> None:
    sound = run([-3.0] * 4 + [0.0] * 4, [False] * 8, 1).reshape(8, HOP)
    assert np.allclose(sound[5, RISE_SAMPLES - 1 :], 1.0)
    assert np.abs(np.diff(sound.ravel()[4 * HOP :])).max() < 1.1 / RISE_SAMPLES


@pytest.mark.parametrize("block", [2, 3, 8])
def test_blocks_of_any_size_are_alike(block: int) -> None:
    levels = np.random.default_rng(1).uniform(-3.0, 0.0, 24).tolist()
    late = [False] * 10 + [True] * 14
    assert np.array_equal(run(levels, late, 1), run(levels, late, 1, block))


def test_it_goes_on_from_its_state() -> None:
    levels = np.random.default_rng(2).uniform(-3.0, 0.0, 12).tolist()
    line, copy = LevelLine(HOP, 1), LevelLine(HOP, 1)
    assert line.state() is None
    for level in levels[:6]:
        line.push(level)
        line.process(np.ones(HOP, np.float32), [False])
    copy.restore(line.state())
    for level in levels[6:]:
        sounds = []
        for one in (line, copy):
            one.push(level)
            sounds.append(one.process(np.ones(HOP, np.float32), [False]))
        assert np.array_equal(sounds[0], sounds[1])


def test_sound_for_which_no_latent_was_asked_keeps_its_level() -> None:
    line = LevelLine(HOP, 1)
    assert np.all(line.process(np.ones(3 * HOP, np.float32), [False] * 3) == 1.0)
