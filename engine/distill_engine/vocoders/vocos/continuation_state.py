"""What phase continuation works on: its state, and its inputs for one spectrum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


class SpectrumInputs(NamedTuple):
    """Inputs of the recurrence for one spectrum, computed for many spectra at once beforehand.

    Without another shape they are [B, 1, width]. Beyond the bins all are 0.
    """

    magnitude: Tensor  # first and last bin halved, as `samples_of` needs them
    magnitude_before: Tensor  # of the spectrum before
    floor: Tensor  # for `to_unit`
    floor_before: Tensor
    oscillator_weight: Tensor
    reset: Tensor  # how far oscillators are reset to an attack's phases, 0 to 1
    cosine: Tensor  # rotation of the spectrum of the audio so far
    sine: Tensor  # [B, 2, width]
    step_cosine: Tensor  # rotation of the oscillators
    step_sine: Tensor  # [B, 2, width]
    target: Tensor  # log-mel [B, bands] of the spectrum before
    onset_bands: Tensor | None = None  # [B, bands], as in `Onsets`
    onset_shares: Tensor | None = None  # [B, 2, 1, width]: shares of each bin that go on and that set in
    gains: Tensor | None = None  # [B, 2, n_fft]: window and gains of those two parts
    gains_before: Tensor | None = None  # [B, 2, n_fft]
    gate_before: Tensor | None = None  # [B, n_fft], as in `Onsets`


@dataclass
class ContinuationState:
    """State of a PhaseContinuation.

    Attributes:
        tail: samples [B, n_fft - hop] that later spectra still add to.
        newest: samples [B, n_fft] of the last spectrum, whose phases the next one still refines.
        before: magnitudes [B, bins] of the last spectrum.
        oscillators: unit phasors [B, bins, 2].
        done: finished samples [B, past] before `tail`.
        lacking: running mean of the feedback's error [B, bands], nats.
        clock: spectra so far, modulo NOISE_FRAMES [B].
    """

    tail: Tensor
    newest: Tensor
    before: Tensor
    oscillators: Tensor
    done: Tensor
    lacking: Tensor
    clock: Tensor
