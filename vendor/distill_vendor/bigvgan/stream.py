"""One network, two ways to feed it: whole signals, or a stream block by block.

Signals are [B, T, C], time before channels. Every layer asks its feed for the surroundings of its input (`join`) and computes
only what it fully sees; the feed answers with padding (`Whole`) or with what it remembers (`Stream`). A signal knows the time
of its first row, so that a layer knows which rows lie before the start or after the end of the sound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Signal:
    """`rows` [B, T, C]; row i is at time `first` + i, and the sound occupies times 0 to `stop` (None: no end yet)."""

    rows: Tensor
    first: int
    stop: int | None

    @property
    def past(self) -> int:
        """One more than the time of the last row."""
        return self.first + self.rows.shape[1]

    def with_rows(self, rows: Tensor, first: int | None = None) -> Signal:
        return Signal(rows, self.first if first is None else first, self.stop)


def silence(signal: Signal) -> Signal:
    """The rows outside the sound set to zero, as a network sees them that pads with zeros. In place."""
    if signal.first < 0:
        signal.rows[:, : -signal.first] = 0
    if signal.stop is not None and signal.past > signal.stop:
        signal.rows[:, max(0, signal.stop - signal.first) :] = 0
    return signal


def hold(rows: Tensor, first: int, stop: int | None) -> None:
    """The rows outside the sound replaced by its first or last one, as a network sees them that pads by replication. In place.

    Where rows [B, T, C], the first at time `first`, do not contain that one, no result of theirs counts.
    """
    count = rows.shape[1]
    if first < 0 < first + count:
        rows[:, :-first] = rows[:, -first, None]
    if stop is not None and first < stop < first + count:
        rows[:, stop - first :] = rows[:, stop - first - 1, None]


class Whole:
    """Feeds a whole sound: surroundings are zeros, results stay aligned with the input."""

    def join(self, signal: Signal, before: int, after: int) -> Signal:
        """The signal with `before` and `after` further rows."""
        batch, count, channels = signal.rows.shape
        rows = signal.rows.new_empty(batch, before + count + after, channels)
        rows[:, :before] = 0
        rows[:, before : before + count] = signal.rows
        rows[:, before + count :] = 0
        return signal.with_rows(rows, signal.first - before)

    def delayed(self, signal: Signal, first: int) -> Signal:
        """The signal at the times of another one that begins at `first`."""
        return signal


class Stream:
    """Feeds a stream: surroundings come from `contexts`, in the order in which the layers ask; `kept` is for the next block."""

    def __init__(self, contexts: Sequence[Tensor]) -> None:
        self._contexts: Iterator[Tensor] = iter(contexts)
        self.kept: list[Tensor] = []

    def join(self, signal: Signal, before: int, after: int) -> Signal:
        """The signal with the `before` + `after` rows that came before it: results come `after` rows late."""
        context = next(self._contexts)
        joined = torch.cat([context, signal.rows], dim=1)
        reach = before + after
        self.kept.append(joined[:, joined.shape[1] - reach :].clone())
        return signal.with_rows(joined, signal.first - reach)

    def delayed(self, signal: Signal, first: int) -> Signal:
        """The signal held back so that it begins at `first`."""
        context = next(self._contexts)
        joined = torch.cat([context, signal.rows], dim=1)
        count = signal.rows.shape[1]
        self.kept.append(joined[:, count:].clone())
        return signal.with_rows(joined[:, :count], first)


Feed = Whole | Stream
