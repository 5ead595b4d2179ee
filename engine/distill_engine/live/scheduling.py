"""When to compute the next block: how full to keep the ring, and why it ran empty."""

from __future__ import annotations

import time
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass
from typing import Literal

WINDOW_BLOCKS = 1000  # whose times are kept
FEW_BLOCKS = 100  # below this many, the time expected counts as well
REFRESH_BLOCKS = 20  # between two computations of the percentiles
RECENT_BLOCKS = 5  # whose median tells what the next one takes
LONGEST_BLOCK_SECONDS = 0.2  # a block's time counts no further towards the target fill

Cause = Literal["model", "stall", "device"]
CAUSES: dict[Cause, str] = {
    "model": "the model is too slow",
    "stall": "the process stalled",
    "device": "the device took more than its due",
}


@dataclass(frozen=True)
class Underrun:
    """An empty ring at `when` (Unix time).

    The late block took `block_seconds` to compute and came `gap_seconds` after the one before.
    """

    when: float
    cause: Cause
    block_seconds: float
    gap_seconds: float

    def describe(self) -> str:
        """Return one line with date, cause and times."""
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.when))
        took, gap = self.block_seconds * 1e3, self.gap_seconds * 1e3
        return f"{at} underrun: {CAUSES[self.cause]} (a block took {took:.1f} ms, {gap:.1f} ms after the last)"


@dataclass(frozen=True)
class BlockTime:
    """Seconds that a block took to compute, and seconds since the block before was written."""

    seconds: float
    since_last_seconds: float


@dataclass(frozen=True)
class TargetConfig:
    """How the ring's target fill follows from measured times; seconds, but for the factor `growth`.

    The fill has a `margin` over the measured times. A model that is too slow multiplies the margin
    by `growth` and adds `step`, up to `margin_limit`. A stall adds two steps and a near miss one,
    up to `stall_limit`: a machine that stands still for 0.1 s would need more latency than anyone
    can play with. After `quiet` seconds without either, each second takes `relaxation` back, down
    to `floor`. `fixed` replaces all this by one fill.
    """

    margin: float = 0.006
    floor: float = 0.002
    growth: float = 1.5
    step: float = 0.001
    stall_limit: float = 0.012
    margin_limit: float = 0.08
    quiet: float = 60.0
    relaxation: float = 0.0001
    fixed: float | None = None


TARGETS = {
    "low": TargetConfig(margin=0.002),
    "normal": TargetConfig(),
    "safe": TargetConfig(margin=0.012, floor=0.010, stall_limit=0.03),
}
"""How full the ring is kept, by the words of `--latency`."""


