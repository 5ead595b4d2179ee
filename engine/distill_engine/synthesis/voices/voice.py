"""One stream through an instrument: sources and streaming states of its own, shared weights."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass, field

import numpy as np

from distill_engine.analysis.stretches.skeleton import FLOOR
from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import VocoderError, short_message
from distill_engine.inference.step_backend import StepBackend, hop_by_hop
from distill_engine.synthesis.hop_values import with_pins
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.pitch.notes import from_place, transposition
from distill_engine.synthesis.pitch.transposer import Transposer
from distill_engine.synthesis.sources.latent_sources import Latent
from distill_engine.synthesis.sources.live_input import EncoderFailed
from distill_engine.synthesis.sources.source_bank import SourceBank
from distill_engine.synthesis.steering import HopValues, Steering, soft_limit
from distill_engine.synthesis.voices.crossfade import DelayLine
from distill_engine.synthesis.voices.level_line import LevelLine
from distill_engine.synthesis.voices.priming import Primed, prime
from distill_engine.synthesis.voices.reports import Report, ReportKind
from distill_engine.synthesis.voices.retelling import Retelling
from distill_engine.synthesis.voices.voice_state import VoiceState
from distill_engine.takes.take import FOLLOWED_SINCE, STEPPED_SINCE

MelMix = Callable[[Float32Array], Float32Array]  # of log-mels [bands, n]

_TAIL = 64  # samples of the ramp to zero before silence


@dataclass
class Voice:
    """One stream through an instrument's decoder and vocoder, made by `VoicePool.voice`.

    `pinned` are latent dimensions that stand at the values of their parameters. `latent_guest` is
    true for a guest, whose networks rest. `guest_contributions` [n, 2 + D] has one row per guest:
    gain, trim (both linear) and latent (sigma) at the last hop. `mel_guest` is true for a guest
    whose decoder works and whose vocoder rests. `given`: another voice's `primed`; None makes it.
    """

    instrument: Instrument
    sources: SourceBank
    decoder: StepBackend
    vocoder: StepBackend
    steering: Steering
    line: DelayLine = field(default_factory=lambda: DelayLine(0))
    pinned: frozenset[int] = frozenset()
    latent_guest: bool = False
    mel_guest: bool = False
    given: InitVar[Primed | None] = None

    def __post_init__(self, given: Primed | None) -> None:
        self._last_sample, self._at_once = 0.0, False
        self._last_latent = self.instrument.centre
        self.last_controls = np.zeros(0)  # values of its controls, at the last hop
        self._recovering = self._failing = self._noted = False
        self.guest_contributions = np.zeros((0, 2 + self.instrument.latent_dim))
        # Semitones of the hops that have not left the vocoder.
        delay = round(self.instrument.delay_samples / self.instrument.hop)
        self._from_place = deque([0.0] * (1 + delay))
        self._levels = LevelLine(self.instrument.hop, delay)
        self._transposer = Transposer(self.instrument.hop, self.instrument.mel.bands)
        self.retelling = Retelling(self.instrument.skeleton)
        self.primed = given or prime(self.instrument, self.decoder, self.vocoder)
        self._recover()

    @property
    def guest(self) -> str:
        """Where the voice is mixed into its host: "latents" or "mel"; empty for no guest."""
        return "latents" if self.latent_guest else "mel" if self.mel_guest else ""

    def warm(self, block: int) -> None:
        """Allocate the memory for blocks of `block` hops; the streams do not advance."""
        self.vocoder.step(self.decoder.step(np.zeros((self.instrument.latent_dim, block), np.float32)))
        self._recover()

    def _recover(self) -> None:
        self.decoder.restore(self.primed[0])
        self.vocoder.restore(self.primed[1])
        self._transposer.reset()

    def latent(self, values: HopValues, samples: Float32Array | None) -> Latent:
        """Return the latent [D] of one hop: source, map, controls and offsets, softly limited.

        `samples` [hop] is this hop of live input, mono; None without one.
        """
        if values.settings.own > 0.0 and self.sources.selected == "input" and self.instrument.search is None:
            self._note_once("the model file holds no path of its corpus: source/own stays at 0")
        try:
            latent = self.steering.latent(self.sources, with_pins(values, self.pinned), samples)
        except EncoderFailed as error:
            latent = self._last_latent
            self.instrument.notes.append(f"the encoder failed: {error}; the sound stands still until it works again")
        self._last_latent = latent
        if not self.guest:  # a guest makes no sound that a level could wait for
            self._levels.push(self.sources.gain)
        self._transposer.smoothed = values.settings.rules < FOLLOWED_SINCE
        self._at_once = values.settings.rules < STEPPED_SINCE
        self.retelling.ask(*((None, None) if self.pinned else (self.steering.move, self.steering.before)))
        if self.pinned:
            pins = [i for i in self.pinned if i < len(latent)]
            latent = latent.copy()
            latent[pins] = values.latents[pins]  # pins are parameters: below LATENT_COUNT
        return soft_limit(latent) if self.instrument.skeleton is None else latent

    def ratio(self, values: HopValues) -> float:
        """Return the frequency ratio of the hop whose latent was asked for last.

        A key takes effect when the sound that began with it leaves the vocoder.
        """
        self._from_place.append(from_place(values.key, self.sources.pitch))
        return transposition(values.semitones + self._from_place.popleft())

    def _note_once(self, text: str) -> None:
        if not self._noted:
            self.instrument.notes.append(text)
        self._noted = True

    def render(
        self,
        latents: Float32Array,
        ratios: Sequence[float],
        hop: int,
        report: Callable[[Report], None],
        mix: MelMix = lambda mel: mel,
    ) -> Float32Array:
        """Return the samples [n * hop length] of latents [D, n], mono and always finite.

        `ratios` [n] transpose each hop. `hop` is the number of the first one. `report` receives
        each problem. `mix` adds guests to the mels [bands, n].
        """
        try:
            asked = self.begin(latents, ratios, mix)
            made = self.retelling.vocode(self.vocoder, asked)
        except (VocoderError, RuntimeError) as error:
            return self.finish(error, latents.shape[1], hop, report)
        return self.finish(made, latents.shape[1], hop, report)

    def begin(self, latents: Float32Array, ratios: Sequence[float], mix: MelMix = lambda mel: mel) -> Float32Array:
        """Return the mels [bands, m] that the vocoder has to step with for latents [D, n].

        `ratios` [n] and `mix` are those of `render`. Raises VocoderError or RuntimeError if the
        decoder fails. `finish` goes on from there.
        """
        mels = mix(hop_by_hop(self.decoder, latents, at_once=self._at_once))
        asked = self._transposer.prepare(mels, ratios, self.retelling.begin(latents.shape[1]))
        self.retelling.settle(self._transposer.starts, straight=asked is mels)
        return asked

    def mels(self, latents: Float32Array) -> Float32Array:
        """Return the log-mels [bands, n] of a guest's latents [D, n]; silence if that fails."""
        try:
            return hop_by_hop(self.decoder, latents, at_once=self._at_once)
        except (VocoderError, RuntimeError) as error:
            self._note_once(f"the decoder failed: {short_message(error)}; the model is silent until it works again")
            return np.full((self.instrument.mel.bands, latents.shape[1]), FLOOR, np.float32)

    def report_notes(self, hop: int, report: Callable[[Report], None]) -> None:
        """Report what the instrument's networks have noted by hop number `hop`."""
        while self.instrument.notes:
            report(Report(hop, ReportKind.MADE_DO, self.instrument.notes.pop(0)))

    def finish(
        self, made: Float32Array | Exception, hops: int, hop: int, report: Callable[[Report], None]
    ) -> Float32Array:
        """Return the samples [hops * hop length] from what the vocoder made [m * hop length].

        An exception in its place makes silence. `hop` and `report` are those of `render`.
        """
        if isinstance(made, Exception):
            samples = self._silenced(hops, made, hop, report)
            self._levels.process(samples, [False] * hops)
        else:
            late = self._transposer.late
            samples = self._levels.process(self._transposer.finish(made) * np.float32(self.instrument.trim), late)
            self._failing = False
        self.report_notes(hop, report)
        if self._recovering and not self._failing:
            length = min(self.instrument.hop, len(samples))
            samples[:length] *= np.linspace(0.0, 1.0, length, dtype=np.float32)
            self._recovering = False
        if not np.isfinite(samples).all():
            samples = self._muted(samples, hop, report)
        self._last_sample = float(samples[-1])
        return self.line.process(samples)

    def _muted(self, samples: Float32Array, hop: int, report: Callable[[Report], None]) -> Float32Array:
        """Mute samples [n] from the first hop with NaN or infinity on, after a short ramp to zero.

        The networks restart from their primed states; the next block fades in.
        """
        size = self.instrument.hop
        bad = int(np.argmin(np.isfinite(samples))) // size * size
        last = float(samples[bad - 1]) if bad else self._last_sample
        clean = np.zeros_like(samples)
        clean[:bad] = samples[:bad]
        tail = min(_TAIL, len(clean) - bad)
        clean[bad : bad + tail] = last * np.linspace(1.0, 0.0, tail, endpoint=False)
        self._recover()
        self._recovering = True
        cause = f"{self.instrument.vocoder.name} gave NaN or infinity"
        report(Report(hop + bad // size, ReportKind.NOT_A_NUMBER, cause, "that block was muted"))
        return clean

    def _silenced(self, hops: int, error: Exception, hop: int, report: Callable[[Report], None]) -> Float32Array:
        """Return silence for hops that could not be computed, after a short ramp to zero.

        The first failure is reported. Each block tries again.
        """
        samples = np.zeros(hops * self.instrument.hop, np.float32)
        if not self._failing:
            samples[:_TAIL] = self._last_sample * np.linspace(1.0, 0.0, _TAIL, endpoint=False)
            cause = f"{self.instrument.vocoder.name} failed: {short_message(error)}"
            ways = "it is silent until it works again; choose another vocoder"
            report(Report(hop, ReportKind.FAILED, cause, ways))
            self._failing = self._recovering = True
            with contextlib.suppress(VocoderError, RuntimeError):
                self._recover()
        return samples

    def continue_from(self, other: Voice) -> None:
        """Continue on the path of another voice.

        With the same model or skeleton everything is taken over, otherwise only the state of the
        sources.
        """
        same = self.instrument.continues(other.instrument)
        self.sources.continue_from(other.sources, same_model=same)
        if same:
            self.steering.continue_from(other.steering)
            self._levels.restore(other._levels.state())

    def become_independent(self) -> None:
        """Play through the voice's own networks from here on."""
        self.latent_guest = self.mel_guest = False
        self.guest_contributions = self.guest_contributions[:0]
        self._levels.reset()  # a guest has none: these were those of the voice that it continued
        self._recover()

    def begin_again(self) -> None:
        """Run from the primed states: what played before is forgotten."""
        self._recover()
        self._from_place = deque([0.0] * len(self._from_place))
        self._levels.reset()
        self._last_sample = 0.0

    def reseed(self, seed: int, selected: str, fade_hops: int, *, hears: bool = False) -> None:
        """Restart the sources from another seed and cross-fade to them over `fade_hops` hops.

        `hears`: an input keeps what it has heard.
        """
        chosen = selected if selected in self.instrument.source_names else self.instrument.default_source
        fresh = self.instrument.sources(seed, chosen)
        fresh.bridge_from(self.sources, fade_hops, hears=hears)
        self.sources = fresh
        self.steering = self.instrument.steering(seed)

    def state(self) -> VoiceState:
        """Return everything that this voice's sound depends on."""
        return VoiceState(
            last_sample=self._last_sample,
            recovering=self._recovering,
            latent_guest=self.latent_guest,
            guest_contributions=self.guest_contributions.copy(),
            sources=self.sources.state(),
            steering=self.steering.state(),
            decoder=self.decoder.snapshot(),
            vocoder=self.vocoder.snapshot(),
            delayed=self.line.state(),
            transposer=self._transposer.state(),
            from_place=np.array(self._from_place),
            mel_guest=self.mel_guest,
            levels=self._levels.state(),
        )

    def restore(self, state: VoiceState, *, networks: bool = True) -> None:
        """Continue from a `state`.

        Without `networks` only sources and steering are restored: another vocoder plays the same
        path.
        """
        self.sources.restore(state.sources)
        self.steering.restore(state.steering)
        if state.from_place is not None and state.from_place.shape == (len(self._from_place),):
            self._from_place = deque(state.from_place.tolist())
        self._levels.restore(state.levels)
        self.mel_guest = bool(state.mel_guest)  # None in a take of an earlier Distill
        self.latent_guest, self.guest_contributions = state.latent_guest, state.guest_contributions.astype(np.float64)
        if networks:
            self._last_sample, self._recovering = state.last_sample, state.recovering
            self.decoder.restore(state.decoder)
            self.vocoder.restore(state.vocoder)
            self.line.restore(state.delayed)
            self._transposer.restore(state.transposer)
