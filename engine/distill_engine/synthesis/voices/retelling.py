"""Change what a vocoder remembers of the mel, so that a jump of the controls is no attack to it.

`vocos` reads attacks off the rise of the mel over three frames (see `onset_detection`). A control
that moves at once raises the mel within one frame, as no recording does: the sound dipped by 12 dB
for 10 ms. What it remembers of before moves with the control.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.audio.arrays import Float32Array
from distill_engine.inference.step_backend import StepBackend
from distill_engine.synthesis.sources.latent_sources import Latent
from distill_engine.vocoders.vocos.part_tables import NO_FRAME

MOST_HOPS = 64  # of a block
PAST = "past"
"""Name of the state that holds the last frames [1, bands, frames]; only `vocos` has it."""


class Retelling:
    """The moves of the controls in the hops that one voice was asked for and has not rendered.

    Without a `skeleton`, of a model of version 1, nothing is retold.
    """

    def __init__(self, skeleton: Skeleton | None) -> None:
        self._skeleton = skeleton
        self._moves: deque[Latent | None] = deque(maxlen=MOST_HOPS)
        self._changes: list[tuple[int, Float32Array]] = []  # hop of the block, change [bands] of what was before

    def ask(self, move: Latent | None) -> None:
        """Add a hop in which the controls moved the latent by `move` [D]; None if they did not."""
        self._moves.append(move)

    def begin(self, hops: int, *, straight: bool) -> None:
        """Begin a block of the last `hops`; one that is transposed, not `straight`, stays."""
        moves = list(self._moves)[-hops:]
        self._moves.clear()
        self._changes = []
        if straight and self._skeleton is not None:
            self._changes = [(hop, self._skeleton.change(move)) for hop, move in enumerate(moves) if move is not None]

    @property
    def waits(self) -> bool:
        """Whether controls moved in the block, so that `vocode` acts on it."""
        return bool(self._changes)

    def vocode(self, vocoder: StepBackend, mels: Float32Array) -> Float32Array:
        """Return the samples [m * hop length] of the block's mels [bands, m]."""
        parts, done = [np.zeros(0, np.float32)], 0
        for hop, change in self._changes:
            if hop > done:
                parts.append(vocoder.step(mels[:, done:hop])[0].copy())
            _retell(vocoder, change)
            done = hop
        self._changes = []
        if mels.shape[1] > done:
            parts.append(vocoder.step(mels[:, done:])[0])
        return parts[1] if len(parts) == 2 else np.concatenate(parts)


def _retell(vocoder: StepBackend, change: Float32Array) -> None:
    """Move the frames that a vocoder remembers by `change` [bands], in nats."""
    state = vocoder.snapshot()
    past = state.get(PAST)
    if past is not None and past.shape[:2] == (1, len(change)):
        state[PAST] = np.where(past < NO_FRAME, past + change[None, :, None], past).astype(np.float32)
        vocoder.restore(state)
