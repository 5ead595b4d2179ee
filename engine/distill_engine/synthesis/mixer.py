"""Mix up to four models, each in a blend slot with a weight, in sound or in latent space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.inference.kernels.vocos_kernel import KernelBackend
from distill_engine.synthesis.blend_slot import BlendSlot, BlendSlotState
from distill_engine.synthesis.blending import (
    Guest,
    MelGuest,
    VoiceHop,
    blend_latents,
    fading_guests,
    mel_shares,
    space_of,
)
from distill_engine.synthesis.hop_values import blend_weights, by_rules, hop_values, mixed_before_vocoder
from distill_engine.synthesis.marks.played_marks import PlayedMarks
from distill_engine.synthesis.parameters import ParameterBank
from distill_engine.synthesis.ramp import Ramp
from distill_engine.synthesis.sources.beat_clock import BeatClock
from distill_engine.synthesis.space.layout import NOTES
from distill_engine.synthesis.steering import HopValues
from distill_engine.synthesis.voices.heard import Heard
from distill_engine.synthesis.voices.note_voice import NoteVoice
from distill_engine.synthesis.voices.polyphony import Polyphony
from distill_engine.synthesis.voices.reports import Report
from distill_engine.synthesis.voices.together import VoiceHops, groups_of, render_together
from distill_engine.synthesis.voices.voice import Voice
from distill_engine.takes.take import FOLLOWED_SINCE, LED_SINCE, VERSION
from distill_engine.vocabulary.table import BLEND_SLOTS

Samples = Float64Array

VOICES_AT_ONCE = 2  # voices computed in parallel


def _guest(voice_hop: VoiceHop) -> Guest:
    """Return a guest's contribution to a hop, and store it in the guest's voice.

    The stored copy is used if the host is replaced.
    """
    guest = Guest(voice_hop.latent, voice_hop.gain, voice_hop.voice.instrument.trim)
    voice_hop.voice.guest_contributions = guest.frozen()[None]
    return guest


def _block(latents: Sequence[Samples]) -> Float32Array:
    """Return latents [D] of some hops as one array [D, n]."""
    return np.stack(latents, axis=1).astype(np.float32)


class _VoiceBlock:
    """The hops of one voice that are computed at once, from hop `first` of the block on.

    `number` is that of the object that the voice sounds as: its slot, or its note after the slots.
    """

    def __init__(self, voice: Voice, first: int, number: int) -> None:
        self.first, self.voice, self.number = first, voice, number
        self._latents: list[Samples] = []
        self._gains: list[Samples] = []
        self._ratios: list[float] = []
        self._guests: dict[int, tuple[Voice, list[Samples], list[float]]] = {}

    def add_guest(self, voice: Voice, latent: Samples, share: float) -> None:
        """Add one hop of a guest in the mel: its latent [D] and its share of the power."""
        _, latents, shares = self._guests.setdefault(id(voice), (voice, [], []))
        latents.append(latent)
        shares.append(share)

    def add(self, ratio: float, latent: Samples, gain: Samples) -> None:
        """Add one hop: its frequency ratio, latent [D], gain [hop]."""
        self._ratios.append(ratio)
        self._latents.append(latent)
        self._gains.append(gain)

    def hops(self, first_hop: int) -> VoiceHops:
        """Return the hops to render; `first_hop` is the number of the block's first."""
        guests = [
            MelGuest(voice, _block(latents), np.array(shares)) for voice, latents, shares in self._guests.values()
        ]
        return VoiceHops(self.voice, _block(self._latents), self._ratios, first_hop + self.first, guests)

    def weighted(self, samples: Float32Array) -> Samples:
        """Return the voice's samples [n * hop] times the gains."""
        return np.asarray(np.concatenate(self._gains) * samples.astype(np.float64))


