"""Typed events of fetching and loading weights, for the command line to draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class DownloadStarted:
    """A file of `total` bytes (0: unknown) is being downloaded from `source`."""

    file: str
    source: str
    total: int


@dataclass(frozen=True)
class DownloadProgress:
    """`done` of `total` bytes of `file` have arrived."""

    file: str
    done: int
    total: int


@dataclass(frozen=True)
class Converting:
    """The checkpoint `file` is being converted to plain tensors."""

    file: str


@dataclass(frozen=True)
class Ready:
    """The weights called `name` are on this machine, at `path`."""

    name: str
    path: str


@dataclass(frozen=True)
class FellBack:
    """Work continues differently than asked for; `reason` is a sentence for the user."""

    reason: str


WeightsEvent = DownloadStarted | DownloadProgress | Converting | Ready | FellBack
Listener = Callable[[WeightsEvent], None]
