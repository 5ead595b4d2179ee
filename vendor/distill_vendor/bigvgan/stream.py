"""Two ways to feed one network: with whole signals, or with a stream block by block.

Signals are [B, T, C]. Every layer asks its feed for the rows around its input (`join`) and computes
the rows whose inputs are all there. `Whole` gives zeros, `Stream` the rows it has kept. A signal
knows the time of its first row, so that a layer knows which rows lie before the start or after the
end of the sound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Signal:
    """Rows [B, T, C] of a sound; row i is at time `first` + i.

    The sound lasts from time 0 to `stop` (None: no end yet).
    """

    rows: Tensor
    first: int
    stop: int | None

    @property
    def past(self) -> int:
        """Time after the last row."""
        return self.first + self.rows.shape[1]

    def with_rows(self, rows: Tensor, first: int | None = None) -> Signal:
        """Return a signal with other rows [B, T, C], at the same time unless `first` is given."""
        return Signal(rows, self.first if first is None else first, self.stop)


def silence(signal: Signal) -> Signal:
    """Set the rows outside the sound to zero, in place: what zero padding does."""
    if signal.first < 0:
        signal.rows[:, : -signal.first] = 0
    if signal.stop is not None and signal.past > signal.stop:
        signal.rows[:, max(0, signal.stop - signal.first) :] = 0
    return signal


def hold(rows: Tensor, first: int, stop: int | None) -> None:
    """Replace rows outside the sound by its first or last row, in place, as replication padding.

    The rows [B, T, C] begin at time `first`. If they do not contain that row, no result of theirs
    is used.
    """
    count = rows.shape[1]
    if first < 0 < first + count:
        rows[:, :-first] = rows[:, -first, None]
    if stop is not None and first < stop < first + count:
        rows[:, stop - first :] = rows[:, stop - first - 1, None]


class Whole:
    """Feeds a whole sound: zeros surround it, and results stay aligned with it."""

    def join(self, signal: Signal, before: int, after: int) -> Signal:
        """Return the signal with `before` and `after` further rows."""
        batch, count, channels = signal.rows.shape
        rows = signal.rows.new_empty(batch, before + count + after, channels)
        rows[:, :before] = 0
        rows[:, before : before + count] = signal.rows
        rows[:, before + count :] = 0
        return signal.with_rows(rows, signal.first - before)

    def delayed(self, signal: Signal, first: int) -> Signal:
        """Return the signal as it is: all signals of a whole sound are aligned."""
        return signal


class Stream:
    """Feeds a stream: earlier rows come from `contexts`, in the order in which layers ask.

    `kept` are the contexts for the next block.
    """

    def __init__(self, contexts: Sequence[Tensor]) -> None:
        self._contexts: Iterator[Tensor] = iter(contexts)
        self.kept: list[Tensor] = []

    def join(self, signal: Signal, before: int, after: int) -> Signal:
        """Return the signal with the `before` + `after` rows before it; it lags by `after`."""
        context = next(self._contexts)
        joined = torch.cat([context, signal.rows], dim=1)
        reach = before + after
        self.kept.append(joined[:, joined.shape[1] - reach :].clone())
        return signal.with_rows(joined, signal.first - reach)

    def delayed(self, signal: Signal, first: int) -> Signal:
        """Return the signal delayed so that it begins at time `first`."""
        context = next(self._contexts)
        joined = torch.cat([context, signal.rows], dim=1)
        count = signal.rows.shape[1]
        self.kept.append(joined[:, count:].clone())
        return signal.with_rows(joined[:, :count], first)


Feed = Whole | Stream
