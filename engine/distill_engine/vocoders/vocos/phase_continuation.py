"""Streaming synthesis from magnitudes and frequencies, whose phases continue those before them.

A network that sees mel frames knows no phases. If spectra had phases of their own, a steady mel
would repeat the same waveform every hop: a tone at the frame rate (86 Hz), whatever the sound. Here
each spectrum takes its phases from the audio so far, as in real-time iterative spectrogram
inversion (Beauregard, Zhu & Wyse, DAFx 2005), so partials continue at their own frequencies.

A bank of oscillators, one per bin, contributes a share of each phase. They run at the predicted
frequencies with random deviations, which are as large as the sound is noisy. Where a partial sets
in they are reset to the phases of an impulse in the middle of the window, so that it starts as an
attack. They also make the recurrence stable: driven by the same oscillators, two computations that
differ by a rounding error converge.

One iteration of Griffin & Lim (1984), within the window, makes a spectrum's phases consistent with
the audio when it arrives, and one more when the next spectrum is known. More iterations amplify
rounding errors. Then the mel feedback corrects the result (see `mel_feedback`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from distill_engine.layers.runtime_forms import samples_of, spectrum_of
from distill_engine.vocoders.vocos.constant_buffers import FourierConstants, WithConstants
from distill_engine.vocoders.vocos.constant_tables import constant_name
from distill_engine.vocoders.vocos.continuation_state import ContinuationState, SpectrumInputs
from distill_engine.vocoders.vocos.mel_feedback import MelFeedback
from distill_engine.vocoders.vocos.onset_detection import Onsets, final_gains, onset_shares
from distill_engine.vocoders.vocos.part_tables import NOISE_FRAMES, phase_tables
from distill_engine.vocoders.vocos.phasors import rotated, rotation, to_unit

AMBIGUOUS = 0.15  # of a magnitude: where audio and oscillator cancel to this, the phase is arbitrary, the bin softer
SILENCE = 1e-5  # magnitude below which all are treated alike
RISE = 0.5  # nats between spectra above which a partial sets in; one nat more resets its oscillator fully
OPPOSITE = 0.01  # length below which an oscillator fades: reset half-way from the opposite phase, it has none
PARTIAL_DEVIATION = 0.75  # of a partial's spread, how far its oscillator deviates; half of it sounds metallic when held
NOISE_DEVIATION = 1.0  # of noise's spread, in addition: without it noise gathers at the bins' frequencies (43 Hz comb)

Carry = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]


class PhaseContinuation(WithConstants):
    """Synthesis of samples [B, F * hop] from F spectra, `hop` samples apart.

    Inputs, each [B, F, bins]: `magnitude` of orthonormal spectra; `advance`, the phase advance in
    radians per hop beyond the bin's own frequency; `spread`, its standard deviation in radians,
    near 0 for a partial and about 2 for noise. With feedback, `mel` [B, F, bands] is the log-mel of
    each spectrum's predecessor, which is finished when the spectrum arrives.

    Spectrum f is centred on sample (f + 1/2) * hop and fades in over the `rise` samples before, by
    default half of n_fft. `oscillators` is their amplitude relative to the magnitudes: too few of
    them let roundings grow, at a rise of one hop below 0.8, else at 0.3. The stream comes `delay`
    samples late. Raises ValueError unless n_fft is a multiple of `hop`, at least twice it, and
    `rise` lies between `hop` and half of n_fft.
    """

    window: Tensor
    synthesis: Tensor
    overlap: Tensor
    steady: Tensor
    gated: Tensor
    noise: Tensor
    centre: Tensor
    halves: Tensor
    attack: Tensor

    def __init__(
        self,
        n_fft: int,
        hop: int,
        feedback: MelFeedback | None = None,
        rise: int | None = None,
        oscillators: float = 1.0,
    ) -> None:
        super().__init__()
        rise = n_fft // 2 if rise is None else rise
        if n_fft % hop or (n_fft - hop) % 2 or n_fft < 2 * hop:
            raise ValueError(f"phase continuation: n_fft {n_fft} must be a multiple of hop {hop}, twice it at least")
        if not hop <= rise <= n_fft // 2:
            raise ValueError(f"phase continuation: rise {rise} must lie between hop {hop} and half of n_fft {n_fft}")
        self.feedback, self.oscillators = feedback, oscillators
        self.n_fft, self.hop, self.stride, self.bins = n_fft, hop, hop, n_fft // 2 + 1
        self.delay, self._first = rise + hop // 2, n_fft // 2 - rise  # the window's first sample that sounds
        tables, none = phase_tables(n_fft, hop, rise), np.zeros(n_fft)
        self.pull = tables.pull
        impulse = 1.0 - 2.0 * (np.arange(self.bins) % 2)  # its spectrum, in the middle of the window
        self.add_constants(
            window=tables.window,
            synthesis=tables.gain,
            steady=np.stack([tables.gain, none]),
            gated=np.stack([none, tables.gain]),
            overlap=tables.overlap,
            noise=constant_name("noise", NOISE_FRAMES, self.bins),
            centre=tables.centre,
            halves=np.where(np.arange(self.bins) % (n_fft // 2), 1.0, 0.5),
        )
        self.fourier = FourierConstants(n_fft)
        attack = np.stack([impulse, np.zeros(self.bins)])
        self.add_constants(attack=np.pad(attack, ((0, 0), (0, self.fourier.width - self.bins))))

    def initial_state(self, batch: int, device: Any = None, dtype: Any = None) -> ContinuationState:
        past, bands = (self.feedback.past, self.feedback.bands) if self.feedback else (0, 0)
        sizes = ((self.n_fft - self.hop,), (self.n_fft,), (self.bins,), (self.bins, 2), (past,), (bands,))
        zeros = (torch.zeros(batch, *size, device=device, dtype=dtype) for size in sizes)
        tail, newest, before, oscillators, done, lacking = zeros
        clock = torch.zeros(batch, device=device, dtype=torch.int64)
        return ContinuationState(tail, newest, before, oscillators + math.sqrt(0.5), done, lacking, clock)

    def forward(
        self,
        magnitude: Tensor,
        advance: Tensor,
        spread: Tensor,
        mel: Tensor | None = None,
        onsets: Onsets | None = None,
    ) -> Tensor:
        """Synthesise a whole sound [B, F * hop] from spectra [B, F, bins].

        In training there is no feedback, and gradients reach the magnitudes alone; the phases are
        constants.
        """
        state, parts, phasors = self.initial_state(magnitude.shape[0], magnitude.device, magnitude.dtype), [], []
        onsets = onsets and onsets._replace(bins=self._wide(onsets.bins))
        with torch.no_grad():
            carry, every = self._carry(state), self._inputs(magnitude, advance, spread, mel, onsets, state)
            for inputs in zip(*(x.unbind(0) for x in every), strict=True):
                carry, samples, phasor, last = self._next(carry, SpectrumInputs(*inputs))
                parts.append(samples)
                phasors.append(phasor)
        if self.training:
            phasors = [*phasors[1:], last]
            shares, gate = final_gains(onsets)
            gains = None if gate is None else self._gains(gate)
            frames = self._frames(self._plane(magnitude * self.halves), torch.stack(phasors, 1), shares, gains)
            return self._overlap_add(frames)
        tail, newest = carry[:2]
        late = torch.cat([*parts, (F.pad(tail, (0, self.hop)) + newest)[:, self._first :]], -1)
        return late[:, self.delay : self.delay + magnitude.shape[1] * self.hop]

    def step(
        self, magnitude: Tensor, advance: Tensor, spread: Tensor, state: ContinuationState, mel: Tensor | None = None,
        onsets: Onsets | None = None,
    ) -> tuple[Tensor, ContinuationState]:  # fmt: skip
        """Synthesise the next F spectra [B, F, bins] of a stream to samples [B, F * hop]."""
        count = magnitude.shape[1]
        onsets = onsets and onsets._replace(bins=self._wide(onsets.bins))
        carry, every = self._carry(state), self._inputs(magnitude, advance, spread, mel, onsets, state)
        if torch.compiler.is_exporting():  # a loop of any length inside the graph
            from torch._higher_order_ops.scan import scan

            carry, samples = scan(self._scan_step, carry, every)
        else:
            parts = []
            for inputs in zip(*(t.unbind(0) for t in every), strict=True):
                carry, part = self._scan_step(carry, inputs)
                parts.append(part)
            samples = torch.stack(parts)
        out = samples.transpose(0, 1).reshape(magnitude.shape[0], count * self.hop)
        tail, newest, oscillators, done, lacking = carry
        oscillators = oscillators[..., : self.bins].transpose(1, 2)
        clock = (state.clock + count) % NOISE_FRAMES
        return out, ContinuationState(tail, newest, magnitude[:, -1], oscillators, done, lacking, clock)

    def _inputs(
        self, magnitude: Tensor, advance: Tensor, spread: Tensor, mel: Tensor | None, onsets: Onsets | None,
        state: ContinuationState,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        """Return the fields of `SpectrumInputs` for all spectra [F, B, ...]."""
        magnitude, advance, spread = (x.transpose(0, 1) for x in (magnitude, advance, spread))
        tonality = _tonality(spread)
        deviation = (PARTIAL_DEVIATION + NOISE_DEVIATION * (1 - tonality)) * spread
        stride = self.centre + advance + deviation * self._noise(state.clock, magnitude.shape[0])
        magnitudes = torch.cat([state.before.unsqueeze(0), magnitude])
        log = torch.log(magnitudes.clamp_min(SILENCE))
        reset = self._plane(tonality * (log[1:] - log[:-1] - RISE).clamp(0.0, 1.0))
        halved, magnitudes = self._plane(magnitudes * self.halves), self._plane(magnitudes)
        floor = (AMBIGUOUS * magnitudes).clamp_min(1e-10).square()
        target = magnitude.new_zeros(*magnitude.shape[:2], 0) if mel is None else mel.transpose(0, 1)
        every: tuple[Tensor, ...] = (
            halved[1:], halved[:-1], floor[1:], floor[:-1], self.oscillators * magnitudes[1:] + 1e-9, reset,
            *rotation(self._wide(self.pull * advance)), *rotation(self._wide(stride)), target,
        )  # fmt: skip
        if onsets is not None:
            bands, bins, gate, gate_before = (x.transpose(0, 1) for x in onsets)
            every = (*every, bands, onset_shares(bins), self._gains(gate), self._gains(gate_before), gate_before)
        return every

    def _wide(self, bins: Tensor) -> Tensor:
        """Return numbers [..., bins] followed by zeros up to the width of a spectrum."""
        return F.pad(bins, (0, self.fourier.width - self.bins))

    def _plane(self, bins: Tensor) -> Tensor:
        """Return numbers [..., bins] as [..., 1, width], which scale both parts of a spectrum."""
        return self._wide(bins).unsqueeze(-2)

    def _carry(self, state: ContinuationState) -> Carry:
        """Return the part of a state that changes with every spectrum."""
        return state.tail, state.newest, self._wide(state.oscillators.transpose(1, 2)), state.done, state.lacking

    def _noise(self, clock: Tensor, count: int) -> Tensor:
        """Return the noise [count, B, bins] of the next spectra, for clocks [B]."""
        following = torch.arange(count, device=clock.device).float().unsqueeze(1)
        frames = (clock.float().unsqueeze(0) + following) % NOISE_FRAMES  # as floats: graphs' sizes are integers
        return F.embedding(frames.long(), self.noise)

    def _scan_step(self, carry: Carry, inputs: tuple[Tensor, ...]) -> tuple[Carry, Tensor]:
        """Synthesise one spectrum; return the next carry and the finished samples [B, hop]."""
        carry, samples, _, _ = self._next(carry, SpectrumInputs(*inputs))
        as_new = {"memory_format": torch.contiguous_format}  # a scan must not return views of its inputs
        tail, newest, oscillators, past, lacking = (t.clone(**as_new) for t in carry)
        return (tail, newest, oscillators, past, lacking), samples.clone(**as_new)

    def _next(self, carry: Carry, s: SpectrumInputs) -> tuple[Carry, Tensor, Tensor, Tensor]:
        """Synthesise one spectrum.

        Returns the next carry, the finished samples [B, hop], and the phasors [B, 2, width] of the
        spectrum before and of this one.
        """
        tail, newest, oscillators, past, lacking = carry
        oscillators = rotated(oscillators, s.step_cosine, s.step_sine)
        oscillators = to_unit(oscillators + s.reset * (self.attack - oscillators), OPPOSITE**2)
        committed = F.pad(tail, (0, self.hop))
        sounded = committed + newest
        phasor = self._phasor(F.pad(sounded[:, self.hop :], (0, self.hop)), oscillators, s)
        frame = self._frames(s.magnitude, phasor, s.onset_shares, s.gains)
        following = F.pad(frame[:, : -self.hop], (self.hop, 0))
        refined = to_unit(spectrum_of((sounded + following) * self.window, self.fourier.tables), s.floor_before)
        done = committed + self._frames(s.magnitude_before, refined, s.onset_shares, s.gains_before)
        if self.feedback is not None and not self.training:
            so_far = torch.cat([past, done + following, frame[:, -self.hop :]], -1)
            added, lacking = self.feedback(so_far, s.target, lacking, s.onset_bands, s.gate_before)
            done = done + added
            past = torch.cat([past[:, self.hop :], done[:, : self.hop]], -1)
        finished = done[:, self._first : self._first + self.hop]  # the next spectrum's silent samples too
        return (done[:, self.hop :], frame, oscillators, past, lacking), finished, refined, phasor

    def _phasor(self, sounded: Tensor, oscillators: Tensor, s: SpectrumInputs) -> Tensor:
        """Return a spectrum's phases as unit phasors [B, 2, width].

        `sounded` [B, n_fft] is the audio so far in its window.
        """
        windowed = sounded * self.window
        continued = rotated(spectrum_of(windowed, self.fourier.tables), s.cosine, s.sine)
        first = to_unit(continued + s.oscillator_weight * oscillators, s.floor)
        added = samples_of(s.magnitude * first, self.fourier.tables) * self.overlap
        return to_unit(spectrum_of(windowed + added, self.fourier.tables), s.floor)

    def _frames(
        self, magnitude: Tensor, phasor: Tensor, shares: Tensor | None = None, gains: Tensor | None = None
    ) -> Tensor:
        """Return windowed samples [..., n_fft] of magnitudes [..., 1, width] and unit phasors.

        The parts of each bin (`shares` [..., 2, 1, width]) that go on and that set in get these
        `gains` [..., 2, n_fft].
        """
        spectrum = magnitude * phasor
        if shares is None or gains is None:
            return samples_of(spectrum, self.fourier.tables) * self.synthesis
        return (samples_of(spectrum.unsqueeze(-3) * shares, self.fourier.tables) * gains).sum(-2)

    def _gains(self, gate: Tensor) -> Tensor:
        """Return windowed gains [..., 2, n_fft] of what goes on and what sets in with `gate`."""
        return self.steady + gate.unsqueeze(-2) * self.gated

    def _overlap_add(self, frames: Tensor) -> Tensor:
        """Return the sound [B, F * hop] of frames [B, F, n_fft]."""
        length, before = frames.shape[1] * self.hop, (self.n_fft - self.hop) // 2
        size = (1, length - self.hop + self.n_fft)
        late: Tensor = F.fold(frames.transpose(1, 2), size, (1, self.n_fft), stride=(1, self.hop))
        return late[:, 0, 0, before : before + length]


def _tonality(spread: Tensor) -> Tensor:
    """Return 1 for a partial, near 0 for noise, which would click if all its bins were reset."""
    return torch.exp(-spread.square())
