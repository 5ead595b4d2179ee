"""How full the ring is kept, and what is blamed when it runs empty."""

import numpy as np
import pytest

from distill_engine.live.scheduling import (
    TARGETS,
    WINDOW_BLOCKS,
    BlockTime,
    BlockTimes,
    TargetConfig,
    TargetFill,
    Underrun,
    cause_of,
)


def test_the_target_covers_the_slow_blocks_and_the_period():
    target = TargetFill(TargetConfig(margin=0.003), 0.005)
    assert target.seconds(0.009) == pytest.approx(0.017)
    target.set_period(0.010)
    assert target.seconds(0.009) == pytest.approx(0.022)


def test_computed_ticks_stand_for_sound_in_the_ring():
    target = TargetFill(TargetConfig(margin=0.003), 0.005)
    assert target.seconds(0.004, waiting=0.0029) == pytest.approx(0.0091)
    assert target.seconds(0.004, waiting=0.0116) == pytest.approx(0.008)
    fixed = TargetFill(TargetConfig(fixed=0.02), 0.005)
    assert (fixed.seconds(0.004, waiting=0.0116), fixed.seconds(0.004, waiting=0.1)) == (pytest.approx(0.0084), 0.005)


def test_underruns_and_near_misses_raise_the_margin_up_to_a_limit():
    target = TargetFill(TargetConfig(), 0.005)
    before = target.seconds(0.005)
    target.lowest(0.004)
    assert target.seconds(0.005) == before
    target.lowest(0.001)
    after = target.seconds(0.005)
    assert after > before
    for _ in range(100):
        target.underrun("stall")
    assert target.margin == pytest.approx(TargetConfig().stall_limit)
    for _ in range(100):
        target.underrun("model")
    assert target.seconds(0.005) == pytest.approx(0.01 + TargetConfig().margin_limit)
    target.underrun("stall")
    assert target.margin == pytest.approx(TargetConfig().margin_limit)


def test_the_margin_falls_after_a_quiet_minute_and_rises_at_once():
    config = TargetConfig()
    target = TargetFill(config, 0.005)
    for _ in range(60):
        target.relax(1.0)
    assert target.margin == config.margin
    for _ in range(30):
        target.relax(1.0)
    assert target.margin == pytest.approx(config.margin - 0.003)
    target.lowest(0.0)
    raised = target.margin
    assert raised == pytest.approx(config.margin - 0.002)
    target.relax(50.0)
    assert target.margin == raised
    target.relax(3600.0)
    target.relax(1.0)
    assert target.margin == config.floor


@pytest.mark.parametrize("word", TARGETS)
def test_every_word_of_latency_begins_above_its_floor(word):
    config = TARGETS[word]
    assert config.floor <= config.margin <= config.stall_limit


def test_a_fixed_latency_is_kept():
    target = TargetFill(TargetConfig(fixed=0.02), 0.005)
    target.underrun("model")
    assert target.seconds(0.5) == 0.02


def test_hop_times_are_block_times_over_hops():
    times = BlockTimes(4, expected_seconds=0.02)
    assert times.block_p99 == 0.02
    for _ in range(200):
        times.add(0.008, deadline=0.0464)
    times.add(0.060, deadline=0.0464)
    p50, _, longest = times.percentiles()
    assert (p50, longest) == (pytest.approx(0.002), pytest.approx(0.015))
    assert times.misses == 1
    assert times.block_p99 < 0.02


def test_the_times_kept_are_those_of_the_last_blocks_and_their_percentiles_those_of_numpy():
    rng, times = np.random.default_rng(3), BlockTimes(2, expected_seconds=0.02)
    measured = np.round(rng.lognormal(-5.0, 0.5, 2 * WINDOW_BLOCKS + 130), 4)  # many are equal
    for count, seconds in enumerate(measured.tolist(), 1):
        times.add(seconds, deadline=0.02)
        if count < 120 or count % 97 == 0:
            kept = measured[max(0, count - WINDOW_BLOCKS) : count] / 2
            assert times.percentiles() == pytest.approx((*np.percentile(kept, (50.0, 99.0)), kept.max()), rel=1e-12)
    assert len(times._ordered) == WINDOW_BLOCKS


@pytest.mark.parametrize(
    ("block", "cause"),
    [
        (BlockTime(0.021, 0.022), "model"),  # as slow as always
        (BlockTime(0.080, 0.081), "stall"),  # was kept from running in the middle
        (BlockTime(0.006, 0.070), "stall"),  # woke up too late
        (BlockTime(0.006, 0.007), "device"),  # everything was quick, and still nothing was left
    ],
)
def test_underruns_are_blamed_on_their_cause(block, cause):
    assert cause_of(block, typical_seconds=0.008, fill_before_seconds=0.020, period_seconds=0.005) == cause


def _late(times: BlockTimes, seconds: float, cost: float = 1.0) -> str:
    """The cause of an underrun after a block that took `seconds`."""
    times.add(seconds, 0.0116, cost)
    return cause_of(BlockTime(seconds, seconds + 0.001), times.typical, 0.012, 0.005)


def test_an_underrun_of_a_chord_is_the_models_at_once_and_one_slow_block_is_a_stall():
    times = BlockTimes(1, expected_seconds=0.002)
    for _ in range(WINDOW_BLOCKS):
        times.add(0.002, 0.0116)
    assert _late(times, 0.014) == "stall"
    assert _late(times, 0.014, cost=6.0) == "model"
    assert _late(times, 0.080, cost=6.0) == "stall"


def test_blocks_that_have_become_dearer_are_the_models_within_a_few():
    times = BlockTimes(1, expected_seconds=0.002)
    for _ in range(WINDOW_BLOCKS):
        times.add(0.002, 0.0116)
    assert [_late(times, 0.014) for _ in range(5)] == ["stall", "stall", "model", "model", "model"]
    for _ in range(3):
        times.add(0.002, 0.0116)
    assert _late(times, 0.014) == "stall"


def test_more_notes_hold_more_ready_by_the_last_blocks_and_one_note_never_more():
    times = BlockTimes(1, expected_seconds=0.0)
    for count in range(WINDOW_BLOCKS):
        times.add(0.004 if count % 50 == 0 else 0.002, 0.0116)
    assert times.ahead(1.0) == times.block_p99 == pytest.approx(0.004)
    assert times.ahead(1.5) == pytest.approx(0.004)
    assert times.ahead(6.0) == pytest.approx(0.012)
    for _ in range(3):
        times.add(0.006, 0.0116, cost=6.0)  # most of a hop is no note's
    assert times.ahead(6.0) == pytest.approx(0.006)
    for _ in range(5):
        times.add(0.040, 0.0116)
    assert times.ahead(1.0) == times.block_p99 < 0.040


def test_a_device_that_takes_more_at_once_than_the_ring_held_is_blamed_itself():
    block = BlockTime(0.006, 0.093)
    assert cause_of(block, typical_seconds=0.008, fill_before_seconds=0.036, period_seconds=0.093) == "device"


def test_an_underrun_is_dated_and_names_its_cause():
    line = Underrun(1_700_000_000.0, "stall", 0.031, 0.052).describe()
    assert line.startswith("2023-11-14")
    assert "the process stalled" in line
    assert "31.0 ms, 52.0 ms after the last" in line
