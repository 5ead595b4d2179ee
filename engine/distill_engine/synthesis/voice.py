"""One instrument sounding: its own sources and streaming states over shared weights."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import VocoderError
from distill_engine.inference.step_backend import StepBackend
from distill_engine.state import StateDict, part_of
from distill_engine.synthesis.crossfade import DelayLine
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.live_input import EncoderFailed
from distill_engine.synthesis.sources import Latent, SourceBank
from distill_engine.synthesis.steering import HopValues, Steering

PRIME_HOPS, PRIME_BLOCK = 32, 8
SOFT_LIMIT, HARD_LIMIT = 3.0, 4.5
FAILED = "failed"
_TAIL = 64


@dataclass(frozen=True)
class Report:
    """Something that went wrong and was dealt with at `hop`; shown to the player."""

    hop: int
    kind: str
    message: str


def soft_limit(latent: Latent) -> Latent:
    """Unchanged within 3 sigma; beyond, compressed so that nothing passes 4.5: no control can leave the model's world."""
    over = np.abs(latent) - SOFT_LIMIT
    if over.max(initial=-1.0) <= 0:
        return latent
    span = HARD_LIMIT - SOFT_LIMIT
    bent = np.sign(latent) * (SOFT_LIMIT + span * np.tanh(np.maximum(over, 0.0) / span))
    return np.where(over > 0, bent, latent)