class Mixer:
    """Sum the voices of all slots, and notes. Call `move` for each hop of a block, then `mix` once.

    With a `polyphony` keys play notes of their own, and the voice in slot 0 is silent meanwhile.
    `marks` steer the model in slot 0.
    """

    rules = VERSION
    """The version of takes by whose rules it plays."""

    def __init__(self, hop: int, voice: Voice, marks: PlayedMarks) -> None:
        self._hop, self._marks = hop, marks
        self.clock = BeatClock(voice.instrument.frame_rate)
        self.polyphony: Polyphony | None = None
        self._leaving: list[tuple[int, NoteVoice]] = []  # notes that fade, with their objects' numbers
        self.note_weight = Ramp(hop)  # that of slot 0
        self.slots = [BlendSlot(hop) for _ in range(BLEND_SLOTS)]
        self.slots[0].start(voice)
        self.heard = Heard()
        self._pool: ThreadPoolExecutor | None = None
        self._blocks: dict[int, _VoiceBlock] = {}
        self._moved = 0  # hops since the last mix

    @property
    def main(self) -> Voice:
        """The voice in slot 0."""
        return self.slots[0].voice

    @property
    def playing(self) -> list[Voice]:
        """The newest voice of each slot that is not empty, slot 0 first."""
        return [slot.voice for slot in self.slots if slot.voices]

    @property
    def note_voices(self) -> list[Voice]:
        """The voices of the notes, without those of the slots."""
        return [note.voice for note in self.polyphony.notes] if self.polyphony is not None else []

    @property
    def voices(self) -> int:
        """The number of voices that are computed. Guests do not count: their own vocoders rest."""
        notes = len(self.polyphony.sounding) if self.polyphony is not None else 0
        return notes + sum(not voice.guest for slot in self.slots for voice in slot.voices)

    @property
    def at_once(self) -> int:
        """How many of the voices in the slots are computed in parallel."""
        return 1 if any(isinstance(voice.vocoder, KernelBackend) for voice in self.playing) else VOICES_AT_ONCE

    @property
    def fading(self) -> bool:
        """Whether a swap is under way, or notes fade whose voices are gone."""
        notes = bool(self._leaving) or (self.polyphony is not None and self.polyphony.exchanging)
        return notes or any(slot.fading for slot in self.slots)

    def settle(self) -> None:
        """Complete all fades at once. For use while the output is silent."""
        self._leaving.clear()
        for slot in self.slots:
            slot.settle()
        if self.polyphony is not None:
            self.polyphony.settle()

    def play_notes_on(self, polyphony: Polyphony | None) -> None:
        """Play notes on other voices from the next hop on; those that sound fade in that hop."""
        if self.polyphony is not None and self.rules >= LED_SINCE:
            self._leaving += [(n, note) for n, note in enumerate(self.polyphony.notes, NOTES) if note.sounding]
        self.polyphony = polyphony

    def move(self, bank: ParameterBank, key: float | None, samples: Float32Array | None) -> None:
        """Advance all voices by one hop at the present parameter values.

        Guests advance with their host. `key` is the note that plays, None without one; `samples`
        [hop] is this hop of live input, mono, None without one.
        """
        values = self._marks.applied(hop_values(bank, self.clock, key), bank)
        values = by_rules(values, self.rules)
        weights = blend_weights(bank, [slot.level for slot in self.slots])
        mixed = any(slot.mixes(exact=self.rules >= FOLLOWED_SINCE) for slot in self.slots[1:])
        alone = mixed_before_vocoder(values) if mixed else values
        voice_hops = self._slot_hops(alone, weights, samples)
        guests = [_guest(voice_hop) for _, voice_hop in voice_hops if voice_hop.voice.latent_guest]
        in_mel = [voice_hop for _, voice_hop in voice_hops if voice_hop.voice.mel_guest]
        for slot, voice_hop in voice_hops:
            voice = voice_hop.voice
            if voice is self.main:
                self.heard.add(voice, voice_hop.latent)
            if voice is self.main and in_mel:
                self._add_mixed(voice_hop, in_mel)
            elif not voice.guest:
                its_guests = (
                    guests
                    if voice is self.main
                    else fading_guests(voice.guest_contributions, voice_hop.curve, len(voice_hop.gain))
                )
                blended = blend_latents(voice_hop.latent, voice_hop.gain, voice.instrument.trim, its_guests)
                self._add(slot, voice, voice_hop.ratio, *blended)
        self._move_notes(values, weights[:1], samples)
        self._moved += 1

    def _move_notes(self, values: HopValues, weight: Samples, samples: Float32Array | None) -> None:
        """Advance the notes by one hop; their `weight` [1] is that of slot 0."""
        notes = list(enumerate(self.polyphony.notes, NOTES)) if self.polyphony is not None else []
        if not notes and not self._leaving:
            if self.rules >= FOLLOWED_SINCE:
                self.note_weight.restore(float(weight[0]))  # a note begins at the weight of its hop
            return
        for _, note in self._leaving:
            note.end()
        weights = self.note_weight.process(weight)
        for number, note in (*notes, *self._leaving):
            if note.sounding:
                voice_hop = note.move(values, samples)
                self._add(number, voice_hop.voice, voice_hop.ratio, voice_hop.latent, weights * voice_hop.gain)
        self._leaving.clear()

    def _add(self, number: int, voice: Voice, ratio: float, latent: Samples, gain: Samples) -> None:
        self._blocks.setdefault(id(voice), _VoiceBlock(voice, self._moved, number)).add(ratio, latent, gain)

    def _add_mixed(self, host: VoiceHop, guests: Sequence[VoiceHop]) -> None:
        """Add one hop of slot 0's voice with the guests that are mixed into its mels."""
        shares, gain = mel_shares(host.gain, host.voice.instrument.trim, guests)
        self._add(0, host.voice, host.ratio, host.latent, gain)
        for guest, share in zip(guests, shares[1:], strict=True):
            self._blocks[id(host.voice)].add_guest(guest.voice, guest.latent, float(share))

    def _slot_hops(
        self, values: HopValues, weights: Samples, samples: Float32Array | None
    ) -> list[tuple[int, VoiceHop]]:
        """Advance the voices of the slots; return each with its slot.

        While notes play, slot 0 fades in a hop and rests.
        """
        names = self.main.instrument.control_names
        silenced = self.polyphony is not None and values.key is not None
        voice_hops: list[tuple[int, VoiceHop]] = []
        for index, (slot, weight) in enumerate(zip(self.slots, weights, strict=True)):
            if index == 0 and silenced:
                weight = 0.0
                if slot.weight == 0.0:
                    slot.settle()
                    continue
            if slot.voices:
                voice_hops += [(index, one) for one in slot.move(values, names, samples, float(weight))]
        return voice_hops

    def detach_guests(self, hops: int, stays: Callable[[Voice], bool]) -> None:
        """Detach the guests of slot 0 but those that may stay, over `hops` hops.

        Each guest continues on its own networks. The host keeps the last contributions [n, 2 + D]
        of those in latents and fades them out with itself.
        """
        guests = [voice for slot in self.slots[1:] for voice in slot.voices if voice.latent_guest and not stays(voice)]
        if guests:
            self.main.guest_contributions = np.concatenate([voice.guest_contributions for voice in guests])
        for slot in self.slots[1:]:
            slot.detach_guests(lambda voice: bool(voice.guest) and not stays(voice), hops)

    @property
    def space(self) -> int:
        """How the slots are blended, as an index into the vocabulary's `BLEND_SPACES`."""
        return space_of(slot.voice.guest or "sound" for slot in self.slots[1:] if slot.stays)

    def mix(self, hop: int, report: Callable[[Report], None]) -> Samples:
        """Return the sound of slots and notes [k, n * hop] of the hops moved, up to the last used.

        `hop` is the number of the first of them. Two or more voices are computed in parallel, but
        for those of the native kernel: the networks release Python's global lock. Models that are
        blended in latents sound as slot 0.
        """
        blocks = list(self._blocks.values())
        parts = self._rendered([block.hops(hop) for block in blocks], report)
        used = 1 + max((block.number for block in blocks), default=0)
        sound = np.zeros((used, self._moved * self._hop))
        for block, part in zip(blocks, parts, strict=True):
            start = block.first * self._hop
            sound[block.number, start : start + len(part)] += block.weighted(part)
        for guest in (voice for slot in self.slots[1:] for voice in slot.voices if voice.guest):
            guest.report_notes(hop, report)
        self._blocks, self._moved = {}, 0
        for slot in self.slots:
            slot.drop_finished()
        return sound

    def _rendered(self, hops: list[VoiceHops], report: Callable[[Report], None]) -> list[Float32Array]:
        """Return the samples of each voice's hops, computed by as many threads as pay."""
        groups = groups_of([one.voice for one in hops], VOICES_AT_ONCE)
        if len(groups) > 1 and self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=VOICES_AT_ONCE, thread_name_prefix="voice")
        run = map if len(groups) < 2 or self._pool is None else self._pool.map
        found = dict[int, Float32Array]()
        jobs = run(lambda group: render_together([hops[index] for index in group], report), groups)
        for group, parts in zip(groups, jobs, strict=True):
            found.update(zip(group, parts, strict=True))
        return [found[index] for index in range(len(hops))]

    def state(self) -> dict[str, BlendSlotState]:
        """Return the states of the slots that are not empty, by slot number as text."""
        return {str(index): slot.state() for index, slot in enumerate(self.slots) if slot.voices}

    def restore(self, state: Mapping[str, BlendSlotState], seed: int, *, networks: bool) -> None:
        """Continue from a `state` that has the same instruments in the same slots."""
        for index, slot in enumerate(self.slots):
            if str(index) in state and slot.voices:
                slot.restore(state[str(index)], seed, networks=networks)
