"""The synth: parameters, sources, decoder, vocoder, output stage, for live playing and renders.

    synth = Synth(prepare_instrument(path), seed=1)
    synth.apply(index_of("/distill/gain"), -6.0, 0.5)
    block = synth.render(4)            # float32 [2, 4 * 512]

Gain, width, gate, space, play, stop and panic act at the next tick that is put out (128 samples),
all else at the next hop that is computed (512). `render` computes hops and puts them out at once.
Live, `loop.compute` runs ahead of `loop.put_out`. The samples do not depend on how the hops are
divided into calls: bit for bit for one voice with `vocos` in its native kernel, else nearly (see
decision 0046), and bit for bit for equal divisions. Up to four models play at once, each in a
blend slot, mixed by `/distill/blend/<slot>`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import ControlError
from distill_engine.state import to_arrays
from distill_engine.synthesis.code_sequences.editing import CodeEditing
from distill_engine.synthesis.code_sequences.prior_commands import PriorCommands
from distill_engine.synthesis.control_names import moves
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.marks.played_marks import PlayedMarks
from distill_engine.synthesis.mixer import Mixer
from distill_engine.synthesis.output_stage import OutputConfig, OutputStage
from distill_engine.synthesis.parameters import OUTPUT_PARAMETERS, ParameterBank
from distill_engine.synthesis.pitch.notes import Notes
from distill_engine.synthesis.render_loop import RenderLoop
from distill_engine.synthesis.space.layout import Layout
from distill_engine.synthesis.synth_figures import SynthFigures
from distill_engine.synthesis.synth_state import SynthState
from distill_engine.synthesis.take_header import played_model, take_header
from distill_engine.synthesis.voices.note_commands import NoteCommands
from distill_engine.synthesis.voices.reports import Report, ReportKind
from distill_engine.synthesis.voices.voice import Voice
from distill_engine.synthesis.voices.voice_pool import VoicePool, voices_of
from distill_engine.takes.take import FOLLOWED_SINCE, OUTPUT_COMMANDS, TICK_SAMPLES
from distill_engine.takes.take_log import TakeLog
from distill_engine.vocabulary.table import BLEND_SLOTS, LATENT_COUNT, PARAMETERS, index_of

_CONTROL = index_of("/distill/control/0")


class Synth(SynthFigures):
    """Play an `Instrument`.

    `block` is the number of hops that the caller usually computes at once; takes record it.
    `output_tick` is the step of the output stage in samples, `layout` its channels. Call all
    methods from the thread that renders, or while nothing renders.
    """

    def __init__(  # seven parameters: what to play, how, and into which channels
        self,
        played: Instrument | VoicePool,
        *,
        seed: int = 0,
        block: int = 1,
        source: str = "auto",
        playing: bool = True,
        output_tick: int = TICK_SAMPLES,
        layout: Layout | None = None,
    ) -> None:
        self.pool = pool = voices_of(played)
        instrument = pool.instrument
        self.seed, self.block, self.hop = seed, block, instrument.hop
        self.sample_rate = instrument.sample_rate
        self.frame_rate = instrument.frame_rate
        self.source = source = instrument.default_source if source == "auto" else source
        tick = self.hop if self.hop % output_tick else output_tick
        self.alignment_samples = instrument.delay_samples
        self.parameters = ParameterBank(self.frame_rate, self.hop // tick)
        self.output = OutputStage(OutputConfig(sample_rate=self.sample_rate, tick=tick), layout)
        self.output.playing = playing
        self.channels = self.output.channels
        self.notes = Notes(self.frame_rate)
        self._pinned: frozenset[int] = frozenset()
        self._take = TakeLog()
        self.marks = PlayedMarks(self._take, lambda: self.loop.next_hop)
        self._mixer = Mixer(self.hop, pool.voice(seed, source), self.marks)
        parts = self._mixer, self.parameters, self.notes, self.output, self._take
        self.loop = RenderLoop(self.hop, *parts, self._begin_take)
        self.codes = CodeEditing(self._mixer, self._take, lambda: self.loop.next_hop)
        self.prior = PriorCommands(self._mixer, self._take, lambda: self.loop.next_hop, self.select_source)
        self.keys = NoteCommands(
            self.hop, self._mixer, self.notes, self._take, lambda: self.loop.next_hop, self._new_notes
        )

    def apply(self, parameter_index: int, value: float, glide_seconds: float = 0.0) -> None:
        """Set a parameter, gliding if it can. Raises ControlError for NaN or an unknown one."""
        kept = self.parameters.apply(parameter_index, value, glide_seconds)
        at = self.loop.next_tick if parameter_index in OUTPUT_PARAMETERS else self.loop.next_hop
        self._take.change(at, PARAMETERS[parameter_index].address, kept, glide_seconds)

    def set(self, address: str, value: float, glide_seconds: float = 0.0) -> None:
        """Set a parameter by its address, as `apply` does. Raises ControlError."""
        self.apply(index_of(address), value, glide_seconds)

    def play(self) -> None:
        """Fade in. After notes the instrument plays by itself again."""
        self.output.playing = True
        self._note("play")
        self._free()

    def stop(self) -> None:
        """Fade out. Then nothing is computed and the sources wait."""
        self.output.playing = False
        self._note("stop")

    def panic(self) -> None:
        """Be silent from the next sample on."""
        self.output.panic()
        self._note("panic")
        self._free()

    def set_space(self, kind: str) -> None:
        """Fade to another kind of space (`/distill/space`). Raises ControlError, LibraryError."""
        self.output.space.choose(kind)
        self._note("space", space=kind)

    def _free(self) -> None:
        """Forget the notes. A take holds that apart from play and panic, which act earlier."""
        self.keys.free()
        self._note("free")

    def select_source(self, name: str, fade_seconds: float | None = None) -> None:
        """Cross-fade to another source (`/distill/source/fade` by default). Raises ControlError."""
        hops = self.parameters.fade_hops(fade_seconds)
        self._mixer.main.sources.check(name)
        for voice in self._all_voices:
            if name in voice.instrument.source_names:
                voice.sources.select(name, hops)
        self.source = name
        self.keys.free()
        self._note("source", source=name, fade=hops / self.frame_rate)

    def trigger(self) -> None:
        """Restart the source from its position; after notes it plays by itself again."""
        self.keys.free()
        for voice in self._mixer.playing:
            voice.sources.restart()
        self._note("trigger")

    def note(self, key: float, velocity: float) -> None:
        """Press a key (MIDI note number), or let it go with velocity 0. Raises ControlError."""
        self.keys.press(key, velocity)

    def _new_notes(self, count: int) -> list[Voice]:
        """Return voices of slot 0's instrument for `count` notes."""
        pad = self.alignment_samples - self.pool.instrument.delay_samples
        voices = [self.pool.voice(self.seed + 1 + i, self.source, pad=pad) for i in range(count)]
        for voice in voices:
            voice.pinned = self._pinned
        return voices

    @property
    def _all_voices(self) -> list[Voice]:
        return [*self._mixer.playing, *self._mixer.note_voices]

    def set_seed(self, seed: int) -> None:
        """Restart all random processes from another seed."""
        self.seed = seed
        hops, hears = self.parameters.fade_hops(None), self._mixer.rules >= FOLLOWED_SINCE
        for number, voice in (*enumerate(self._mixer.note_voices, 1), *((0, voice) for voice in self._mixer.playing)):
            voice.reseed(seed + number, self.source, hops, hears=hears)
        self._note("seed", seed=seed)

    def pin(self, dimensions: frozenset[int]) -> None:
        """Pin latent dimensions to the values of their parameters. Raises ControlError."""
        if any(not 0 <= dimension < LATENT_COUNT for dimension in dimensions):
            raise ControlError(f"pinned latents are 0 to {LATENT_COUNT - 1}")
        self._pinned = dimensions
        for voice in (*self._mixer.note_voices, *(voice for slot in self._mixer.slots for voice in slot.voices)):
            voice.pinned = dimensions
        self._note("pin", dimensions=sorted(dimensions))

    def swap(self, played: Instrument | VoicePool | None, fade_seconds: float | None = None, *, slot: int = 0) -> None:
        """Cross-fade to another instrument, or to silence in slots 1 to 3 (`played` None).

        The same model with another vocoder continues on the same path. Another model starts where
        the sources are. An instrument in slots 1 to 3 that shares the vocoder with slot 0 may be
        blended with it before the vocoder (see `blending`). Raises ControlError for an instrument
        with another hop or rate, or an impossible slot.
        """
        hops = self.parameters.fade_hops(fade_seconds)
        if not 0 <= slot < BLEND_SLOTS or (slot == 0 and played is None):
            raise ControlError(f"blend slot {slot}: slots are 0 to {BLEND_SLOTS - 1}, and the first is never empty")
        if played is None:
            self._mixer.slots[slot].clear(hops)
            return self._note("clear", slot=slot, fade=hops / self.frame_rate)
        pool = voices_of(played)
        instrument = pool.instrument
        if (instrument.hop, instrument.sample_rate) != (self.hop, self.sample_rate):
            raise ControlError(
                f"{instrument.name} plays {instrument.hop} samples a hop at {instrument.sample_rate} Hz, "
                f"not {self.hop} at {self.sample_rate}; start the engine with it"
            )
        self.alignment_samples = max(self.alignment_samples, instrument.delay_samples)
        blend_slot = self._mixer.slots[slot]
        if slot == 0:
            self._mixer.detach_guests(
                hops, lambda voice: voice.guest == voice.instrument.blended_in(instrument) == "mel"
            )
            origins = moves(self.instrument.control_names, instrument.control_names)
            self.parameters.rearrange(_CONTROL, origins)
            self.marks.follow_model(instrument.latent_space, origins)
        old = blend_slot.voice if blend_slot.voices else self._mixer.main
        selected = self.source if self.source in instrument.source_names else instrument.default_source
        voice = pool.voice(self.seed, selected, pad=self.alignment_samples - instrument.delay_samples)
        voice.pinned = self._pinned
        voice.continue_from(old)
        space = instrument.blended_in(self.instrument) if slot > 0 else ""
        voice.latent_guest, voice.mel_guest = space == "latents", space == "mel" and self.notes.key is None
        blend_slot.swap(voice, hops)
        if slot == 0:
            self.source, self.pool = voice.sources.selected, pool
            self.keys.exchange()
        self._take.swap(self.loop.next_hop, played_model(slot, instrument), hops / self.frame_rate)

    def render(self, hops: int, samples: Float32Array | None = None) -> Float32Array:
        """Return the next `hops` hops, [C, hops * hop], within full scale.

        `samples` [hops * hop] is live input, mono; None without one.
        """
        return self.loop.render(hops, samples)

    def state(self) -> SynthState:
        """Return all that the sound depends on: parameters, sources, networks, output stage."""
        return SynthState(
            hops_done=self.loop.hops_done,
            seed=self.seed,
            alignment_samples=self.alignment_samples,
            pinned=np.array(sorted(self._pinned), np.int64),
            parameters=self.parameters.state(),
            output=self.output.state(),
            slots=self._mixer.state(),
            notes=self.notes.state(),
            note_level=self.loop.note_level.state(),
            waiting=self.loop.waiting.copy(),
            polyphony=self.keys.state(),
            marks=self.marks.plane,
            beats=self._mixer.clock.state(),
            note_weight=self._mixer.note_weight.state(),
        )

    def restore(self, state: SynthState, *, networks: bool = True) -> None:
        """Continue from a `state`, bit-identically.

        A state needs a synth with the same instruments in the same slots. Without `networks` these
        are not restored: the vocoder may be another one.
        """
        self.seed = state.seed
        self.alignment_samples = state.alignment_samples if networks else self.alignment_samples
        self.parameters.restore(state.parameters)
        self.output.restore(state.output)
        self.notes.free()
        if state.notes is not None:
            self.notes.restore(state.notes)
        self.loop.restore(state, self.notes.level)
        self._mixer.restore(state.slots, self.seed, networks=networks)
        self.keys.restore(state.polyphony, networks=networks)
        self.marks.restore(state.marks)
        self._mixer.clock.restore(state.beats)
        self._mixer.note_weight.restore(state.note_weight)
        self.pin(frozenset(int(i) for i in state.pinned))
        self.source = self._mixer.main.sources.selected

    def start_take(self, path: Path) -> None:
        """Record a take from the next hop on, or from the end of a swap under way.

        Raises TakeError if a take is being recorded, or the file exists or cannot be made.
        """
        self._take.start(path)

    def stop_take(self) -> Path:
        """End the take and return its file. Raises TakeError without one, or if writing failed."""
        return self._take.stop(self.loop.next_tick)

    def _begin_take(self) -> None:
        if news := self._take.news():
            self.loop.report(Report(self.loop.hops_done, ReportKind.TAKE, news))
        if self._take.waiting and not self.fading:
            playing = {slot: loaded for slot in range(BLEND_SLOTS) if (loaded := self.instrument_at(slot)) is not None}
            header = take_header(playing, self.seed, self.block, to_arrays(self.state()))
            self._take.begin(self.loop.next_hop, header)

    def _note(self, command: str, **arguments: object) -> None:
        at = self.loop.next_tick if command in OUTPUT_COMMANDS else self.loop.next_hop
        self._take.command(at, command, arguments)
