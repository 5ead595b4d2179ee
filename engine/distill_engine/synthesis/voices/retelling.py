"""Change what a vocoder remembers of the mel, at a jump of the controls and at an attack.

`vocos` reads attacks off the rise of the mel over three frames (see `onset_detection`). A control
that moves at once raises the mel within one frame, as no recording does: the sound dipped by 12 dB
for 10 ms. What it remembers of before moves with the control.

A mel's window looks ahead, so that an attack shows before it comes. A leap to one left that out:
the sound began a hop late and was cut in. What the vocoder remembers is what the corpus has before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from distill_engine.analysis.stretches.skeleton import FLOOR, Skeleton
from distill_engine.audio.arrays import Float32Array
from distill_engine.inference.step_backend import StepBackend
from distill_engine.synthesis.sources.latent_sources import Latent
from distill_engine.vocoders.vocos.part_tables import NO_FRAME

MOST_HOPS = 64  # of a block
PAST = "past"
"""Name of the state that holds the last frames [1, bands, frames]; only `vocos` has it."""

Change = Callable[[Float32Array], Float32Array]
"""Returns what a vocoder is to remember [1, bands, frames] for what it remembers."""


class Retelling:
    """Moves of the controls, and attacks, in the hops that a voice has not rendered yet.

    Without a `skeleton`, of a model of version 1, nothing is retold.
    """

    def __init__(self, skeleton: Skeleton | None) -> None:
        self._skeleton = skeleton
        self._asked: deque[tuple[Latent | None, Latent | None]] = deque(maxlen=MOST_HOPS)
        self._attacks: dict[int, Float32Array] = {}  # mel [bands, n] before each attack, by hop of the block
        self._moves: dict[int, Latent] = {}
        self._due: list[tuple[int, Change]] = []  # hop of the vocoder

    def ask(self, move: Latent | None, before: Latent | None = None) -> None:
        """Add a hop.

        In it the controls moved the latent by `move` [D], None if they did not. An attack begins
        after the latents `before` [D, n] of the corpus, None if none begins.
        """
        self._asked.append((move, before))

    def begin(self, hops: int) -> dict[int, Float32Array]:
        """Begin a block of the last `hops`; return the mel [bands, 1] before attacks, by hop."""
        asked = list(self._asked)[-hops:]
        self._asked.clear()
        self._attacks, self._moves = {}, {}
        if self._skeleton is None:
            return {}
        ceiling = np.maximum(self._skeleton.ceiling, FLOOR)[:, None]
        for hop, (move, before) in enumerate(asked):
            if before is not None and before.shape[1]:
                self._attacks[hop] = np.clip(self._skeleton.decode(before), FLOOR, ceiling).astype(np.float32)
            elif move is not None:
                self._moves[hop] = move
        return {hop: mel[:, -1:] for hop, mel in self._attacks.items()}

    def settle(self, starts: Sequence[int], *, straight: bool) -> None:
        """Settle at which of the vocoder's hops each hop begins: `starts` [n].

        In a block that is transposed, not `straight`, the controls' moves change nothing.
        """
        self._due = []
        for hop, start in enumerate(starts):
            if hop in self._attacks:
                self._due.append((start, partial(_replaced, self._attacks[hop])))
            elif straight and self._skeleton is not None and hop in self._moves:
                self._due.append((start, partial(_moved, self._skeleton.change(self._moves[hop]))))

    @property
    def waits(self) -> bool:
        """Whether the block changes what a vocoder remembers, so that `vocode` acts on it."""
        return bool(self._due)

    def vocode(self, vocoder: StepBackend, mels: Float32Array) -> Float32Array:
        """Return the samples [m * hop length] of the block's mels [bands, m]."""
        parts, done = [np.zeros(0, np.float32)], 0
        for hop, change in self._due:
            if hop > done:
                parts.append(vocoder.step(mels[:, done:hop])[0].copy())
            _retell(vocoder, change)
            done = hop
        self._due = []
        if mels.shape[1] > done:
            parts.append(vocoder.step(mels[:, done:])[0])
        return parts[1] if len(parts) == 2 else np.concatenate(parts)


def _moved(change: Float32Array, past: Float32Array) -> Float32Array:
    """Return what is remembered [1, bands, n], moved by `change` [bands] nats."""
    if past.shape[:2] != (1, len(change)):
        return past
    return np.asarray(np.where(past < NO_FRAME, past + change[None, :, None], past), np.float32)


def _replaced(mel: Float32Array, past: Float32Array) -> Float32Array:
    """Return the last frames of a mel [bands, m] in place of what is remembered [1, bands, n].

    Where it has too few, `past` stays: an older file's path lacks the silence before a clip.
    """
    last = mel[None, :, -past.shape[2] :]
    return last if last.shape == past.shape else past


def _retell(vocoder: StepBackend, change: Change) -> None:
    """Change the frames that a vocoder remembers."""
    state = vocoder.snapshot()
    if (past := state.get(PAST)) is not None:
        state[PAST] = change(past)
        vocoder.restore(state)
