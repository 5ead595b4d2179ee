"""What happens while weights are fetched and loaded, as typed events: the command line and the web draw them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class DownloadStarted:
    """A file of `total` bytes (0: not known) is being fetched from `source`."""

    file: str
    source: str
    total: int


@dataclass(frozen=True)
class DownloadProgress:
    """`done` of `total` bytes of `file` are here."""

    file: str
    done: int
    total: int


@dataclass(frozen=True)
class Converting:
    """The checkpoint `file` is read once and written again as plain tensors."""

    file: str


@dataclass(frozen=True)
class Ready:
    """The weights called `name` are on this machine, in `path`."""

    name: str
    path: str


@dataclass(frozen=True)
class FellBack:
    """Work goes on differently than asked for: `reason` in plain words."""

    reason: str


WeightsEvent = DownloadStarted | DownloadProgress | Converting | Ready | FellBack
Listener = Callable[[WeightsEvent], None]
