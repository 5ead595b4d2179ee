"""The synth thread: what it is asked is done between blocks, late blocks are counted with their cause, and panic is at once."""

import threading
import time
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from distill_engine.audio_io.output import ClockOutput
from distill_engine.errors import ControlError
from distill_engine.live.performer import BlockSettings, Performer
from distill_engine.live.scheduling import TargetConfig, Underrun
from distill_engine.realtime.shared_memory import ParameterReader, ParameterWriter, SharedBlock

pytestmark = pytest.mark.realtime


class Sine:
    """A synth that plays a sine and can be made slow."""

    hop, sample_rate, alignment_samples, channels = 512, 44100, 0, 2

    def __init__(self):
        self.applied, self.slow, self.quiet, self.done = [], 0.0, False, 0
        self.loop, self.tick, self.ticks_waiting = self, 128, 0
        self.keys, self.cost = self, 1.0

    def apply(self, parameter_index, value, glide_seconds=0.0):
        if parameter_index == 3:
            raise ControlError("parameter 3 is broken")
        self.applied.append((parameter_index, value, glide_seconds))

    def compute(self, hops, samples=None):
        time.sleep(self.slow)
        self.ticks_waiting += hops * self.hop // self.tick
        return hops

    def put_out(self, ticks):
        ticks = min(ticks, self.ticks_waiting)
        self.ticks_waiting -= ticks
        count = ticks * self.tick
        wave = np.sin(2 * np.pi * 440 * np.arange(self.done, self.done + count) / self.sample_rate)
        self.done += count
        return np.tile(0.0 if self.quiet else 0.5 * wave, (2, 1)).astype(np.float32)

    def stop(self):
        self.quiet = True

    def panic(self):
        self.quiet = True

    def take_reports(self):
        return []


class Kept(ClockOutput):
    """The clock, keeping what it takes."""

    def __init__(self):
        super().__init__(44100)
        self.blocks = []

    def _keep(self, frames):
        self.blocks.append(frames.copy())


@pytest.fixture
def stage():
    block = SharedBlock.create([0.0] * 4, 1)
    notices: list[Any] = []
    synth = Sine()
    performer = Performer(
        synth,
        ParameterReader(block),
        BlockSettings(expected_seconds=0.001, target=TargetConfig(margin=0.05)),
        notice=notices.append,
    )
    output = Kept()
    performer.switch(output)
    performer.start()
    yield performer, synth, ParameterWriter(block), output, notices
    assert performer.stop()
    assert performer.failure is None


def wait(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_parameters_reach_the_synth_with_their_glides(stage):
    _, synth, writer, _, notices = stage
    writer.set(1, 0.5, 2.0)
    wait(lambda: synth.applied)
    assert synth.applied == [(1, 0.5, 2.0)]
    writer.set(3, 1.0)
    wait(lambda: notices)
    assert notices[0].message == "parameter 3 is broken"


def test_what_comes_while_a_hop_is_computed_acts_on_what_is_put_out_after_it():
    block = SharedBlock.create([0.0] * 4, 1)
    writer, found = ParameterWriter(block), []
    synth: Any = Sine()
    synth.compute = lambda hops, samples=None: writer.set(1, 0.5) or Sine.compute(synth, hops)
    synth.put_out = lambda ticks: found.append(synth.applied.copy()) or Sine.put_out(synth, ticks)
    Performer(synth, ParameterReader(block))._turn()
    assert found == [[(1, 0.5, 0.0)]]


def test_a_hop_with_more_notes_is_begun_earlier():
    synth: Any = Sine()
    performer = Performer(synth, ParameterReader(SharedBlock.create([0.0] * 4, 1)), BlockSettings(expected_seconds=0.0))
    for _ in range(200):
        performer.times.add(0.002, 0.0116)
    one = performer._spare()
    synth.cost = 4.0
    assert performer._spare() == pytest.approx(one - 3 * 0.002)
    synth.cost = 1.0
    assert performer._spare() == one


def test_calls_run_on_the_synth_thread_and_give_their_outcome(stage):
    performer = stage[0]
    assert performer.call(threading.current_thread).result(5).name == "synth"
    with pytest.raises(ZeroDivisionError):
        performer.call(lambda: 1 / 0).result(5)


def test_a_call_finds_the_parameters_that_were_set_before_it(stage):
    performer, synth, writer, _, _ = stage
    entered, release = threading.Event(), threading.Event()
    performer.call(lambda: entered.set() or release.wait(10))
    assert entered.wait(10)
    writer.set(1, 5.0)
    found = performer.call(lambda: list(synth.applied))
    release.set()
    assert found.result(10) == [(1, 5.0, 0.0)]


def test_too_many_calls_are_refused(stage):
    performer, release = stage[0], threading.Event()
    performer.call(release.wait)
    try:
        with pytest.raises(ControlError, match="too much to do"):
            _flood(performer)
    finally:
        release.set()


def _flood(performer):
    for _ in range(1000):
        performer.call(lambda: None)


def test_a_stalled_block_is_an_underrun_with_its_cause(stage):
    performer, synth, _, _, notices = stage
    wait(lambda: performer.meters.hops > 30)
    assert performer.meters.underruns == 0 or notices
    before = performer.meters.underruns_stall

    def stall():
        synth.slow = 0.4

    performer.call(stall).result(5)
    wait(lambda: performer.meters.underruns_stall > before)
    synth.slow = 0.0
    assert any(isinstance(notice, Underrun) for notice in notices)
    assert performer.times.misses > 0


def test_a_model_that_is_always_too_slow_is_named(stage):
    performer, synth, _, _, _ = stage
    synth.slow = 0.02
    wait(lambda: performer.meters.underruns_model > 2, 20)


def test_panic_is_silent_from_the_next_block_on(stage):
    performer, _, _, output, _ = stage
    wait(lambda: performer.meters.hops > 10)
    future = performer.panic()
    assert isinstance(future, Future)
    count = len(output.blocks)
    future.result(5)
    wait(lambda: len(output.blocks) > count + 5)
    assert all(not block.any() for block in output.blocks[count + 1 :])


def test_what_is_recorded_is_what_is_played(stage, tmp_path):
    import soundfile

    from distill_engine.audio_io.recording import AudioWriter

    performer, _, _, _, _ = stage
    recorder = AudioWriter(tmp_path / "a.wav", 44100, 2)
    performer.recorder = recorder
    hops = performer.meters.hops
    wait(lambda: performer.meters.hops > hops + 20)
    performer.recorder = None
    performer.call(lambda: None).result(5)
    recorder.close()
    samples, _ = soundfile.read(tmp_path / "a.wav", dtype="float32")
    spectrum = np.abs(np.fft.rfft(samples[:8192, 0] * np.hanning(8192)))
    assert np.argmax(spectrum) == round(440 * 8192 / 44100)
    assert np.abs(np.diff(samples[:, 0])).max() < 0.04


def test_another_output_takes_over(stage):
    performer = stage[0]
    other = ClockOutput(96000)
    performer.switch(other)
    wait(lambda: performer.output is other)
    wait(lambda: other.fill > 0)
