"""The `input` source of a model of version 1: live sound is encoded and played through it.

This is timbre transfer. Latency: a mel frame is complete 2.5 hops after its start. A latent waits
for its `reduction` frames, and the interpolation between two latents for the second one. Together
these are ceil(1.5 reduction + 1) hops: 7 hops (81 ms) at a reduction of 4, plus the vocoder's
delay.
"""

from __future__ import annotations

import math

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.audio.levels import db_to_gain
from distill_engine.audio.live_samples import bounded
from distill_engine.audio.mel import StreamingMel
from distill_engine.audio.mel_config import DEFAULT_MEL, MelConfig
from distill_engine.errors import VocoderError, short_message
from distill_engine.inference.step_backend import StepBackend
from distill_engine.state import StateDict, from_arrays, to_arrays
from distill_engine.synthesis.sources.latent_sources import Latent, SourceSettings
from distill_engine.synthesis.sources.live_input_state import LiveInputState, unpack_state


def network_delay_hops(reduction: int) -> int:
    """Return the hops from a sound to the latent that plays it, with `reduction` frames a latent.

    >>> network_delay_hops(4)
    7
    """
    return math.ceil(1.5 * reduction + 1)


class EncoderFailed(Exception):
    """The encoder gave no valid latent at this hop; the message says why.

    It is raised once, even if the encoder keeps failing, until it has worked again.
    """


class InputSource:
    """Encode one hop of sound per call. A missing hop counts as silence.

    While the encoder fails, the last latent is repeated.

    Args:
        encoder: streaming network, mel [bands, reduction] -> latent [D, 1]; owned by this source.
        reduction: mel frames per latent.
        rest: latent [D] before the first sound.
    """

    def __init__(self, encoder: StepBackend, reduction: int, rest: Latent, mel: MelConfig = DEFAULT_MEL) -> None:
        self._encoder, self._reduction, self._config = encoder, reduction, mel
        self._rest = rest
        self._failing = False
        self._failure: str | None = None
        self.restart()

    def restart(self) -> None:
        self._encoder.reset()
        self._mel = StreamingMel(self._config)
        self._frames = np.zeros((self._config.bands, 0), np.float32)
        self._history: list[Latent] = []
        self._made = 0  # latents so far; `_history` holds the last ones
        self._hop = 0

    def _push(self, samples: Float32Array) -> None:
        self._frames = np.concatenate([self._frames, self._mel.push(samples)], axis=1)
        while self._frames.shape[1] >= self._reduction:
            block, self._frames = self._frames[:, : self._reduction], self._frames[:, self._reduction :]
            self._history = [*self._history, self._encoded(block)][-4:]
            self._made += 1

    def _encoded(self, block: Float32Array) -> Latent:
        """Return the latent [D] of mel frames [bands, reduction]; the last one on failure."""
        try:
            latent = self._encoder.step(np.ascontiguousarray(block))[:, 0].astype(np.float64)
            if np.isfinite(latent).all():
                self._failing = False
                return latent
            failure = "it gave NaN or infinity"
            self._encoder.reset()
        except (VocoderError, RuntimeError) as error:
            failure = short_message(error)
        if not self._failing:
            self._failing, self._failure = True, failure
        return self._latent(self._made)

    def _latent(self, index: int) -> Latent:
        """Return latent [D] number `index`, or the nearest kept one; the rest before the first."""
        if not self._history:
            return self._rest
        first = self._made - len(self._history)
        return self._history[min(max(index - first, 0), len(self._history) - 1)]

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, int]:
        x = np.zeros(self._config.hop, np.float32) if samples is None else samples
        gain = np.float32(db_to_gain(settings.input_gain_db))
        if settings.freeze:
            return self._current(), 0
        self._push(bounded(x) * gain)
        latent = self._current()
        self._hop += 1
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise EncoderFailed(failure)
        return latent, 0

    def _current(self) -> Latent:
        frame = self._hop - network_delay_hops(self._reduction)
        at = max(0.0, (frame - (self._reduction - 1) / 2) / self._reduction)
        left = math.floor(at)
        weight = at - left
        return self._latent(left) * (1.0 - weight) + self._latent(left + 1) * weight

    def state(self) -> StateDict:
        pending, started = self._mel.state()
        state = LiveInputState(
            hop=self._hop,
            made=self._made,
            pending=pending,
            started=started,
            frames=self._frames.copy(),
            history=tuple(latent.copy() for latent in self._history),
            encoder=self._encoder.snapshot(),
        )
        return to_arrays(state)

    def restore(self, state: StateDict) -> None:
        if "packed" in state:
            read = unpack_state(state["packed"], self._config.bands, len(self._rest), self._encoder.snapshot())
        else:
            read = from_arrays(LiveInputState, state)
        self._hop, self._made = read.hop, read.made
        self._mel = StreamingMel(self._config)
        self._mel.restore(read.pending.astype(np.float32), read.started)
        self._frames = read.frames.astype(np.float32).reshape(self._config.bands, -1)
        self._history = [latent.astype(np.float64).reshape(len(self._rest)) for latent in read.history]
        self._encoder.restore(read.encoder)
