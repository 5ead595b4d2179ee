"""Two clocks: hops are computed into a queue, and ticks are put out of it.

A hop is computed when the queue is empty: parameters advance, voices move and are mixed. A tick, a
quarter of a hop, goes through the output stage just before it is heard.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from distill_engine.audio.arrays import Float32Array, Float64Array
from distill_engine.synthesis.hop_values import output_values, place_values, release_values
from distill_engine.synthesis.mixer import Mixer
from distill_engine.synthesis.output_stage import OutputStage
from distill_engine.synthesis.parameters import ParameterBank
from distill_engine.synthesis.pitch.notes import Notes
from distill_engine.synthesis.ramp import Ramp
from distill_engine.synthesis.space.layout import ROOM
from distill_engine.synthesis.space.places import PLACE_VALUES
from distill_engine.synthesis.synth_state import SynthState
from distill_engine.synthesis.voices.reports import Report
from distill_engine.takes.take import tick_of_samples
from distill_engine.takes.take_log import TakeLog
from distill_engine.vocabulary.table import BLEND_SLOTS

Samples = Float64Array

MAXIMUM_CHUNK = 32  # hops that are computed at once, at most
MAXIMUM_REPORTS = 256  # that wait for `take_reports`


class RenderLoop:
    """Compute a synth's hops, put out their ticks, and count both.

    `begin_take` is called before hops are computed while none wait. `hop` is in samples, a multiple
    of the output stage's tick.
    """

    def __init__(  # seven parameters: the parts of a synth, which are made apart
        self,
        hop: int,
        mixer: Mixer,
        parameters: ParameterBank,
        notes: Notes,
        output: OutputStage,
        take: TakeLog,
        begin_take: Callable[[], None],
    ) -> None:
        self.hops_done = 0
        self.waiting: Samples = np.zeros((1, 0))  # of each object: computed, not put out
        self.note_level = Ramp(hop)
        self._hop, self.tick = hop, output.config.tick
        self._frame_rate = output.config.sample_rate / hop
        self._mixer, self._parameters, self._notes, self._output = mixer, parameters, notes, output
        self._take, self._begin_take = take, begin_take
        self._reports: list[Report] = []

    @property
    def next_hop(self) -> int:
        """The time of the next hop to be computed, in ticks of a take."""
        return tick_of_samples(self.hops_done * self._hop)

    @property
    def next_tick(self) -> int:
        """The time of the next sample to be put out, in ticks of a take."""
        return tick_of_samples(self.hops_done * self._hop - self.waiting.shape[1])

    @property
    def ticks_waiting(self) -> int:
        """The number of ticks that are computed and not put out."""
        return int(self.waiting.shape[1] // self.tick)

    def play_as_before(self, version: int) -> None:
        """Play by the rules of a version of takes."""
        self._mixer.rules = version

    def render(self, hops: int, samples: Float32Array | None = None) -> Float32Array:
        """Return the next `hops` hops, [C, hops * hop].

        `samples` [hops * hop] is live input, mono; None without one.
        """
        out = np.empty((self._output.channels, hops * self._hop), np.float32)
        computed = done = 0
        while done < out.shape[1]:
            if not self.waiting.shape[1]:
                live_input = None if samples is None else samples[computed * self._hop :]
                computed += self.compute(max(1, hops - computed), live_input)
            count = min(self.ticks_waiting, (out.shape[1] - done) // self.tick)
            out[:, done : done + count * self.tick] = self.put_out(count)
            done += count * self.tick
        return out

    def compute(self, hops: int, samples: Float32Array | None = None) -> int:
        """Compute the next hops, at most `hops`; return their number.

        What acts in the output stage at the time of a hop is done before the hop is computed.
        `samples` is live input, mono, at least [hops * hop]; None without one.
        """
        if not self.waiting.shape[1]:
            self._begin_take()
        count = self._chunk(hops)
        if self._output.silent:
            self._rest(count)
            sound = np.zeros((1, count * self._hop))
        else:
            sound = self._sound(count, None if samples is None else samples[: count * self._hop])
        self.waiting = np.concatenate(_alike(self.waiting, sound), axis=1) if self.waiting.shape[1] else sound
        self.hops_done += count
        return count

    def put_out(self, ticks: int) -> Float32Array:
        """Return the next ticks that wait, at most `ticks`: [C, n * tick]."""
        ticks = min(ticks, self.ticks_waiting)
        out = np.zeros((self._output.channels, ticks * self.tick), np.float32)
        sounding = self._output.sounding(ticks)
        gains, widths, places = np.empty(ticks), np.empty(ticks), np.empty((ticks, PLACE_VALUES))
        for index in range(ticks):
            self._parameters.advance_output()
            gains[index], widths[index] = output_values(self._parameters)
            places[index] = place_values(self._parameters)
        if sounding:
            span = slice(0, sounding * self.tick)
            ahead = gains[:sounding], widths[:sounding], places[:sounding]
            out[:, span] = self._output.process(self.waiting[:, span], *ahead)
        self.waiting = self.waiting[:, ticks * self.tick :]
        return out

    def restore(self, state: SynthState, note_level: float) -> None:
        """Continue from a `state`, whose notes sound at `note_level`.

        In states without a ramp of the notes' level, the ramp of the gain held their product.
        """
        self.hops_done = state.hops_done
        waiting = np.zeros((1, 0)) if state.waiting is None else state.waiting.astype(np.float64)
        self.waiting = waiting if waiting.ndim == 2 else waiting.reshape(1, -1)  # from the time of one sum
        if self.waiting.shape[1] % self.tick or len(self.waiting) > ROOM or not np.isfinite(self.waiting).all():
            raise ValueError("the sound that waits is damaged")
        self.note_level.restore(state.note_level)
        if state.note_level is None and state.output.gain is not None:
            self.note_level.restore(note_level)
            self._output.restore_gain(state.output.gain / note_level if note_level > 0 else None)

    def _chunk(self, limit: int) -> int:
        """Return how many hops to compute at once, at most `limit`.

        A chunk does not pass the end of a fade-out. It is a single hop while a take waits to begin.
        """
        count = min(limit, MAXIMUM_CHUNK)
        if not self._output.playing and not self._output.silent:
            ticks = self._hop // self.tick
            count = min(count, -(-self._output.sounding(count * ticks) // ticks))
        return 1 if self._take.waiting else count

    def _rest(self, count: int) -> None:
        self._mixer.settle()
        for _ in range(count):
            self._advance()

    def _advance(self) -> None:
        self._parameters.advance()
        release, hold = release_values(self._parameters)
        self._notes.advance(release, hold=hold)
        if self._mixer.polyphony is not None:
            self._mixer.polyphony.advance(release, self._frame_rate, hold=hold)

    def _sound(self, count: int, samples: Float32Array | None) -> Samples:
        if samples is not None and any(voice.sources.selected == "input" for voice in self._mixer.playing):
            self._take.live_input(self.next_hop, samples)
        levels = np.empty(count)
        for index in range(count):
            self._advance()
            hop_input = None if samples is None else samples[index * self._hop : (index + 1) * self._hop]
            self._mixer.move(self._parameters, self._notes.key, hop_input)
            levels[index] = self._notes.level
        sound = self._output.without_dc(self._mixer.mix(self.hops_done, self.report))
        sound[:BLEND_SLOTS] *= self.note_level.process(levels)
        return sound

    def report(self, report: Report) -> None:
        """Keep a report for `take_reports`. Reports beyond MAXIMUM_REPORTS are dropped."""
        if len(self._reports) < MAXIMUM_REPORTS:
            self._reports.append(report)

    def take_reports(self) -> list[Report]:
        """Return the reports since the last call."""
        reports, self._reports = self._reports, []
        return reports


def _alike(*sounds: Samples) -> list[Samples]:
    """Return sounds [k, n] of as many objects each: silent ones are added."""
    most = max(len(sound) for sound in sounds)
    return [np.concatenate([sound, np.zeros((most - len(sound), sound.shape[1]))]) for sound in sounds]
