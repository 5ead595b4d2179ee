"""Spectra whose phases continue the sound before them: a streaming synthesis from magnitudes and frequencies.

A network that sees mel frames knows no phase. Where the mel stands still, a spectrum with phases of its own repeats every hop: a tone at
the frame rate (86 Hz), whatever the sound was. Here each spectrum takes the phases of what has sounded so far (the idea of
real-time iterative spectrogram inversion: Beauregard, Zhu & Wyse, DAFx 2005), so partials go on at their own frequencies. Beside them
goes a share of oscillators, one a bin, which run at predicted frequencies and stray from them as far as the sound is noise. Where
a partial sets in they are struck: they start together, as in an attack in the middle of the window. They also make the recurrence
forget: driven by the same oscillators, two computations that differ by a rounding converge. A spectrum's phases are made consistent
with the sound (an iteration of Griffin & Lim, 1984, within the window) once when it comes and once more when the next one is known;
with more, roundings grow. Then the sound is heard as the mel was, and what it lacks is added (`layers.feedback`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from distill_engine.vocoders.vocos.constant_buffers import WithConstants
from distill_engine.vocoders.vocos.constant_tables import constant_name
from distill_engine.vocoders.vocos.mel_feedback import MelFeedback
from distill_engine.vocoders.vocos.onset_detection import Onsets

NOISE_FRAMES = 1024
SHARE = 0.6  # of the oscillators beside a full magnitude; from about 0.3 down, roundings grow into other phases
AMBIGUOUS = 0.15  # of a magnitude: where sound and oscillator cancel to this, no phase is sure and less sounds than a rounding's choice
SILENCE = 1e-5  # a magnitude below which all are alike
RISE = 0.5  # nats from one spectrum to the next from which on something sets in; a nat above it the oscillators are wholly struck
OPPOSITE = 0.01  # a length below which an oscillator, struck half-way from the opposite phase, is silent rather than a rounding's choice
STRAYING = 0.75  # of a partial's spread: half of it leaves what is held metallic
FURTHER = 1.0  # of noise's spread, beyond that: without it noise gathers at the bins' own frequencies, a comb of 43 Hz

Carry = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


class SpectrumInputs(NamedTuple):
    """What one spectrum brings to the recurrence: all of it known beforehand, computed for many at once.

    All but `wanted` and the gains are as wide as the complex numbers [B, bins, 2] that they are multiplied by, each number twice (a graph
    multiplies arrays of one shape in a third of the time), a sine with both signs. `onset_shares` are what of the bins goes on and what
    sets in [B, 2, bins, 2], the other onsets as in `Onsets`.
    """

    magnitude: Tensor
    before: Tensor  # the magnitude of the spectrum before
    least: Tensor  # squared, for `_unit`
    least_before: Tensor
    weight: Tensor  # of the oscillators
    struck: Tensor
    cosine: Tensor  # of what the sound so far is turned by
    sine: Tensor
    stride_cosine: Tensor  # of what the oscillators are turned by
    stride_sine: Tensor
    wanted: Tensor  # log-mel [B, bands]
    onset_bands: Tensor | None = None
    onset_shares: Tensor | None = None
    gate: Tensor | None = None
    gate_before: Tensor | None = None


@dataclass
class ContinuationState:
    """`tail` [B, n_fft - hop] samples that later spectra still add to, `newest` [B, n_fft] those of the last spectrum, which the next
    one still mends, `before` [B, bins] its magnitudes, `oscillators` [B, bins, 2] unit phasors, `done` [B, past] samples before
    `tail`, `lacking` [B, bands] nats that the feedback missed lately, `clock` [1] spectra so far, modulo NOISE_FRAMES."""

    tail: Tensor
    newest: Tensor
    before: Tensor
    oscillators: Tensor
    done: Tensor
    lacking: Tensor
    clock: Tensor


class PhaseContinuation(WithConstants):
    """Magnitudes, advances and spreads, each [B, F, bins], and log-mels [B, F, bands] -> samples [B, F * hop].

    `advance` is how far (radians a hop) a bin's sound runs ahead of the bin's own frequency, `spread` the standard deviation of that:
    near 0 for a partial, about 2 for noise. Mels are what the feedback listens for in each spectrum's predecessor, which is finished then;
    without feedback there are none. Spectrum f is centred on sample (f + 1/2) * hop; the stream comes `delay` samples late.
    """

    window: Tensor
    synthesis: Tensor
    noise: Tensor
    centre: Tensor
    attack: Tensor

    def __init__(self, n_fft: int, hop: int, feedback: MelFeedback | None = None) -> None:
        super().__init__()
        if n_fft % hop or (n_fft - hop) % 2 or n_fft < 2 * hop:
            raise ValueError(f"phase continuation: n_fft {n_fft} must be a multiple of hop {hop}, twice it at least")
        self.feedback = feedback
        self.n_fft, self.hop, self.delay, self.stride, self.bins = n_fft, hop, (n_fft + hop) // 2, hop, n_fft // 2 + 1
        at = np.arange(n_fft) + 0.5
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * at / n_fft)
        window = np.sqrt(hann)
        # Its product with a Hann analysis sums to one
        synthesis = window / np.tile(hann.reshape(-1, hop).sum(0), n_fft // hop)
        # What lies in the next window so far is centred before the window is: by how many hops, for a steady sound
        sounded = np.pad(hann * synthesis, (0, n_fft))
        past = window * sum(sounded[j * hop : j * hop + n_fft] for j in range(1, n_fft // hop))
        self.pull = float(n_fft / 2 - at @ past / past.sum()) / hop
        centre = 2 * np.pi * (np.arange(self.bins) * hop % n_fft) / n_fft
        click = 1.0 - 2.0 * (np.arange(self.bins) % 2)  # its phases, in the middle of the window
        scale = math.sqrt(n_fft)  # spectra are orthonormal
        self.hold(
            window=window / scale,
            synthesis=synthesis * scale,
            noise=constant_name("noise", NOISE_FRAMES, self.bins),
            centre=centre,
            attack=np.stack([click, np.zeros(self.bins)], -1),
        )

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> ContinuationState:
        past, bands = (self.feedback.past, self.feedback.bands) if self.feedback else (0, 0)
        sizes = ((self.n_fft - self.hop,), (self.n_fft,), (self.bins,), (self.bins, 2), (past,), (bands,))
        zeros = (torch.zeros(batch, *size, device=device, dtype=dtype) for size in sizes)
        tail, newest, before, oscillators, done, lacking = zeros
        clock = torch.zeros(1, device=device, dtype=torch.int64)
        return ContinuationState(tail, newest, before, oscillators + math.sqrt(0.5), done, lacking, clock)

    def forward(
        self,
        magnitude: Tensor,
        advance: Tensor,
        spread: Tensor,
        mel: Tensor | None = None,
        onsets: Onsets | None = None,
    ) -> Tensor:
        """A whole sound. In training nothing is added by ear, and gradients reach each spectrum's magnitude, its phases being what they
        are."""
        state, parts, phasors = self.initial_state(magnitude.shape[0], magnitude.device, magnitude.dtype), [], []
        with torch.no_grad():
            carry, each = _carry(state), self._each(magnitude, advance, spread, mel, onsets, state)
            for inputs in zip(*(x.unbind(0) for x in each), strict=True):
                carry, samples, phasor, last = self._next(carry, SpectrumInputs(*inputs))
                parts.append(samples)
                phasors.append(phasor)
        if self.training:
            phasors = [*phasors[1:], last]
            return self._overlapped(self._frames(_twice(magnitude), torch.stack(phasors, 1), *_mended(onsets)))
        tail, newest = carry[:2]
        late = torch.cat([*parts, F.pad(tail, (0, self.hop)) + newest], -1)
        return late[:, self.delay : self.delay + magnitude.shape[1] * self.hop]

    def step(
        self, magnitude: Tensor, advance: Tensor, spread: Tensor, state: ContinuationState, mel: Tensor | None = None,
        onsets: Onsets | None = None,
    ) -> tuple[Tensor, ContinuationState]:  # fmt: skip
        """The next F spectra of a stream."""
        count = magnitude.shape[1]
        carry, each = _carry(state), self._each(magnitude, advance, spread, mel, onsets, state)
        if torch.compiler.is_exporting():  # a loop of any length inside the graph
            from torch._higher_order_ops.scan import scan

            carry, samples = scan(self._one, carry, each)
        else:
            parts = []
            for inputs in zip(*(t.unbind(0) for t in each), strict=True):
                carry, part = self._one(carry, inputs)
                parts.append(part)
            samples = torch.stack(parts)
        out = samples.transpose(0, 1).reshape(magnitude.shape[0], count * self.hop)
        tail, newest, oscillators, done, lacking = carry
        clock = (state.clock + count) % NOISE_FRAMES
        return out, ContinuationState(tail, newest, magnitude[:, -1], oscillators, done, lacking, clock)

    def _each(
        self, magnitude: Tensor, advance: Tensor, spread: Tensor, mel: Tensor | None, onsets: Onsets | None,
        state: ContinuationState,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        """`Each` of every spectrum [F, B, ...]."""
        surety = _surety(spread)
        straying = (STRAYING + FURTHER * (1 - surety)) * spread
        stride = self.centre + advance + straying * self._noise(state.clock, magnitude.shape[1])
        magnitudes = torch.cat([state.before[:, None], magnitude], 1)
        log = torch.log(magnitudes.clamp_min(SILENCE))
        # Where a partial sets in, its oscillators are moved to an attack's phases as far as it has risen
        struck = surety * (log[:, 1:] - log[:, :-1] - RISE).clamp(0.0, 1.0)
        magnitudes, struck = _twice(magnitudes), _twice(struck)
        least = (AMBIGUOUS * magnitudes).clamp_min(1e-10)
        least = least * least
        now, before = (slice(1, None), slice(None, -1))
        each: tuple[Tensor, ...] = (
            magnitudes[:, now], magnitudes[:, before], least[:, now], least[:, before], SHARE * magnitudes[:, now] + 1e-9,
            struck, *_turn(self.pull * advance), *_turn(stride),
            mel if mel is not None else magnitude.new_zeros(*magnitude.shape[:2], 0),
        )  # fmt: skip
        if onsets is not None:
            each = (*each, onsets.bands, _shares(onsets.bins), onsets.gate, onsets.gate_before)
        return tuple(t.transpose(0, 1) for t in each)

    def _noise(self, clock: Tensor, count: int) -> Tensor:
        return self.noise.index_select(0, (clock + torch.arange(count, device=clock.device)) % NOISE_FRAMES)

    def _one(self, carry: Carry, inputs: tuple[Tensor, ...]) -> tuple[Carry, Tensor]:
        carry, samples, _, _ = self._next(carry, SpectrumInputs(*inputs))
        as_new = {"memory_format": torch.contiguous_format}  # a scan returns no views of what it was given
        tail, newest, oscillators, past, lacking = (t.clone(**as_new) for t in carry)
        return (tail, newest, oscillators, past, lacking), samples.clone(**as_new)

    def _next(self, carry: Carry, s: SpectrumInputs) -> tuple[Carry, Tensor, Tensor, Tensor]:
        """One spectrum more: what it leaves, the hop of samples that are done, and the phasors of the one before and of this one."""
        tail, newest, oscillators, past, lacking = carry
        oscillators = _turned(oscillators, s.stride_cosine, s.stride_sine)
        oscillators = _unit(oscillators + s.struck * (self.attack - oscillators), OPPOSITE**2)
        committed = F.pad(tail, (0, self.hop))
        sounded = committed + newest
        phasor = self._phasor(F.pad(sounded[:, self.hop :], (0, self.hop)), oscillators, s)
        frame = self._frames(s.magnitude, phasor, s.onset_shares, s.gate)
        following = F.pad(frame[:, : -self.hop], (self.hop, 0))
        mended = _unit(self._heard(sounded + following), s.least_before)
        done = committed + self._frames(s.before, mended, s.onset_shares, s.gate_before)
        if self.feedback is not None and not self.training:
            sounding = torch.cat([past, done + following, frame[:, -self.hop :]], -1)
            added, lacking = self.feedback(sounding, s.wanted, lacking, s.onset_bands, s.gate_before)
            done = done + added
            past = torch.cat([past[:, self.hop :], done[:, : self.hop]], -1)
        return (done[:, self.hop :], frame, oscillators, past, lacking), done[:, : self.hop], mended, phasor

    def _phasor(self, sounded: Tensor, oscillators: Tensor, s: SpectrumInputs) -> Tensor:
        """A spectrum's phases as unit phasors [B, bins, 2], from what has sounded in its window [B, n_fft]."""
        turned = _turned(self._heard(sounded), s.cosine, s.sine)
        first = _unit(turned + s.weight * oscillators, s.least)
        return _unit(self._heard(sounded + self._frames(s.magnitude, first)), s.least)

    def _heard(self, samples: Tensor) -> Tensor:
        """The spectrum [B, bins, 2] of a window's samples [B, n_fft]."""
        return torch.view_as_real(torch.fft.rfft(samples * self.window))

    def _frames(
        self, magnitude: Tensor, phasor: Tensor, shares: Tensor | None = None, gate: Tensor | None = None
    ) -> Tensor:
        """Windowed samples [..., n_fft]. What of the bins sets in (`shares` [..., 2, bins, 2]) sounds as its gains [..., n_fft] say."""
        spectrum = magnitude * phasor
        if shares is None or gate is None:
            samples: Tensor = torch.fft.irfft(torch.view_as_complex(spectrum), self.n_fft)
        else:
            both = torch.fft.irfft(torch.view_as_complex(spectrum.unsqueeze(-3) * shares), self.n_fft)
            samples = both[..., 0, :] + gate * both[..., 1, :]
        return samples * self.synthesis

    def _overlapped(self, frames: Tensor) -> Tensor:
        """The sound [B, F * hop] of frames [B, F, n_fft]."""
        length, before = frames.shape[1] * self.hop, (self.n_fft - self.hop) // 2
        size = (1, length - self.hop + self.n_fft)
        late: Tensor = F.fold(frames.transpose(1, 2), size, (1, self.n_fft), stride=(1, self.hop))
        return late[:, 0, 0, before : before + length]


