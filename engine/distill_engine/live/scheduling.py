"""When to compute the next block, how full the ring is kept, and why it ran empty."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

WINDOW_BLOCKS = 1000
FEW_BLOCKS = 100
REFRESH_BLOCKS = 20
Cause = Literal["model", "stall", "device"]
CAUSES: dict[Cause, str] = {
    "model": "the model is too slow",
    "stall": "the process stalled",
    "device": "the device took more than its due",
}


@dataclass(frozen=True)
class Underrun:
    """The ring ran empty at `when` (Unix time): the block took `block_seconds`, and came `gap_seconds` after the one before."""

    when: float
    cause: Cause
    block_seconds: float
    gap_seconds: float

    def describe(self) -> str:
        """One line with date and cause."""
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.when))
        took, gap = self.block_seconds * 1e3, self.gap_seconds * 1e3
        return f"{at} underrun: {CAUSES[self.cause]} (a block took {took:.1f} ms, {gap:.1f} ms after the last)"


@dataclass(frozen=True)
class BlockTime:
    """How long a block took, and how long it is since the block before was written."""

    seconds: float
    since_last_seconds: float


@dataclass(frozen=True)
class TargetConfig:
    """How the ring's target fill follows from measured times. All in seconds.

    `margin` is what a well-behaved system needs on top. It learns: a model that is too slow multiplies it by `growth`, up to
    `margin_limit`; a stall or a near miss adds `step`, up to `stall_limit` (a machine that stands still for a tenth of a second cannot
    be played around); every quiet second takes `relaxation` back. `fixed` overrides everything.
    """

    margin: float = 0.006
    growth: float = 1.5
    step: float = 0.001
    stall_limit: float = 0.012
    margin_limit: float = 0.08
    relaxation: float = 0.00003
    fixed: float | None = None


class BlockTimes:
    """Times of the last blocks, as hop times (block time over the number of hops).

    `expected_seconds` is what a block will take, as long as too few were measured.
    """

    def __init__(self, hops: int, expected_seconds: float) -> None:
        self._hops = hops
        self._expected = expected_seconds
        self._times: deque[float] = deque(maxlen=WINDOW_BLOCKS)
        self._p50 = self._p99 = 0.0
        self.computed = 0
        self.misses = 0

    def add(self, seconds: float, deadline: float) -> None:
        """A block took `seconds`; it had `deadline`, the length of its own sound."""
        self._times.append(seconds)
        self.computed += 1
        self.misses += seconds > deadline
        if self.computed < REFRESH_BLOCKS or self.computed % REFRESH_BLOCKS == 0:
            p50, p99, _ = self.percentiles()
            self._p50, self._p99 = p50 * self._hops, p99 * self._hops

    def percentiles(self) -> tuple[float, float, float]:
        """p50, p99 and maximum of the hop time in seconds (zeros before the first block)."""
        if not self._times:
            return 0.0, 0.0, 0.0
        times = np.fromiter(self._times, np.float64) / self._hops
        p50, p99 = np.percentile(times, (50.0, 99.0))
        return float(p50), float(p99), float(times.max())

    @property
    def block_p99(self) -> float:
        """p99 of the time of a whole block, in seconds; not below what is expected while fewer than 100 were measured."""
        return max(self._p99, self._expected) if self.computed < FEW_BLOCKS else self._p99

    @property
    def block_p50(self) -> float:
        """Median time of a whole block, in seconds."""
        return self._p50


class TargetFill:
    """The fill at which the next block is begun: p99 of the block's time + the device's period + a margin that learns.

    While a block is computed the device goes on taking; a fill below this would run out in one block out of a hundred.
    """

    def __init__(self, config: TargetConfig, period_seconds: float) -> None:
        self._config = config
        self._period = period_seconds
        self.margin = config.margin

    def seconds(self, block_p99: float) -> float:
        """The target fill in seconds."""
        if self._config.fixed is not None:
            return max(self._config.fixed, self._period)
        return min(block_p99, 0.2) + self._period + self.margin

    def set_period(self, seconds: float) -> None:
        """The device's period, as it is known now."""
        self._period = seconds

    def underrun(self, cause: Cause) -> None:
        """More margin after the ring ran empty."""
        if cause == "model":
            self.margin = min(self.margin * self._config.growth + self._config.step, self._config.margin_limit)
        else:
            self._add(2 * self._config.step)

    def lowest(self, fill_seconds: float) -> None:
        """A little more margin if less than half a period was left when a block was written."""
        if fill_seconds < self._period / 2:
            self._add(self._config.step)

    def relax(self, seconds: float) -> None:
        """Some margin is given back for `seconds` that went well."""
        self.margin = max(self.margin - seconds * self._config.relaxation, min(self.margin, self._config.margin))

    def _add(self, seconds: float) -> None:
        self.margin = max(self.margin, min(self.margin + seconds, self._config.stall_limit))


def cause_of(block: BlockTime, typical_seconds: float, fill_before_seconds: float) -> Cause:
    """Why the ring ran empty, from the block that came too late.

    If the block and the waiting before it were shorter than what the ring had held, the device took too much. If the block took about
    as long as blocks do, the model is too slow. Else it was kept from running, by another program or by the machine itself (a virtual
    one may stand still while its clocks of computing time go on: those are no evidence).
    """
    if block.since_last_seconds < 0.9 * fill_before_seconds:
        return "device"
    if block.seconds < 0.5 * fill_before_seconds:
        return "stall"
    return "model" if block.seconds <= 3.0 * max(typical_seconds, 1e-4) else "stall"
