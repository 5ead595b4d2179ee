"""Tables of the parts of vocos: windows, gains and fits, computed in numpy from a vocoder's sizes.

The torch modules keep them as buffers; `inference.kernels` gives them to the native kernel.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from distill_engine.audio.arrays import Float64Array
from distill_engine.audio.mel import hann_window, mel_filterbank
from distill_engine.audio.mel_config import MelConfig
from distill_engine.vocoders.vocos.constant_tables import band_centres, mel_filters, onset_positions

NOISE_FRAMES = 1024  # spectra after which the oscillators' noise repeats
NO_FRAME = 1e3  # stands for the mel frames before the first
PAST_FRAMES = 3  # before the newest: the first of them ends before any onset near the spectrum being synthesised
SMOOTHING_BANDS = 6  # half-width of the smoothing over bands: single bands of noise rise and fall by chance
RAISE_FACTOR = 1.5  # multiplies what the mel feedback adds where the mel is too low
MINIMUM_COVERAGE = 0.5  # least share of a sample that is taken to be complete, when the missing share is compensated
NEIGHBOURHOOD = 2.5  # bands on either side of a bin that its moments are computed from; the outermost one fades out


class PhaseTables(NamedTuple):
    """Tables of `PhaseContinuation` for `n_fft` points and `hop`.

    Attributes:
        window: of the analysis [n_fft], scaled for orthonormal spectra.
        gain: of the synthesis [n_fft]; overlapping products of both windows sum to 1.
        overlap: product of both windows [n_fft], which brings a spectrum beside the audio so far.
        centre: phase advances [bins] of the bins per hop, radians.
        pull: by how many hops the centre of the audio so far precedes the window's.
    """

    window: Float64Array
    gain: Float64Array
    overlap: Float64Array
    centre: Float64Array
    pull: float


def fades(n_fft: int, hop: int, rise: int) -> Float64Array:
    """Return how far each sample [n_fft] of a spectrum sounds; spectra `hop` apart sum to 1.

    A Hann window, whose first half lasts only the `rise` samples before the centre.
    """
    from_centre = np.arange(n_fft) + 0.5 - n_fft / 2
    share = from_centre / np.where(from_centre < 0, rise, n_fft / 2)
    window = 0.5 + 0.5 * np.cos(np.pi * share.clip(-1.0, 1.0))
    return np.asarray(window / np.tile(window.reshape(-1, hop).sum(0), n_fft // hop))


def phase_tables(n_fft: int, hop: int, rise: int) -> PhaseTables:
    """Return the tables of `PhaseContinuation`."""
    at = np.arange(n_fft) + 0.5
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * at / n_fft)
    window = np.sqrt(hann)
    synthesis = fades(n_fft, hop, rise) / window
    # The audio so far lies in the early part of the next window
    sounded = np.pad(hann * synthesis, (0, n_fft))
    past = window * sum(sounded[j * hop : j * hop + n_fft] for j in range(1, n_fft // hop))
    pull = float(n_fft / 2 - at @ past / past.sum()) / hop
    centre = 2 * np.pi * (np.arange(n_fft // 2 + 1) * hop % n_fft) / n_fft
    scale = math.sqrt(n_fft)
    return PhaseTables(
        window / scale, synthesis * (scale * 2.0 / n_fft), window * synthesis * (2.0 / n_fft), centre, pull
    )


class FeedbackTables(NamedTuple):
    """Tables of `MelFeedback`.

    Attributes:
        ear: the mel's window [window], divided by how complete samples are; it keeps its energy.
        fade: gain [n_fft] of what is added.
        shares: by which bins [bins of the mel] divide the sums of their bands.
    """

    ear: Float64Array
    fade: Float64Array
    shares: Float64Array


def feedback_tables(bands: int, n_fft: int, hop: int, rise: int) -> FeedbackTables:
    """Return the tables of `MelFeedback` for windows of `n_fft` samples, `hop` apart."""
    config = MelConfig(bands=bands)
    past = (config.window - n_fft) // 2
    window = hann_window(config.window).astype(np.float64)
    fade = fades(n_fft, hop, rise)
    stop = window.size + n_fft
    coverage = np.zeros(stop + n_fft + hop)
    for start in range(past + hop, -n_fft, -hop):  # of the spectra up to the one after the window's
        coverage[n_fft + start : 2 * n_fft + start] += fade
    coverage = coverage[n_fft:stop]
    ear = window / np.maximum(coverage, MINIMUM_COVERAGE)
    ear *= math.sqrt(np.square(window).sum() / np.square(ear * coverage).sum())
    shares = 1.0 / np.maximum(mel_filters(bands).sum(0), 1e-9).astype(np.float64)
    return FeedbackTables(ear, np.asarray(RAISE_FACTOR * 2.0 / config.window * fade, np.float64), shares)


class ReadingTables(NamedTuple):
    """Tables of `MelMagnitudes`; each is [bins] but for `heights` [bands] and `lobe`, a number.

    Attributes:
        offset: from interpolated log-mels to log-magnitudes of noise, nats.
        heights: of the mel filters, relative to their sums.
        lobe: variance of the analysis window's own lobe, squared radians per hop.
        spacing: squared distance of the bands around a bin, squared radians per hop.
        gain: of an isolated partial, nats (see `_isolated_gain`).
        wide: 1 where bands are twice as wide as the main lobe, 0 where they are no wider.
    """

    offset: Float64Array
    heights: Float64Array
    lobe: float
    spacing: Float64Array
    gain: Float64Array
    wide: Float64Array


def reading_tables(bands: int, n_fft: int, hop: int) -> ReadingTables:
    """Return the tables of `MelMagnitudes`."""
    config = MelConfig(bands=bands)
    radians = 2 * np.pi * hop / config.sample_rate  # phase advance per hop of 1 Hz
    centres, sums = band_centres(bands)
    spacing = np.interp(_bins(n_fft), centres, np.gradient(centres)) * radians
    return ReadingTables(
        offset=_implied_magnitude(bands, n_fft)[1][:, 0],
        heights=mel_filterbank(MelConfig(bands=bands, area_norm=False)).sum(1) / sums,
        lobe=0.5 * (config.sample_rate / config.n_fft * radians) ** 2,
        spacing=spacing**2,
        gain=_isolated_gain(bands, n_fft),
        wide=np.clip(spacing * n_fft / (2 * np.pi * hop) - 1.0, 0.0, 1.0),
    )


class OnsetTables(NamedTuple):
    """Tables of `OnsetDetector`.

    Attributes:
        beside: weights [2 * SMOOTHING_BANDS - 1] of neighbouring bands.
        sums: of those weights that lie within the bands [bands].
        shown: energy [PAST_FRAMES, 2 * spectra per frame, ONSET_POSITIONS] that each frame, the
            newest first, shows of a step at each position: around each spectrum, then the one
            before it.
    """

    beside: Float64Array
    sums: Float64Array
    shown: Float64Array


def onset_tables(bands: int, n_fft: int, hop: int) -> OnsetTables:
    """Return the tables of `OnsetDetector`."""
    config = MelConfig(bands=bands)
    spectra = config.hop // hop
    smoothing = 1.0 - np.abs(np.arange(-SMOOTHING_BANDS + 1, SMOOTHING_BANDS)) / SMOOTHING_BANDS
    newest = (spectra / 2 - 0.5 - np.arange(spectra)) * hop
    frames = np.concatenate([newest, newest + hop])[:, None, None] - config.hop * np.arange(PAST_FRAMES)[:, None]
    shown = _energy_after(onset_positions(n_fft) - frames, config.window).transpose(1, 0, 2)
    return OnsetTables(smoothing, np.convolve(np.ones(bands), smoothing, "same"), shown)


def _implied_magnitude(bands: int, n_fft: int) -> tuple[Float64Array, Float64Array]:
    """Return the matrix [bins, bands] and offset [bins, 1] from a log-mel to log-magnitudes.

    The spectra have `n_fft` points. The matrix interpolates linearly between band centres in Hz.
    The offset removes each band's filter sum and the gain of the analysis window on noise, so that
    noise keeps its level.
    """
    config = MelConfig(bands=bands)
    centres, sums = band_centres(bands)
    bins = _bins(n_fft)
    matrix = np.stack([np.interp(bins, centres, row) for row in np.eye(bands)], axis=1)
    window_gain = np.sqrt(np.square(hann_window(config.window).astype(np.float64)).sum())
    return matrix, (-(matrix @ np.log(sums)) - np.log(window_gain))[:, None]


def _bins(n_fft: int) -> Float64Array:
    """Return the bins' frequencies [n_fft // 2 + 1] in Hz."""
    return np.asarray(np.fft.rfftfreq(n_fft, 1.0 / MelConfig().sample_rate), np.float64)


