"""One budget of computing time for blend slots and notes, measured before they play."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import VocoderError
from distill_engine.live.capacity.realtime_check import COMFORTABLE_FACTOR, LIMIT_FACTOR
from distill_engine.live.scheduling import quantile
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.synth import Synth

MEASURED_HOPS, LEAST_BLOCKS, WARM_HOPS = 24, 8, 6  # hops that are timed, in at least so many blocks, and those before
FIRST_KEY, KEYS_APART = 52, 3  # MIDI note numbers of the chord that is timed
_LEVEL = 0.1  # of the noise that stands for live input and networks

Loads = Mapping[int, tuple[Instrument, float]]
"""Instruments by blend slot, with the real-time factors of their networks (see `Fit`)."""


@dataclass(frozen=True)
class Budget:
    """What plays, and the shares of real time that it takes: below 1 it keeps up.

    Slots with a vocoder of their own and notes share one budget. While notes sound, slot 0 rests.
    Each change returns a new budget, or raises VocoderError where what plays then is too much.

    Attributes:
        voices: notes that may sound at once.
        note: share of one hop of the vocoder for one note, with all that a note needs besides.
        rest: share of source, output stage and space of one slot; 0 while one model plays alone.
    """

    synth: Synth
    slots: Loads
    voices: int = 1
    note: float = 0.0
    rest: float = 0.0

    def with_slot(self, slot: int, instrument: Instrument, factor: float) -> Budget:
        """Return the budget with an instrument in a slot; `factor` is that of its networks.

        Models blended in latents cost nothing; one in the mel costs a vocoder once a key plays.
        """
        changed = replace(self, slots={**self.slots, slot: (instrument, factor)})
        if slot == 0 and self.voices > 1:
            changed = replace(changed, note=note_share(instrument, self.voices, self.synth))
        return changed._measured(instrument)._checked(instrument.name, slot)

    def without_slot(self, slot: int) -> Budget:
        """Return the budget with a slot emptied."""
        return replace(self, slots={other: load for other, load in self.slots.items() if other != slot})

    def with_voices(self, voices: int) -> Budget:
        """Return the budget for so many notes at once of the instrument in slot 0."""
        if voices == 1:
            return replace(self, voices=1, note=0.0)
        instrument, _ = self.slots[0]
        changed = replace(self, voices=voices, note=note_share(instrument, voices, self.synth))
        return changed._measured(instrument)._checked(f"{voices} voices of {instrument.name}", 0)

    @property
    def hops(self) -> float:
        """How many hops of the vocoder the notes may take a hop; 1 with one voice."""
        return 1.0 if self.voices == 1 else (COMFORTABLE_FACTOR - self._beside_notes) / self.note

    # -- inside --------------------------------------------------------------------------------------------------------

    @property
    def _factors(self) -> list[float]:
        """The factors of the models that have vocoders of their own, but for slot 0."""
        host, _ = self.slots[0]
        return [load for slot, (there, load) in self.slots.items() if slot and there.blended_in(host) != "latents"]

    @property
    def _beside_notes(self) -> float:
        """The share of all slots but the first, while notes sound."""
        return self._share(self._factors, len(self._factors) + self.voices)

    def _share(self, factors: list[float], parts: int) -> float:
        """Return the share of slots by their factors, where `parts` can be computed in parallel."""
        workers = min(parts, os.cpu_count() or 1, self.synth.voices_at_once)
        return len(factors) * self.rest + sum(factors) / workers

    def _measured(self, instrument: Instrument) -> Budget:
        return replace(self, rest=rest_share(instrument, self.synth)) if self._factors else self

    def _checked(self, what: str, slot: int) -> Budget:
        """Return the budget itself. Raises VocoderError where it is too little for what plays."""
        together = [self.slots[0][1], *self._factors]
        share = self._share(together, len(together))
        if len(together) > 1 and share >= LIMIT_FACTOR:
            raise self._too_much(what, slot, share, LIMIT_FACTOR)
        if self.voices > 1 and self.voices > self.hops:
            share = self._beside_notes + self.voices * self.note
            raise self._too_much(what, slot, share, COMFORTABLE_FACTOR)
        return self

    def _too_much(self, what: str, slot: int, share: float, limit: float) -> VocoderError:
        ways = []
        if limit == COMFORTABLE_FACTOR:
            most = int(max(self.hops, 0.0))
            ways.append(f"give at most {most} voices" if most > 1 else "play one note at a time")
        if any(other not in (0, slot) for other in self.slots):
            ways.append("empty a slot (/distill/blend/model)")
        ways.append("choose a cheaper vocoder")
        return VocoderError(
            f"{what} would be too much here: with all that plays, a second of sound takes {share:.2f} s, and at most "
            f"{limit:.2f} s is safe; {' or '.join(ways)}"
        )


def note_share(instrument: Instrument, voices: int, synth: Synth) -> float:
    """Return the share of real time of a hop of the vocoder, for so many notes at once.

    It plays them, apart from what sounds, as `synth` would.
    """
    trial = _beside(instrument, synth)
    trial.keys.set_voices(voices)
    for number in range(voices):
        trial.note(FIRST_KEY + KEYS_APART * number, 100)
    share = _hop_share(trial)
    return share / trial.keys.cost


def rest_share(instrument: Instrument, synth: Synth) -> float:
    """Return the share of real time of a hop as `synth` would play it, without the networks."""
    bands = instrument.mel.bands
    decoder, vocoder = partial(_Noise, instrument.latent_dim, bands, 1), partial(_Noise, bands, 1, instrument.hop)
    bare = replace(instrument, decoder=decoder, vocoder_stream=vocoder, notes=[])
    vars(bare)["prior"] = instrument.prior  # making another one takes long
    return _hop_share(_beside(bare, synth))


class _Noise:
    """A network that takes no time: noise [C_out, n * rate] for each block [C_in, n]."""

    def __init__(self, channels_in: int, channels_out: int, rate: int) -> None:
        self.channels_in, self.channels_out, self._rate = channels_in, channels_out, rate
        self._made: dict[int, Float32Array] = {}  # by frames

    def step(self, x: Float32Array) -> Float32Array:
        frames = x.shape[1] * self._rate
        if frames not in self._made:
            self._made[frames] = _noise(self.channels_out, frames)
        return self._made[frames]

    def reset(self) -> None:
        """Do nothing: there is no state."""

    def snapshot(self) -> dict[str, np.ndarray]:
        return {}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Do nothing: there is no state."""


def _noise(*shape: int) -> Float32Array:
    return (_LEVEL * np.random.default_rng(0).standard_normal(shape)).astype(np.float32)


def _beside(instrument: Instrument, synth: Synth) -> Synth:
    """Return a synth for an instrument with the block, source, space and parameters of another."""
    source = synth.source if synth.source in instrument.source_names else instrument.default_source
    trial = Synth(instrument, seed=1, block=synth.block, source=source, layout=synth.output.space.layout)
    trial.parameters.restore(synth.parameters.state())
    trial.set("/distill/blend/0", 1.0)  # silence would cost less
    trial.set_space(synth.output.space.kind)
    return trial


def _hop_share(trial: Synth) -> float:
    """Return the computing time of a block, divided by the length of its sound.

    Takes the lower quartile, because other programs may be busy.
    """
    block = trial.block
    heard, times = _noise(block * trial.hop), []
    trial.render(WARM_HOPS)
    for _ in range(max(LEAST_BLOCKS, MEASURED_HOPS // block)):
        began = time.perf_counter()
        trial.render(block, heard)
        times.append(time.perf_counter() - began)
    return quantile(sorted(times), 0.25) * trial.frame_rate / block
