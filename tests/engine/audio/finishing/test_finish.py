"""A finished sound: levels, ceilings, fades, loops, single sounds, slices."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from distill_engine.audio.finishing.dither import SHAPING, Quantiser
from distill_engine.audio.finishing.finish import Finish, finished
from distill_engine.audio.finishing.onsets import onsets
from distill_engine.audio.finishing.true_peak import true_peak
from distill_engine.audio.levels import gain_to_db
from distill_engine.audio.measuring.loudness import loudness_lufs
from distill_engine.errors import ConfigError

RATE = 44100
RNG = np.random.default_rng(0)


def _strokes(times: tuple[float, ...], seconds: float = 1.5, decay: float = 0.03) -> np.ndarray:
    """Return strokes of noise [2, T] that die away."""
    out = np.zeros((2, round(seconds * RATE)), np.float32)
    for time in times:
        rest = out.shape[1] - round(time * RATE)
        out[:, -rest:] += 0.5 * RNG.standard_normal(rest) * np.exp(-np.arange(rest) / decay / RATE)
    return out


def test_nothing_is_done_without_options():
    x = RNG.standard_normal((2, 100)).astype(np.float32)
    assert not Finish().needs_all
    assert np.array_equal(finished(x, RATE, Finish()).samples, x)


@pytest.mark.parametrize("rate", [44100, 96000])
def test_the_true_peak_is_that_between_the_samples(rate):
    t = np.arange(rate // 4) / rate
    x = (0.5 * np.sin(2 * np.pi * rate / 4 * t + np.pi / 4) * np.hanning(len(t)))[None].astype(
        np.float32
    )  # samples lie 3 dB below the peak
    assert gain_to_db(float(np.abs(x).max())) == pytest.approx(-9.03, abs=0.01)
    assert gain_to_db(true_peak(x, rate)) == pytest.approx(-6.02, abs=0.05)


@pytest.mark.parametrize("ceiling", [-1.0, -6.0])
def test_no_true_peak_passes_the_ceiling_and_loudness_is_reached(ceiling):
    x = 0.2 * RNG.standard_normal((2, 3 * RATE)).astype(np.float32)
    x[:, RATE] = 0.99
    out = finished(x, RATE, Finish(lufs=-18.0, ceiling_db=ceiling))
    assert loudness_lufs(out.samples, RATE) == pytest.approx(-18.0, abs=0.1)
    fine = soxr.resample(out.samples.T, RATE, 8 * RATE, quality="VHQ")  # another oversampling than the limiter's
    assert gain_to_db(float(np.abs(fine).max())) <= ceiling + 0.1
    assert any("LUFS" in note for note in out.notes)


def test_what_is_below_the_ceiling_stays_as_it_is():
    x = 0.1 * RNG.standard_normal((2, RATE)).astype(np.float32)
    assert np.array_equal(finished(x, RATE, Finish(ceiling_db=-1.0)).samples, x)


def test_silence_has_no_loudness_to_reach():
    out = finished(np.zeros((2, RATE), np.float32), RATE, Finish(lufs=-14.0))
    assert not out.samples.any()
    assert "too quiet" in out.notes[0]


def test_fades_begin_and_end_in_silence():
    out = finished(np.ones((2, RATE), np.float32), RATE, Finish(fade_in=0.1, fade_out=0.5)).samples
    assert out[0, 0] == 0.0
    assert abs(out[0, -1]) < 1e-6
    assert out[0, RATE // 10 : RATE // 2].min() == 1.0


def test_a_loop_has_no_step_at_its_seam():
    t = np.arange(3 * RATE) / RATE
    tone = 0.4 * np.sin(2 * np.pi * 220.3 * t) * (1 + 0.2 * np.sin(2 * np.pi * 1.7 * t))
    out = finished(np.stack([tone, tone]).astype(np.float32), RATE, Finish(loop=True))
    assert out.loop is not None
    assert out.loop.end == out.samples.shape[1]
    seam = np.concatenate([out.samples[0, -64:], out.samples[0, out.loop.start : out.loop.start + 64]])
    assert np.abs(np.diff(seam, 2)).max() < 1.2 * np.abs(np.diff(tone, 2)).max()
    with pytest.raises(ConfigError, match="too short to loop"):
        finished(np.ones((2, 1000), np.float32), RATE, Finish(loop=True))


def test_a_single_sound_begins_with_its_attack_and_ends_when_it_has_died():
    x = _strokes((0.4,))
    out = finished(x, RATE, Finish(one_shot=True))
    attack = np.flatnonzero(np.abs(out.samples[0]) > 0.05)[0]
    assert 0 < attack < 0.008 * RATE
    assert 0.15 < out.samples.shape[1] / RATE < 0.4  # a decay of 0.03 s loses 60 dB in 0.21 s
    assert np.abs(out.samples[:, -10:]).max() < 1e-3
    endless = finished(0.1 * RNG.standard_normal((2, RATE)).astype(np.float32), RATE, Finish(one_shot=True))
    assert any("has not died" in note for note in endless.notes)
    assert abs(endless.samples[0, -1]) < 1e-4
    noise = 0.1 * RNG.standard_normal((2, RATE)).astype(np.float32)
    noise[:, -2000:] *= np.linspace(1, 0, 2000, dtype=np.float32)  # as every performance ends, and is silent then
    played = np.concatenate([noise, np.zeros((2, 920), np.float32)], 1)
    cut = finished(played, RATE, Finish(one_shot=True))
    assert any("has not died" in note for note in cut.notes)
    assert np.abs(cut.samples[:, -4000:]).max() < 0.3 * np.abs(cut.samples).max()
    nothing = finished(np.zeros((2, RATE), np.float32), RATE, Finish(one_shot=True))
    assert nothing.samples.shape[1] > 0


def test_attacks_are_found_to_a_few_milliseconds():
    times = (0.1, 0.45, 0.8, 1.2)
    found = np.array(onsets(_strokes(times), RATE)) / RATE
    assert len(found) == len(times)
    assert np.all((np.array(times) - found >= -0.001) & (np.array(times) - found < 0.008))


def test_shaped_noise_is_quieter_where_it_is_heard_and_silence_stays():
    tone = (0.001 * np.sin(2 * np.pi * 440 * np.arange(1 << 16) / RATE)).astype(np.float32)[:, None]
    powers = {}
    for rate in (44100, 32000):  # at 32 kHz it is not shaped
        error = Quantiser("PCM_16", 1, rate).process(tone)[:, 0] / 32768 - tone[:, 0]
        spectrum = np.square(np.abs(np.fft.rfft(error.reshape(-1, 1024) * np.hanning(1024)))).mean(axis=0)
        powers[rate] = 10 * np.log10(spectrum[60:100].mean())  # 2.6 to 4.3 kHz
    quantiser = Quantiser("PCM_16", 1, RATE)
    if not isinstance(quantiser._native, str):
        assert powers[44100] < powers[32000] - 12
    mixed = np.concatenate([tone[:1000], np.zeros((1000, 1), np.float32)])
    assert not quantiser.process(mixed)[1000:].any()
    whole = Quantiser("PCM_16", 1, RATE).process(tone)
    parts = Quantiser("PCM_16", 1, RATE)
    assert np.array_equal(np.concatenate([parts.process(tone[:777]), parts.process(tone[777:])]).shape, whole.shape)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lufs": 3.0}, "--lufs 3 is out of range: give -60 to -5 LUFS"),
        ({"ceiling_db": 1.0}, "--ceiling 1 is out of range"),
        ({"fade_in": float("nan")}, "--fade-in nan"),
        ({"loop": True, "fade_out": 1.0}, "no beginning and no end"),
    ],
)
def test_what_is_not_possible_is_refused(options, said):
    with pytest.raises(ConfigError, match=said):
        Finish(**options)


def test_the_kernel_shapes_noise_as_the_recursion_says():
    quantiser = Quantiser("PCM_16", 2, RATE)
    if isinstance(quantiser._native, str):
        pytest.skip("no native kernels here")
    x = (0.01 * RNG.standard_normal((500, 2))).astype(np.float32)
    x[100:150] = 0.0
    noise = np.random.default_rng(0)
    steps = noise.random(x.shape) - noise.random(x.shape)
    wanted, errors = np.zeros(x.shape, np.int16), np.zeros((2, 5))
    for n, channel in np.ndindex(x.shape):
        value = float(x[n, channel]) * 32768.0
        if value == 0.0:
            errors[channel] = 0.0
            continue
        value -= float(SHAPING @ errors[channel])
        wanted[n, channel] = np.rint(value + float(steps[n, channel]))
        errors[channel] = [np.clip(wanted[n, channel] - value, -2, 2), *errors[channel, :4]]
    assert np.array_equal(quantiser.process(x), wanted)