@cache
def _isolated_gain(bands: int, n_fft: int) -> Float64Array:
    """Return the log-ratio [bins] of an isolated partial's magnitudes to those its mel implies.

    In nats, over 20 bins on either side of a partial at each bin. The implied magnitudes are those
    of noise with the same mel.
    """
    config = MelConfig(bands=bands)
    matrix, offset = _implied_magnitude(bands, n_fft)
    count = n_fft // 2 + 1

    mel = np.log(np.maximum(_sine_spectra(config.n_fft, n_fft) @ mel_filterbank(config).T, config.floor))
    implied = np.exp(mel @ matrix.T + offset.T)
    around = np.abs(np.arange(count)[:, None] - np.arange(count)) <= 20
    gain: Float64Array = np.log(
        (_sine_spectra(n_fft, n_fft) / np.sqrt(n_fft) * around).sum(1) / (implied * around).sum(1)
    )
    return gain


def _sine_spectra(size: int, n_fft: int) -> Float64Array:
    """Return magnitudes [n_fft // 2 + 1, size // 2 + 1] of windowed sines of amplitude 0.2.

    Each sine lies on a bin of `n_fft` points, the first on 1 Hz. `size` is a multiple of `n_fft`,
    so a sine has three lines; only beside the ends, where those of its mirror image meet them, it
    has to be transformed.
    """
    count, step = n_fft // 2 + 1, size // n_fft
    magnitudes = np.zeros((count, size // 2 + 1))
    inner = np.arange(2, count - 2)
    for line, share in ((-1, 0.025), (0, 0.05), (1, 0.025)):
        magnitudes[inner, inner * step + line] = share * size
    ends = np.array([0, 1, count - 2, count - 1])
    turns = np.maximum(_bins(n_fft)[ends], 1.0)[:, None] / MelConfig().sample_rate * np.arange(size)
    magnitudes[ends] = np.abs(np.fft.rfft(0.2 * np.cos(2 * np.pi * turns + np.pi / 4) * hann_window(size)))
    return magnitudes


def _energy_after(positions: Float64Array, window: int) -> Float64Array:
    """Return the fraction of a squared window's energy that lies after each position.

    `positions` [...] are in samples from the window's centre; fractions [...] are 0 to 1.
    """
    squared = np.square(hann_window(window).astype(np.float64))
    sums = np.concatenate([[0.0], np.cumsum(squared[::-1])]) / squared.sum()
    fractions: Float64Array = np.interp(window / 2 - positions, np.arange(window + 1), sums)
    return fractions
