"""The synth: parameters, sources, decoder, vocoder, output stage. The same object makes the live sound and every render.

    synth = Synth(prepare_instrument(path), seed=1)
    synth.apply(index_of("/distill/gain"), -6.0, 0.5)
    block = synth.render(4)            # float32 [2, 4 * 512]

Everything acts at hop boundaries: what is called between two `render`s is there from the first sample of the next one on. The samples
do not depend on how the hops are cut into `render` calls (to 1e-5; bit for bit at equal cuts). Up to four models play at once, each at a
slot of its own, mixed by `/distill/blend/<slot>`.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import ControlError, TakeError
from distill_engine.state import to_arrays
from distill_engine.synthesis.control_names import moves
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.mixer import Mixer
from distill_engine.synthesis.output_stage import OutputConfig, OutputStage
from distill_engine.synthesis.parameters import ParameterBank
from distill_engine.synthesis.render_loop import RenderLoop
from distill_engine.synthesis.synth_state import SynthSnapshot, SynthState
from distill_engine.synthesis.take_header import played_model, take_header
from distill_engine.synthesis.voice import Report, ReportKind
from distill_engine.synthesis.voice_pool import VoicePool, voices_of
from distill_engine.takes.take_log import TakeLog
from distill_engine.vocabulary.table import BLEND_SLOTS, PARAMETERS, index_of

_CONTROL = index_of("/distill/control/0")


class Synth:
    """Plays an `Instrument`. `block` is the number of hops the caller usually renders (what takes say they were played with).

    One thread renders; every other method is to be called from it, or while it does not render.
    """

    def __init__(
        self,
        played: Instrument | VoicePool,
        *,
        seed: int = 0,
        block: int = 1,
        source: str = "drift",
        playing: bool = True,
    ) -> None:
        pool = voices_of(played)
        instrument = pool.instrument
        self.seed, self.block = seed, block
        self.hop = instrument.hop
        self.sample_rate = instrument.sample_rate
        self.frame_rate = instrument.frame_rate
        self.source = source
        self.alignment_samples = instrument.delay_samples
        self.parameters = ParameterBank(self.frame_rate)
        self.output = OutputStage(OutputConfig(sample_rate=self.sample_rate, hop=self.hop))
        self.output.playing = playing
        self._pinned: frozenset[int] = frozenset()
        self._mixer = Mixer(self.hop, pool.voice(seed, source))
        self._take = TakeLog(self.hop)
        self._loop = RenderLoop(self._mixer, self.parameters, self.output, self._take, self._begin_take)

    @property
    def hops_done(self) -> int:
        """Return how many hops were rendered."""
        return self._loop.hops_done

    @hops_done.setter
    def hops_done(self, hops: int) -> None:
        self._loop.hops_done = hops

    @property
    def instrument(self) -> Instrument:
        """What plays in the first slot."""
        return self._mixer.main.instrument

    def instrument_at(self, slot: int) -> Instrument | None:
        """What plays in a slot, or None."""
        there = self._mixer.slots[slot]
        return there.voice.instrument if there.voices else None

    @property
    def fading(self) -> bool:
        """Whether a swap is under way."""
        return self._mixer.fading

    @property
    def voices(self) -> int:
        """How many voices are computed, those that fade out among them."""
        return self._mixer.voices

    @property
    def strain(self) -> float:
        """How far the named controls push out of the corpus' region: 0 inside, above 0 the warning zone, 1 the limit."""
        return self._mixer.main.steering.strain

    @property
    def blend_space(self) -> int:
        """Index into the vocabulary's `BLEND_SPACES`: one model, blended in latents, in sound, or both."""
        return self._mixer.space

    @property
    def recording(self) -> bool:
        return self._take.active

    def take_reports(self) -> list[Report]:
        """What went wrong since the last call."""
        return self._loop.take_reports()

    # -- what the player does ------------------------------------------------------------------------------------------

    def apply(self, parameter_index: int, value: float, glide_seconds: float = 0.0) -> None:
        """Sets a parameter, gliding where it can. Raises ControlError for NaN or an unknown parameter."""
        kept = self.parameters.apply(parameter_index, value, glide_seconds)
        self._take.change(self.hops_done, PARAMETERS[parameter_index].address, kept, glide_seconds)

    def set(self, address: str, value: float, glide_seconds: float = 0.0) -> None:
        """`apply` by address. Raises ControlError."""
        self.apply(index_of(address), value, glide_seconds)

    def play(self) -> None:
        """Fades in."""
        self.output.playing = True
        self._note("play")

    def stop(self) -> None:
        """Fades out; then nothing is computed and the sources wait."""
        self.output.playing = False
        self._note("stop")

    def panic(self) -> None:
        """Silence from the next sample on."""
        self.output.panic()
        self._note("panic")

    def select_source(self, name: str, fade_seconds: float | None = None) -> None:
        """Cross-fades in latent space to another source (`/distill/source/fade` by default). Raises ControlError."""
        hops = self._hops(fade_seconds)
        self._mixer.main.sources.check(name)
        for voice in self._mixer.playing:
            if name in voice.instrument.source_names:
                voice.sources.select(name, hops)
        self.source = name
        self._note("source", source=name, fade=hops / self.frame_rate)

    def trigger(self) -> None:
        """Starts the source again from its position."""
        for voice in self._mixer.playing:
            voice.sources.restart()
        self._note("trigger")

    def set_seed(self, seed: int) -> None:
        """Everything random starts again from another seed."""
        self.seed = seed
        for voice in self._mixer.playing:
            voice.reseed(seed, self.source, self._hops(None))
        self._note("seed", seed=seed)

    def pin(self, dimensions: frozenset[int]) -> None:
        """These latent dimensions stand at their parameters' values; no source moves them."""
        self._pinned = dimensions
        for slot in self._mixer.slots:
            for voice in slot.voices:
                voice.pinned = dimensions
        self._note("pin", dimensions=sorted(dimensions))

    def swap(self, played: Instrument | VoicePool | None, fade_seconds: float | None = None, *, slot: int = 0) -> None:
        """Cross-fades to another instrument (another model or vocoder), or to nothing at slots above 0.

        The same model with another vocoder goes on along the same path; another model starts where the sources stand. What comes to
        a slot above 0 and shares the first one's decoder and vocoder is blended with it in latent space (see `blending`).
        Raises ControlError for an instrument of another hop or rate.
        """
        hops = self._hops(fade_seconds)
        if not 0 <= slot < BLEND_SLOTS or (slot == 0 and played is None):
            raise ControlError(f"blend slot {slot}: slots are 0 to {BLEND_SLOTS - 1}, and the first is never empty")
        if played is None:
            self._mixer.slots[slot].clear(hops)
            self._note("clear", slot=slot, fade=hops / self.frame_rate)
            return
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
            self._mixer.dismiss_guests(hops)
            self._rename_controls(self.instrument.control_names, instrument.control_names)
        old = blend_slot.voice if blend_slot.voices else self._mixer.main
        selected = self.source if self.source in instrument.source_names else "drift"
        voice = pool.voice(self.seed, selected, pad=self.alignment_samples - instrument.delay_samples)
        voice.pinned = self._pinned
        voice.continue_from(old)
        voice.latent_guest = slot > 0 and instrument.shares(self.instrument)
        blend_slot.swap(voice, hops)
        if slot == 0:
            self.source = voice.sources.selected
        self._take.swap(self.hops_done, played_model(slot, instrument), hops / self.frame_rate)

    def _rename_controls(self, before: tuple[str, ...], now: tuple[str, ...]) -> None:
        """Named controls keep their values where another model has them at other numbers."""
        if before != now:
            self.parameters.rearrange(_CONTROL, moves(before, now))

    def _hops(self, seconds: float | None) -> int:
        wanted = self.parameters.value("/distill/source/fade") if seconds is None else seconds
        if not math.isfinite(wanted) or wanted < 0:
            raise ControlError(f"a fade of {wanted} s is not possible; give 0 or more")
        return max(1, round(wanted * self.frame_rate))

    # -- sound ---------------------------------------------------------------------------------------------------------

    def render(self, hops: int, samples: Float32Array | None = None) -> Float32Array:
        """Return the next `hops` hops, stereo [2, hops * hop], within full scale.

        `samples` [hops * hop] is live input, mono.
        """
        return self._loop.render(hops, samples)

    # -- state ---------------------------------------------------------------------------------------------------------

    def state(self) -> SynthState:
        """Return everything that the sound depends on: parameters, sources, networks, output stage."""
        return SynthState(
            hops_done=self.hops_done,
            seed=self.seed,
            alignment_samples=self.alignment_samples,
            pinned=np.array(sorted(self._pinned), np.int64),
            parameters=self.parameters.state(),
            output=self.output.state(),
            slots=self._mixer.state(),
        )

    def snapshot(self) -> SynthSnapshot:
        """Return the state with the voices themselves, so that even a swap under way can be gone back to."""
        return SynthSnapshot(self.state(), tuple(tuple(slot.voices) for slot in self._mixer.slots))

    def restore(self, saved: SynthSnapshot | SynthState, *, networks: bool = True) -> None:
        """Go on from a snapshot, bit for bit; or from a `state` of a synth with the same instruments in the same slots.

        Without `networks` the vocoder may be another one: parameters, sources and output stage go on, the networks as they are.
        """
        state = saved.state if isinstance(saved, SynthSnapshot) else saved
        if isinstance(saved, SynthSnapshot):
            for slot, voices in zip(self._mixer.slots, saved.voices, strict=True):
                slot.replace_voices(list(voices))
        self.hops_done, self.seed = state.hops_done, state.seed
        if networks:
            self.alignment_samples = state.alignment_samples
        self.parameters.restore(state.parameters)
        self.output.restore(state.output)
        self._mixer.restore(state.slots, self.seed, networks=networks)
        self.pin(frozenset(int(i) for i in state.pinned))
        self.source = self._mixer.main.sources.selected

    # -- takes ---------------------------------------------------------------------------------------------------------

    def start_take(self, path: Path) -> None:
        """Record from the next hop on (from the end of a swap under way, if there is one). Raises TakeError."""
        self._take.start(path)

    def stop_take(self) -> Path:
        """End the take and return its file. Raises TakeError if none was being recorded, or writing failed."""
        return self._take.stop(self.hops_done)

    def _begin_take(self) -> None:
        if failure := self._take.new_failure():
            self._loop.report(Report(self.hops_done, ReportKind.TAKE, failure))
        if self._take.waiting and not self.fading:
            there = {slot: self.instrument_at(slot) for slot in range(BLEND_SLOTS)}
            playing = {slot: instrument for slot, instrument in there.items() if instrument is not None}
            header = take_header(playing, self.seed, self.block, to_arrays(self.state()))
            try:
                self._take.begin(self.hops_done, header)
            except TakeError as error:
                self._loop.report(Report(self.hops_done, ReportKind.TAKE, str(error)))

    def _note(self, command: str, **arguments: object) -> None:
        self._take.command(self.hops_done, command, arguments)
