"""Make `head.npz`: what a head does to sound from each direction, for the binaural output.

The source is the MIT Media Lab's set of the KEMAR dummy head with normal pinnae, as arrays `ir`
[directions, ears, samples], `azimuth_deg` (counter-clockwise), `elevation_deg` and `sample_rate`.
Both ears of the set are one ear mirrored, so the left one is kept. Each response becomes a delay
and a minimum phase. The mean over all directions is divided out, which takes the measurement's
loudspeaker out as well.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

POINTS = 4096  # of the Fourier transforms
TAPS = 128  # samples that are kept of a minimum phase: 1.2 dB RMS from the whole
FADE_SAMPLES = 24  # at the end of what is kept
LOWEST_HZ, HIGHEST_HZ = 200.0, 16000.0  # beyond them the loudspeaker gave little; the edge's value holds
QUIETEST = 1e-3  # magnitude of the deepest notch, linear
HEARD_DELAY_HZ = 1600.0  # above it the ears hear no phase
NEIGHBOURS = 3  # directions on either side over which the ears' common delay is smoothed
FINENESS = 16  # steps of a delay in a sample
CITATION = (
    "Head-related impulse responses of a KEMAR dummy head, measured by Bill Gardner and Keith Martin, MIT Media Lab, "
    "1994. Copyright 1994 by the MIT Media Laboratory; provided free with no restrictions on use, provided the "
    "authors are cited when the data is used in any research or commercial application."
)

Array = npt.NDArray[np.float64]


def write_head(source: Path, output: Path) -> float:
    """Write the asset from the measured responses; return the RMS error of its magnitudes in dB."""
    measured = np.load(source)
    responses, rate = measured["ir"][:, 0].astype(np.float64), float(measured["sample_rate"])
    azimuths, elevations = (measured[f"{name}_deg"].astype(np.float64) for name in ("azimuth", "elevation"))
    frequencies = np.fft.rfftfreq(POINTS, 1 / rate)
    wanted = equalised(np.abs(np.fft.rfft(responses, POINTS)), elevations, frequencies)
    whole = minimum_phase(wanted)
    kept = whole[:, :TAPS].copy()
    kept[:, -FADE_SAMPLES:] *= np.cos(np.linspace(0, np.pi / 2, FADE_SAMPLES)) ** 2
    delays = np.array([delay(one, own) for one, own in zip(responses, minimum_phase_of(responses), strict=True)])
    opposite = mirrored(azimuths, elevations)
    between = lags(responses, responses[opposite], rate) - lags(kept, kept[opposite], rate)
    delays = (smoothed(delays + delays[opposite], azimuths, elevations) + between) / 2
    peaks = np.abs(kept).max(axis=1)
    order = np.lexsort((azimuths, elevations))
    np.savez_compressed(
        output,
        taps=np.rint(kept / peaks[:, None] * 32767).astype(np.int16)[order],
        peaks=peaks.astype(np.float32)[order],
        delays=(delays - delays.min()).astype(np.float32)[order],
        azimuths=azimuths.astype(np.float32)[order],
        elevations=elevations.astype(np.float32)[order],
        citation=np.frombuffer(CITATION.encode(), np.uint8),
    )
    heard = (frequencies > 100) & (frequencies < 15000)
    error = 20 * np.log10(np.abs(np.fft.rfft(kept, POINTS))[:, heard] / wanted[:, heard])
    return float(np.sqrt(np.mean(error**2)))


def equalised(magnitudes: Array, elevations: Array, frequencies: Array) -> Array:
    """Return magnitudes [directions, bins] over their mean power on the sphere, smoothed by thirds of an octave."""
    rings = [elevations == elevation for elevation in np.unique(elevations)]
    area = np.zeros(len(elevations))
    for ring in rings:
        area[ring] = max(np.cos(np.deg2rad(elevations[ring][0])), 0.02) / ring.sum()
    power = np.average(magnitudes**2, axis=0, weights=area)
    sums = np.concatenate([[0.0], np.cumsum(power)])
    bins = np.arange(len(power))
    low = (bins * 2 ** (-1 / 6)).astype(int)
    high = np.minimum(np.ceil(bins * 2 ** (1 / 6)).astype(int) + 1, len(power))
    flat = magnitudes / np.sqrt((sums[high] - sums[low]) / (high - low))
    first, last = np.searchsorted(frequencies, (LOWEST_HZ, HIGHEST_HZ))
    flat[:, :first] = flat[:, first : first + 1]
    flat[:, last:] = np.minimum(flat[:, last:], flat[:, last : last + 1])
    return np.asarray(np.maximum(flat, QUIETEST))


def minimum_phase(magnitudes: Array) -> Array:
    """Return the minimum phases [n, POINTS] of magnitudes [n, bins], through the real cepstrum."""
    cepstrum = np.fft.irfft(np.log(magnitudes), POINTS)
    cepstrum[:, 1 : POINTS // 2] *= 2.0
    cepstrum[:, POINTS // 2 + 1 :] = 0.0
    return np.fft.irfft(np.exp(np.fft.rfft(cepstrum)), POINTS)


def minimum_phase_of(responses: Array) -> Array:
    """Return the minimum phases [n, POINTS] of responses [n, samples]."""
    return minimum_phase(np.maximum(np.abs(np.fft.rfft(responses, POINTS)), 1e-9))


def mirrored(azimuths: Array, elevations: Array) -> npt.NDArray[np.intp]:
    """Return for each direction [n] the one on the other side of the head."""
    off = np.abs((azimuths[:, None] + azimuths[None, :] + 180) % 360 - 180)
    return np.argmin(off + 1e3 * np.abs(elevations[:, None] - elevations[None, :]), axis=1)


def smoothed(values: Array, azimuths: Array, elevations: Array) -> Array:
    """Return values [n] without jumps from azimuth to azimuth: medians, then means, over neighbours."""
    out = values.copy()
    for elevation in np.unique(elevations):
        ring = np.flatnonzero(elevations == elevation)
        ring = ring[np.argsort(azimuths[ring])]
        if len(ring) > 2 * NEIGHBOURS:
            for mean in (np.median, np.mean):
                around = [np.roll(out[ring], shift) for shift in range(-NEIGHBOURS, NEIGHBOURS + 1)]
                out[ring] = mean(around, axis=0)
    return out


def lags(left: Array, right: Array, rate: float) -> Array:
    """Return by how many samples the left ears [n, samples] hear later than the right, below 1.6 kHz.

    Interaural delays are heard there, and are longer than those of the first arrivals.
    """
    low = np.fft.rfftfreq(POINTS, 1 / rate) < HEARD_DELAY_HZ
    agreement = np.fft.rfft(left, POINTS) * np.conj(np.fft.rfft(right, POINTS)) * low
    size = POINTS * FINENESS
    found = np.argmax(np.fft.irfft(agreement, size), axis=1)
    return np.where(found > size // 2, found - size, found) / FINENESS


def delay(response: Array, own: Array) -> float:
    """Return by how many samples a response lies behind its minimum phase: where they agree most."""
    spectrum = np.fft.rfft(response, POINTS) * np.conj(np.fft.rfft(own, POINTS))
    agreement = np.fft.irfft(spectrum, POINTS * FINENESS)
    return float(np.argmax(agreement) / FINENESS)
