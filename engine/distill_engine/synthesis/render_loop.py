"""Render hop by hop: advance parameters, move voices, mix, and process the output stage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.synthesis.hop_values import output_values, release_values
from distill_engine.synthesis.mixer import Mixer
from distill_engine.synthesis.output_stage import OutputStage
from distill_engine.synthesis.parameters import ParameterBank
from distill_engine.synthesis.pitch.notes import Notes
from distill_engine.synthesis.voice import Report
from distill_engine.takes.take_log import TakeLog

MAXIMUM_CHUNK = 32  # hops that are computed at once, at most
MAXIMUM_REPORTS = 256  # that wait for `take_reports`


class RenderLoop:
    """Render a synth's parts in chunks of hops and count them.

    `begin_take` is called before each chunk.
    """

    def __init__(
        self,
        mixer: Mixer,
        parameters: ParameterBank,
        notes: Notes,
        output: OutputStage,
        take: TakeLog,
        begin_take: Callable[[], None],
    ) -> None:
        self.hops_done = 0
        self._hop = output.config.hop
        self._mixer, self._parameters, self._notes, self._output = mixer, parameters, notes, output
        self._take, self._begin_take = take, begin_take
        self._reports: list[Report] = []

    def render(self, hops: int, samples: Float32Array | None = None) -> Float32Array:
        """Return the next `hops` hops, stereo [2, hops * hop].

        `samples` [hops * hop] is live input, mono; None without one.
        """
        out = np.zeros((2, hops * self._hop), np.float32)
        done = 0
        while done < hops:
            self._begin_take()
            count = self._chunk(hops - done)
            span = slice(done * self._hop, (done + count) * self._hop)
            live_input = None if samples is None else samples[span]
            if self._output.silent:
                self._rest(count)
            else:
                out[:, span] = self._sound(count, live_input)
            done += count
            self.hops_done += count
        return out

    def _chunk(self, limit: int) -> int:
        """Return how many hops to compute at once, at most `limit`.

        A chunk does not pass the end of a fade-out. It is a single hop while a take waits to begin.
        """
        count = min(limit, MAXIMUM_CHUNK)
        if not self._output.playing and not self._output.silent:
            count = min(count, max(1, self._output.hops_until_silent))
        return 1 if self._take.waiting else count

    def _rest(self, count: int) -> None:
        self._mixer.settle()
        for _ in range(count):
            self._advance()

    def _advance(self) -> None:
        self._parameters.advance()
        release, hold = release_values(self._parameters)
        self._notes.advance(release, hold=hold)

    def _sound(self, count: int, samples: Float32Array | None) -> Float32Array:
        if samples is not None and any(voice.sources.selected == "input" for voice in self._mixer.playing):
            self._take.live_input(self.hops_done, samples)
        gains, widths = np.empty(count), np.empty(count)
        for index in range(count):
            self._advance()
            hop_input = None if samples is None else samples[index * self._hop : (index + 1) * self._hop]
            self._mixer.move(self._parameters, self._notes.key, hop_input)
            gain, widths[index] = output_values(self._parameters)
            gains[index] = gain * self._notes.level
        mono = self._mixer.mix(self.hops_done, self.report)
        out = np.empty((2, count * self._hop), np.float32)
        for index in range(count):
            span = slice(index * self._hop, (index + 1) * self._hop)
            out[:, span] = self._output.process(mono[span], float(gains[index]), float(widths[index]))
        return out

    def report(self, report: Report) -> None:
        """Keep a report for `take_reports`. Reports beyond MAXIMUM_REPORTS are dropped."""
        if len(self._reports) < MAXIMUM_REPORTS:
            self._reports.append(report)

    def take_reports(self) -> list[Report]:
        """Return the reports since the last call."""
        reports, self._reports = self._reports, []
        return reports
