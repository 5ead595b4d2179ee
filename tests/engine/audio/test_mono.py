"""Channels become one without losing what cancels, in blocks of any size."""

from __future__ import annotations

import numpy as np
import pytest

from distill_engine.audio.mono import MonoMixer, mix_to_mono

T = np.arange(44100) / 44100


def test_mixing_keeps_the_level_of_what_sounds() -> None:
    tone = (0.5 * np.sin(2 * np.pi * 200 * T)).astype(np.float32)
    silent = np.zeros_like(tone)
    mono, note = mix_to_mono(np.stack([tone, silent]))
    np.testing.assert_array_equal(mono, tone)
    assert "1 of 2 channels are silent" in note
    mono, note = mix_to_mono(np.stack([tone, tone]))
    np.testing.assert_allclose(mono, tone, atol=1e-7)
    assert note == ""
    mono, note = mix_to_mono(np.stack([tone, tone, silent, silent, silent, silent]))
    np.testing.assert_allclose(mono, tone, atol=1e-7)


def test_channels_that_cancel_are_not_lost() -> None:
    tone = (0.5 * np.sin(2 * np.pi * 200 * T)).astype(np.float32)
    mono, note = mix_to_mono(np.stack([0.9 * tone, -tone]))
    np.testing.assert_allclose(mono, -tone, atol=1e-4)
    assert "cancel" in note
    assert not mix_to_mono(np.zeros((2, 10), np.float32))[0].any()


def test_a_channel_that_inverts_midway_is_heard_throughout() -> None:
    tone = (0.25 * np.sin(2 * np.pi * 200 * T)).astype(np.float32)
    mono, note = mix_to_mono(np.stack([tone, np.where(T < 0.5, tone, -tone)]))
    level = np.sqrt(np.mean(mono.reshape(-1, 2205) ** 2, axis=1))
    assert level.min() > 0.6 * level.max()  # where it inverts, for less than a spectrum
    assert np.median(level) > 0.99 * level.max()
    assert "cancel each other in" in note


def test_a_band_that_cancels_is_heard_and_the_others_stay() -> None:
    low, high = (0.2 * np.sin(2 * np.pi * hertz * T).astype(np.float32) for hertz in (200, 6000))
    mono, note = mix_to_mono(np.stack([low + high, low - high]))
    np.testing.assert_allclose(mono[2048:-2048], (low + high)[2048:-2048], atol=2e-3)
    assert "in 50% of the sound" in note


def test_incoherent_channels_are_plainly_averaged() -> None:
    noise = (0.1 * np.random.default_rng(0).standard_normal((2, 44100))).astype(np.float32)
    mono, note = mix_to_mono(noise)
    assert note == ""
    assert np.sqrt(np.mean((mono - noise.mean(axis=0)) ** 2)) < 0.03 * np.sqrt(np.mean(mono**2))


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_blocks_of_any_size_give_the_whole(channels: int) -> None:
    rng = np.random.default_rng(1)
    sound = rng.standard_normal((channels, 20_000)).astype(np.float32)
    sound[-1, 5000:9000] = -sound[0, 5000:9000]
    whole, _ = mix_to_mono(sound)
    mixer = MonoMixer(channels)
    cuts = np.split(sound, np.sort(rng.integers(0, 20_000, 30)), axis=1)
    parts = np.concatenate([*map(mixer.process, cuts), mixer.flush()])
    np.testing.assert_allclose(parts, whole, atol=1e-5)
