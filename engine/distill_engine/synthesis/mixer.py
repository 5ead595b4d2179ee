"""The slots of a synth: up to four models that sound together, each with its weight, in sound or in latent space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.synthesis.blend_slot import BlendSlot, BlendSlotState
from distill_engine.synthesis.blending import Guest, VoiceHop, blend_latents, fading_guests, space_of
from distill_engine.synthesis.hop_values import blend_weights, hop_values
from distill_engine.synthesis.parameters import ParameterBank
from distill_engine.synthesis.voice import Report, Voice
from distill_engine.vocabulary.table import BLEND_SLOTS

Samples = Float64Array

VOICES_AT_ONCE = 2  # computed side by side


def _guest(moved: VoiceHop) -> Guest:
    """A guest's part of a hop; its voice keeps it in mind, should the host be given up."""
    guest = Guest(moved.latent, moved.gain, moved.voice.instrument.trim)
    moved.voice.guest_contributions = guest.frozen()[None]
    return guest


class _Passage:
    """The hops of one voice that are to be computed at once."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._latents: list[Samples] = []
        self._gains: list[Samples] = []

    def add(self, latent: Samples, gain: Samples) -> None:
        """One hop more: latent [D], gain [hop]."""
        self._latents.append(latent)
        self._gains.append(gain)

    def job(self, hop: int, report: Callable[[Report], None]) -> Callable[[], Samples]:
        """Makes the weighted samples [n * hop] from hop `hop` on. Jobs of several voices may run side by side."""
        block = np.stack(self._latents, axis=1).astype(np.float32)

        def work() -> Samples:
            weighted: Samples = np.concatenate(self._gains) * self._voice.render(block, hop, report).astype(np.float64)
            return weighted

        return work


class Mixer:
    """Sums the voices of all slots. `move` is called for each hop of a block, then `mix` once."""

    def __init__(self, hop: int, voice: Voice) -> None:
        self.slots = [BlendSlot(hop) for _ in range(BLEND_SLOTS)]
        self.slots[0].start(voice)
        self._pool: ThreadPoolExecutor | None = None
        self._block: dict[int, _Passage] = {}

    @property
    def main(self) -> Voice:
        """The voice at the first slot."""
        return self.slots[0].voice

    @property
    def playing(self) -> list[Voice]:
        """The newest voice of each slot that is not empty, the first slot first."""
        return [slot.voice for slot in self.slots if slot.voices]

    @property
    def voices(self) -> int:
        """How many voices are computed: guests sound through their host's networks."""
        return sum(not voice.latent_guest for slot in self.slots for voice in slot.voices)

    @property
    def fading(self) -> bool:
        """Whether a swap is under way."""
        return any(slot.fading for slot in self.slots)

    def settle(self) -> None:
        """Ends every fade at once: for when nothing can be heard."""
        for slot in self.slots:
            slot.settle()

    def move(self, bank: ParameterBank, samples: Float32Array | None) -> None:
        """One hop: each voice's latent and weight at the parameters' present values, guests with their host."""
        values = hop_values(bank)
        weights = blend_weights(bank, [slot.level for slot in self.slots])
        names = self.main.instrument.control_names
        moved = [
            one
            for slot, weight in zip(self.slots, weights, strict=True)
            if slot.voices
            for one in slot.move(values, names, samples, float(weight))
        ]
        guests = [_guest(one) for one in moved if one.voice.latent_guest]
        for one in moved:
            if not one.voice.latent_guest:
                with_it = (
                    guests
                    if one.voice is self.main
                    else fading_guests(one.voice.guest_contributions, one.curve, len(one.gain))
                )
                passage = self._block.setdefault(id(one.voice), _Passage(one.voice))
                passage.add(*blend_latents(one.latent, one.gain, one.voice.instrument.trim, with_it))

    def dismiss_guests(self, hops: int) -> None:
        """The first slot is about to be another model's: its guests go on in sound, and fade out of it as they were last."""
        guests = [voice for slot in self.slots[1:] for voice in slot.voices if voice.latent_guest]
        if guests:
            self.main.guest_contributions = np.concatenate([voice.guest_contributions for voice in guests])
            for slot in self.slots[1:]:
                slot.dismiss(hops)

    @property
    def space(self) -> int:
        """How the slots are blended, as an index of the vocabulary's `BLEND_SPACES`."""
        return space_of(slot.voice.latent_guest for slot in self.slots[1:] if slot.stays)

    def mix(self, hop: int, report: Callable[[Report], None]) -> Samples:
        """The sound of the hops moved, from `hop` on. Two or more voices are computed side by side: networks leave Python alone."""
        jobs = [passage.job(hop, report) for passage in self._block.values()]
        self._block = {}
        if len(jobs) == 1:
            total = jobs[0]()
        else:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(max_workers=VOICES_AT_ONCE, thread_name_prefix="voice")
            total = np.sum(list(self._pool.map(lambda job: job(), jobs)), axis=0)
        for slot in self.slots:
            slot.drop_finished()
        return total

    def state(self) -> dict[str, BlendSlotState]:
        """Return the states of the slots that are not empty, by their numbers as text."""
        return {str(index): slot.state() for index, slot in enumerate(self.slots) if slot.voices}

    def restore(self, state: Mapping[str, BlendSlotState], seed: int, *, networks: bool) -> None:
        """Go on from a `state` with the same instruments in the same slots."""
        for index, slot in enumerate(self.slots):
            if str(index) in state and slot.voices:
                slot.restore(state[str(index)], seed, networks=networks)