class BlockTimes:
    """Computing times of the last WINDOW_BLOCKS blocks.

    `expected_seconds` is what a block will take, for as long as fewer than FEW_BLOCKS were
    measured. A block's cost is in hops of the vocoder a hop: it grows with the notes that sound.
    """

    def __init__(self, hops: int, expected_seconds: float) -> None:
        self._hops = hops
        self._expected = expected_seconds
        self._times: deque[float] = deque(maxlen=WINDOW_BLOCKS)
        self._ordered: list[float] = []  # the same times
        self._recent: deque[float] = deque(maxlen=RECENT_BLOCKS)  # for a cost of 1
        self._p99 = self._unit = 0.0
        self._cost = 1.0  # of the last block
        self.computed = 0
        self.misses = 0

    def add(self, seconds: float, deadline: float, cost: float = 1.0) -> None:
        """Count a block that took `seconds`; `deadline` is the length of its sound in seconds."""
        self._recent.append(seconds / cost)
        self._unit, self._cost = sorted(self._recent)[len(self._recent) // 2], cost
        if len(self._times) == WINDOW_BLOCKS:
            del self._ordered[bisect_left(self._ordered, self._times[0])]
        self._times.append(seconds)
        insort(self._ordered, seconds)
        self.computed += 1
        self.misses += seconds > deadline
        if self.computed < REFRESH_BLOCKS or self.computed % REFRESH_BLOCKS == 0:
            self._p99 = self.percentiles()[1] * self._hops

    def percentiles(self) -> tuple[float, float, float]:
        """Return p50, p99 and maximum of the hop time in seconds; zeros before the first block.

        The hop time is a block's time divided by its hops.
        """
        ordered = self._ordered.copy()  # asked for on other threads too
        if not ordered:
            return 0.0, 0.0, 0.0
        return quantile(ordered, 0.5) / self._hops, quantile(ordered, 0.99) / self._hops, ordered[-1] / self._hops

    @property
    def block_p99(self) -> float:
        """p99 of a block's time in seconds.

        At least the time expected, while fewer than FEW_BLOCKS were measured.
        """
        return max(self._p99, self._expected) if self.computed < FEW_BLOCKS else self._p99

    def ahead(self, cost: float) -> float:
        """Return the seconds to hold ready for the next block: `block_p99`, or more for more notes.

        More than one note, at `cost`, take at least what they would by the last blocks.
        """
        return self.block_p99 if cost <= 1.0 else max(self.block_p99, cost * self._unit)

    @property
    def typical(self) -> float:
        """Seconds that a block as costly as the last one takes, by the last RECENT_BLOCKS."""
        return self._cost * self._unit


def quantile(ordered: list[float], share: float) -> float:
    """Return the value at a share of ordered values, between its neighbours in proportion."""
    at = share * (len(ordered) - 1)
    low = int(at)
    return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (at - low)


class TargetFill:
    """How full the ring is when the next step begins: a hop is computed, or a tick is put out.

    The device takes a period of sound at once, so that the ring never holds less than the period
    plus a margin that learns (see `TargetConfig`). While a hop is computed nothing is put out: by
    then ring and computed ticks must hold the p99 of its computing time as well. Else one hop in a
    hundred would come too late.
    """

    def __init__(self, config: TargetConfig, period_seconds: float) -> None:
        self._config = config
        self._period = period_seconds
        self._quiet = 0.0  # seconds without an underrun or near miss
        self.margin = config.margin

    def seconds(self, block_p99: float, waiting: float = 0.0, extra: float = 0.0) -> float:
        """Return the fill in seconds at which the next step begins.

        `block_p99` is the p99 of a block's computing time, `waiting` the sound that is computed and
        not in the ring, `extra` what to hold besides, all in seconds.
        """
        if self._config.fixed is not None:
            return max(self._config.fixed + extra - waiting, self._period)
        ahead = min(block_p99, LONGEST_BLOCK_SECONDS) + extra - waiting
        return self._period + self.margin + max(0.0, ahead)

    def set_period(self, seconds: float) -> None:
        """Set the device's period, which some devices tell only while they play."""
        self._period = seconds

    def underrun(self, cause: Cause) -> None:
        """Add margin after the ring ran empty."""
        if cause == "model":
            self.margin = min(self.margin * self._config.growth + self._config.step, self._config.margin_limit)
            self._quiet = 0.0
        else:
            self._add(2 * self._config.step)

    def lowest(self, fill_seconds: float) -> None:
        """Add a little margin if half of it was used up when sound was written."""
        if fill_seconds < self.margin / 2:
            self._add(self._config.step)

    def relax(self, seconds: float) -> None:
        """Take margin back for `seconds` without an underrun."""
        self._quiet += seconds
        if self._quiet > self._config.quiet and self.margin > self._config.floor:
            self.margin = max(self.margin - seconds * self._config.relaxation, self._config.floor)

    def _add(self, seconds: float) -> None:
        self._quiet = 0.0
        self.margin = max(self.margin, min(self.margin + seconds, self._config.stall_limit))


def cause_of(block: BlockTime, typical_seconds: float, fill_before_seconds: float, period_seconds: float) -> Cause:
    """Return why the ring ran empty, judged by the block that came too late.

    If the ring had held less than the device takes at once, or less time passed since the block
    before than the ring had held, the device took more than its due. If the block took about as
    long as blocks do by now, with as many notes (`typical_seconds`), the model is too slow.
    Otherwise another program or the machine kept it from running. The clocks of processor time
    cannot tell that: those of a virtual machine may go on while it stands still.
    """
    if fill_before_seconds < period_seconds or block.since_last_seconds < 0.9 * fill_before_seconds:
        return "device"
    if block.seconds < 0.5 * fill_before_seconds:
        return "stall"
    return "model" if block.seconds <= 3.0 * max(typical_seconds, 1e-4) else "stall"
