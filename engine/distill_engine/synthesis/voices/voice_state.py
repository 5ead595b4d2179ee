"""The state of a voice, as named arrays."""

from __future__ import annotations

from dataclasses import dataclass

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.synthesis.pitch.transposer import TransposerState
from distill_engine.synthesis.sources.source_bank import SourceBankState
from distill_engine.synthesis.steering import SteeringState


@dataclass(frozen=True)
class VoiceState:
    """Everything that a voice's sound depends on.

    `guest_contributions` [n, 2 + D]: see `Voice`. `decoder` and `vocoder` are the networks' states
    by name. `delayed` [delay] are the samples in the delay line. `from_place` [hops] are semitones
    from places to keys that have not left the vocoder. `mel_guest`: see `Voice`. `levels` [n]: see
    `LevelLine`.
    """

    last_sample: float
    recovering: bool
    latent_guest: bool
    guest_contributions: Float64Array
    sources: SourceBankState
    steering: SteeringState
    decoder: dict[str, Float32Array]
    vocoder: dict[str, Float32Array]
    delayed: Float32Array
    transposer: TransposerState | None = None
    from_place: Float64Array | None = None
    mel_guest: bool | None = None
    levels: Float64Array | None = None
