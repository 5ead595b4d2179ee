"""The ring never runs out with a click, and never gives back anything but what was written."""

import numpy as np
import pytest

pytest.importorskip("sounddevice", reason="PortAudio is not installed", exc_type=OSError)  # type: ignore[arg-type]

import rtmixer

from distill_engine.audio_io.ring import TailedRing, ring_size

RATE = 48000
JUMP = 0.12  # the largest step of the sine below, and of its fades


def make_ring(size=4096, channels=2):
    return TailedRing(rtmixer.RingBuffer(4 * channels, size), channels, RATE)


def sine(start, count, channels=2):
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(start, start + count) / RATE)
    return np.tile(wave[:, None], (1, channels)).astype(np.float32)


def take(ring, count):
    """What the callback would play: all that is there, then silence."""
    raw = np.frombuffer(ring.ring.read(min(count, ring.ring.read_available)), np.float32).reshape(-1, ring.channels)
    out = np.zeros((count, ring.channels), np.float32)
    out[: len(raw)] = raw
    return out


@pytest.mark.parametrize("block", [93, 512, 557, 1024])
def test_what_is_written_is_what_is_played(block):
    ring = make_ring()
    played, written = [], 0
    for _ in range(40):
        while ring.fill < 1100:
            ring.write(sine(written, block))
            written += block
        played.append(take(ring, 256))
    heard = np.concatenate(played)
    expected = sine(0, len(heard))
    assert np.array_equal(heard[ring.tail :], expected[ring.tail :])
    assert np.abs(heard[: ring.tail]).max() <= np.abs(expected[: ring.tail]).max()


def test_running_out_fades_instead_of_clicking():
    ring = make_ring()
    for index in range(3):
        assert ring.write(sine(512 * index, 512)) is (index > 0)
    heard = np.concatenate([take(ring, 256) for _ in range(10)])
    assert np.abs(np.diff(heard[:, 0])).max() < JUMP
    assert np.abs(heard[-256:]).max() == 0
    assert ring.empty


def test_sound_after_running_out_fades_in_and_is_reported():
    ring = make_ring()
    ring.write(sine(0, 512))
    first = take(ring, 2000)
    assert ring.write(sine(2000, 512)) is False
    assert ring.write(sine(2512, 512)) is True
    heard = np.concatenate([first, take(ring, 2000)])
    assert np.abs(np.diff(heard[:, 0])).max() < JUMP
    assert np.array_equal(heard[2000 + ring.tail : 3024], sine(2000, 1024)[ring.tail :])


def test_a_block_in_the_middle_of_the_tail_is_late_and_joins_without_a_click():
    ring = make_ring()
    ring.write(sine(0, 512))
    heard = [take(ring, 512 + ring.tail // 2)]
    assert ring.fill < 0
    assert ring.write(sine(600, 512)) is False
    heard.append(take(ring, 400))
    assert np.abs(np.diff(np.concatenate(heard)[:, 0])).max() < JUMP


def test_silence_comes_within_one_period_and_stays():
    ring = make_ring()
    for index in range(4):
        ring.write(sine(512 * index, 512))
    heard = [take(ring, 256)]
    ring.silence(256)
    ring.write(sine(2048, 512))
    heard += [take(ring, 256) for _ in range(6)]
    joined = np.concatenate(heard)[:, 0]
    assert np.abs(joined[512:]).max() == 0
    assert np.abs(np.diff(joined)).max() < JUMP
    ring.muted = False
    ring.write(sine(0, 512))
    assert np.abs(take(ring, 2000)).max() > 0.4


def test_more_than_there_is_room_for_is_left_out():
    ring = make_ring(1024, channels=1)
    ring.write(sine(0, 5000, 1))
    assert 0 < ring.fill <= 1024
    assert ring.room() == 0


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 192000])
def test_the_ring_is_a_power_of_two_of_at_least_half_a_second(rate):
    size = ring_size(rate)
    assert size & (size - 1) == 0
    assert size > 0.5 * rate