def _mended(onsets: Onsets | None) -> tuple[Tensor | None, Tensor | None]:
    """Shares and gains of every spectrum as they are when the next one is known; the last one's when it came."""
    if onsets is None:
        return None, None
    bins = torch.cat([onsets.bins[:, 1:], onsets.bins[:, -1:]], 1)
    return _shares(bins), torch.cat([onsets.gate_before[:, 1:], onsets.gate[:, -1:]], 1)


def _shares(bins: Tensor) -> Tensor:
    """What of each bin [..., bins] goes on, and what sets in: [..., 2, bins, 2]."""
    return _twice(torch.stack([1 - bins, bins], -2))


def _carry(state: ContinuationState) -> Carry:
    return state.tail, state.newest, state.oscillators, state.done, state.lacking


def _twice(numbers: Tensor) -> Tensor:
    """Numbers [...] to multiply both parts of complex ones by [..., 2]."""
    return torch.stack([numbers, numbers], -1)


def _turn(angle: Tensor) -> tuple[Tensor, Tensor]:
    """An angle as `_turned` takes it."""
    sine = torch.sin(angle)
    return _twice(torch.cos(angle)), torch.stack([-sine, sine], -1)


def _turned(numbers: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Complex numbers [..., 2], turned."""
    return numbers * cosine + numbers.flip(-1) * sine


def _surety(spread: Tensor) -> Tensor:
    """1 for a partial, near 0 for noise: noise struck in all bins at once would click."""
    return torch.exp(-spread.square())


def _unit(spectrum: Tensor, least: Tensor | float) -> Tensor:
    """Complex numbers [..., 2] to unit phasors, smaller ones for those whose squares are not well above `least` [..., 2]."""
    return spectrum * torch.rsqrt(spectrum.square() @ spectrum.new_ones(2, 2) + least)