@dataclass
class Voice:
    """A stream through one instrument's decoder and vocoder. `VoicePool.voice` makes it, with warmed-up states."""

    instrument: Instrument
    sources: SourceBank
    decoder: StepBackend
    vocoder: StepBackend
    steering: Steering
    line: DelayLine = field(default_factory=lambda: DelayLine(0))
    pinned: frozenset[int] = frozenset()
    latent_guest: bool = False

    def __post_init__(self) -> None:
        self._last_sample = 0.0
        self._last_latent = self.instrument.centre
        self.last_controls = np.zeros(0)  # values of its controls, at the last hop
        self._recovering = self._failing = False
        self.guest_contributions = np.zeros((0, 2 + self.instrument.latent_dim))
        self._prime()

    def _prime(self) -> None:
        """Plays the centre of the corpus into the networks, so that the first sound is not that of empty states."""
        centre = np.repeat(self.instrument.centre[:, None].astype(np.float32), PRIME_BLOCK, axis=1)
        for _ in range(PRIME_HOPS // PRIME_BLOCK):
            self.vocoder.step(self.decoder.step(centre))
        self._primed = (self.decoder.snapshot(), self.vocoder.snapshot())

    def warm(self, block: int) -> None:
        """Allocates what blocks of this size need; the streams do not move."""
        self.vocoder.step(self.decoder.step(np.zeros((self.instrument.latent_dim, block), np.float32)))
        self._recover()

    def _recover(self) -> None:
        self.decoder.restore(self._primed[0])
        self.vocoder.restore(self._primed[1])

    def latent(self, values: HopValues, samples: Float32Array | None) -> Latent:
        """The latent [D] of one hop: the source, then the map, the offsets and the controls, softly limited."""
        try:
            moved = self.steering.latent(self.sources, values, samples)
        except EncoderFailed as error:
            moved = self._last_latent
            self.instrument.notes.append(f"the encoder failed: {error}; the sound stands still until it works again")
        self._last_latent = moved
        if self.pinned:
            pins = [i for i in self.pinned if i < len(moved)]
            moved = moved.copy()
            moved[pins] = values.latents[pins]
        return soft_limit(moved)

    def render(self, latents: Float32Array, hop: int, report: Callable[[Report], None]) -> Float32Array:
        """Latents [D, n] from hop `hop` on -> samples [n * hop length], mono, finite whatever the networks gave."""
        try:
            samples = self.vocoder.step(self.decoder.step(latents))[0] * np.float32(self.instrument.trim)
        except (VocoderError, RuntimeError) as error:
            samples = self._silenced(latents.shape[1], error, hop, report)
        else:
            self._failing = False
        while self.instrument.notes:
            report(Report(hop, "made-do", f"{self.instrument.vocoder.name}: {self.instrument.notes.pop(0)}"))
        if self._recovering and not self._failing:
            length = min(self.instrument.hop, len(samples))
            samples[:length] *= np.linspace(0.0, 1.0, length, dtype=np.float32)
            self._recovering = False
        if not np.isfinite(samples).all():
            samples = self._muted(samples, hop, report)
        self._last_sample = float(samples[-1])
        return self.line.process(samples)

    def _muted(self, samples: Float32Array, hop: int, report: Callable[[Report], None]) -> Float32Array:
        """The blocks before the first bad one, a short tail, silence; the states start again and fade in."""
        size = self.instrument.hop
        bad = int(np.argmin(np.isfinite(samples))) // size * size
        last = float(samples[bad - 1]) if bad else self._last_sample
        clean = np.zeros_like(samples)
        clean[:bad] = samples[:bad]
        tail = min(_TAIL, len(clean) - bad)
        clean[bad : bad + tail] = last * np.linspace(1.0, 0.0, tail, endpoint=False)
        self._recover()
        self._recovering = True
        name = self.instrument.vocoder.name
        report(Report(hop + bad // size, "not-a-number", f"{name} gave NaN or infinity; that block was muted"))
        return clean

    def _silenced(self, hops: int, error: Exception, hop: int, report: Callable[[Report], None]) -> Float32Array:
        """A short tail, then silence, for hops that could not be computed; said once, tried again at each block."""
        samples = np.zeros(hops * self.instrument.hop, np.float32)
        if not self._failing:
            samples[:_TAIL] = self._last_sample * np.linspace(1.0, 0.0, _TAIL, endpoint=False)
            detail = " ".join(str(error).split())[:160]
            ways = "it is silent until it works again; choose another vocoder"
            report(Report(hop, FAILED, f"{self.instrument.vocoder.name} failed: {detail}; {ways}"))
            self._failing = self._recovering = True
            with contextlib.suppress(VocoderError, RuntimeError):
                self._recover()
        return samples

    def follow(self, other: Voice) -> None:
        """Takes up the path that another voice is on: all of it with the same model, else where its sources stand."""
        same = self.instrument.model_digest == other.instrument.model_digest
        self.sources.adopt(other.sources, same_model=same)
        if same:
            self.steering.adopt(other.steering)

    def become_independent(self) -> None:
        """Plays by its own networks from here on."""
        self.latent_guest = False
        self.guest_contributions = self.guest_contributions[:0]
        self._recover()

    def reseed(self, seed: int, selected: str, fade_hops: int) -> None:
        """Sources that start again from another seed, joined to the old ones by a fade."""
        chosen = selected if selected in self.instrument.source_names else "drift"
        fresh = self.instrument.sources(seed, chosen)
        fresh.follow(self.sources, fade_hops)
        self.sources = fresh
        self.steering = self.instrument.steering(seed)

    def state(self) -> StateDict:
        """Everything this voice remembers."""
        flags = np.array([self._last_sample, float(self._recovering), float(self.latent_guest)])
        parts = {
            "sources": self.sources.state(),
            "steering": self.steering.state(),
            "decoder": self.decoder.snapshot(),
            "vocoder": self.vocoder.snapshot(),
            "line": self.line.state(),
        }
        return {"flags": flags, "company": self.guest_contributions.copy()} | {
            f"{part}.{k}": v for part, state in parts.items() for k, v in state.items()
        }

    def restore(self, state: StateDict, *, networks: bool = True) -> None:
        """Goes on from a `state`; without `networks` only the sources do (another vocoder plays the same path)."""
        self.sources.restore(part_of(state, "sources."))
        self.steering.restore(part_of(state, "steering."))
        if "company" in state:  # older takes have none
            self.latent_guest, self.guest_contributions = bool(state["flags"][2]), state["company"].astype(np.float64)
        if networks:
            self._last_sample, self._recovering = float(state["flags"][0]), bool(state["flags"][1])
            self.decoder.restore(part_of(state, "decoder."))
            self.vocoder.restore(part_of(state, "vocoder."))
            self.line.restore(part_of(state, "line."))
