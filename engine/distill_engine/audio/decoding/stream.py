"""A sound file that is open: what its header says, and its samples block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from distill_engine.audio.arrays import Float32Array


@dataclass
class SoundStream:
    """An open file; `blocks` gives samples [n, ch], `notes` grows while they are read.

    `format` and `encoding` are the decoder's names, `sample_rate` is in Hz, `frames` is what the
    header says (0 if nothing).
    """

    format: str
    encoding: str
    sample_rate: int
    channels: int
    frames: int
    blocks: Iterator[Float32Array]
    notes: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    close: Callable[[], object] = lambda: None
