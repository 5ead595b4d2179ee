"""The `input` source of a model with a skeleton: its own sound, or stretches that follow it.

Latency: the window of a mel frame ends with the newest sample, so its middle is heard 1.5 hops
after the sound, plus the vocoder's delay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.stretches.path import ATTACK_GAP, CONTEXT_HOPS, RISE_NATS
from distill_engine.analysis.stretches.skeleton import HEARD_NATS, SILENT_LEVEL, Skeleton, frame_levels
from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.audio.levels import db_to_gain
from distill_engine.audio.live_samples import bounded
from distill_engine.audio.mel import StreamingMel
from distill_engine.audio.mel_config import DEFAULT_MEL, MelConfig
from distill_engine.state import StateDict, from_arrays, to_arrays
from distill_engine.synthesis.sources.input_player import InputPlayer
from distill_engine.synthesis.sources.latent_sources import Latent, SourceSettings

PEAK_FALL = 0.02  # nats a hop (15 dB a second) that the remembered peak falls


@dataclass(frozen=True)
class SkeletonInputState:
    """The state of a `SkeletonInput`.

    `pending` [n] samples of an unfinished mel frame (`started`: it is not the first one); the
    latents [D] `heard` and `played` last; the last `levels` [4] and their `peak` in nats; `since`
    hops since an onset; whether stretches were `following` the input; their `player`; the `gain`.
    """

    pending: Float32Array
    started: bool
    heard: Latent
    played: Latent
    levels: Float64Array
    peak: float
    since: int
    following: bool
    player: dict[str, npt.NDArray[np.generic]]
    gain: float | None = None


class SkeletonInput:
    """Encode one hop of sound per call. A missing hop counts as silence.

    `own` 0 plays the input's own latents, 1 those of stretches of the corpus, between them both.
    `gain` is what the sound of the last hop needs behind the vocoder, in nats.

    Args:
        rest: latent [D] of silence.
        player: of stretches; None where the model has no path, `own` is 0 then.
        trim: gain that the voice puts on all that it plays. It is taken off here, because it brings
            the model's own sounds to a level: an input has its own.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        rest: Latent,
        player: InputPlayer | None,
        mel: MelConfig = DEFAULT_MEL,
        trim: float = 1.0,
    ) -> None:
        self._skeleton, self._rest, self._player, self._config = skeleton, rest, player, mel
        self._untrimmed = -math.log(trim)
        self.restart()

    def restart(self) -> None:
        self._mel = StreamingMel(self._config)
        silence = np.zeros(self._config.n_fft - self._config.hop, np.float32)  # the first hop completes a frame
        self._mel.restore(silence, started=True)
        self._heard = self._played = self._rest
        self._levels: Float64Array = np.full(CONTEXT_HOPS, SILENT_LEVEL)
        self._peak = SILENT_LEVEL
        self._since, self._following, self.gain = ATTACK_GAP, False, 0.0
        if self._player is not None:
            self._player.restart()

    def hear_on(self, other: SkeletonInput) -> None:
        """Hear on where another input of the model is: to begin with silence would be heard."""
        pending, started = other._mel.state()
        self._mel.restore(pending, started)
        self._heard, self._played = other._heard, other._played
        self._levels, self._peak, self._since = other._levels, other._peak, other._since

    def next(self, settings: SourceSettings, samples: Float32Array | None) -> tuple[Latent, int]:
        if settings.freeze:
            return self._played, 0
        x = np.zeros(self._config.hop, np.float32) if samples is None else samples
        mel = self._mel.push(bounded(x) * np.float32(db_to_gain(settings.input_gain_db)))
        onset = False
        for index in range(mel.shape[1]):
            onset = self._hear(mel[:, index : index + 1]) or onset
        heard = self._heard + self._untrimmed * self._skeleton.louder
        self._played = heard if self._player is None else self._followed(self._player, heard, settings, onset)
        return self._played, 0

    def _hear(self, mel: Float32Array) -> bool:
        """Take a frame [bands, 1]; return whether a sound begins with it."""
        self._heard = self._skeleton.encode(mel)[:, 0]
        level = float(frame_levels(mel)[0])
        self._peak, self._since = max(level, self._peak - PEAK_FALL), self._since + 1
        rises = level - float(self._levels.min()) > RISE_NATS
        onset = rises and level > max(self._peak - HEARD_NATS, SILENT_LEVEL) and self._since >= ATTACK_GAP
        if onset:
            self._since = 0
        self._levels = np.append(self._levels[1:], level)
        return onset

    def _followed(self, player: InputPlayer, heard: Latent, settings: SourceSettings, onset: bool) -> Latent:
        """Return the latent [D] of this hop, of stretches and what is `heard` [D]."""
        if settings.own <= 0.0:
            self._following, self.gain = False, 0.0
            return heard
        strike, self._following = onset or not self._following, True
        played = player.next(self._heard, heard, float(self._levels[-1]) + self._untrimmed, settings, strike=strike)
        self.gain = player.gain
        return played

    def state(self) -> StateDict:
        pending, started = self._mel.state()
        return to_arrays(
            SkeletonInputState(
                pending,
                started,
                self._heard,
                self._played,
                self._levels,
                self._peak,
                self._since,
                self._following,
                self._player.state() if self._player is not None else {},
                self.gain or None,
            )
        )

    def restore(self, state: StateDict) -> None:
        self.restart()
        if "levels" not in state:  # of an encoder network: what was heard so far is lost
            return
        read = from_arrays(SkeletonInputState, state)
        self._mel.restore(read.pending.astype(np.float32), read.started)
        self._heard, self._played = (latent.astype(np.float64) for latent in (read.heard, read.played))
        self._levels, self._peak = read.levels.astype(np.float64), read.peak
        self._since, self._following, self.gain = read.since, read.following, read.gain or 0.0
        if self._player is not None and read.player:
            self._player.restore(read.player)
