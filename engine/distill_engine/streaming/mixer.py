"""The places of a synth: up to four models that sound together, each with its weight."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distill_engine.streaming.hop_values import blend_weights, hop_values
from distill_engine.streaming.lane import Lane
from distill_engine.streaming.parameters import ParameterBank, StateDict, part_of
from distill_engine.streaming.vocabulary import BLEND_SLOTS
from distill_engine.streaming.voice import FloatArray, Report, Voice

Samples = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SynthSnapshot:
    """A synth's whole state, with the voices that were sounding. For `Synth.restore` of the same synth."""

    arrays: StateDict
    voices: tuple[tuple[Voice, ...], ...]


class Mixer:
    """Sums the voices of all places. `move` is called for each hop of a block, then `mix` once."""

    def __init__(self, hop: int, voice: Voice) -> None:
        self.lanes = [Lane(hop) for _ in range(BLEND_SLOTS)]
        self.lanes[0].start(voice)
        self._pool: ThreadPoolExecutor | None = None

    @property
    def main(self) -> Voice:
        """The voice at the first place."""
        return self.lanes[0].voice

    @property
    def playing(self) -> list[Voice]:
        """The newest voice of each place that is not empty, the first place first."""
        return [lane.voice for lane in self.lanes if lane.voices]

    @property
    def fading(self) -> bool:
        """Whether a swap is under way."""
        return any(lane.fading for lane in self.lanes)

    def settle(self) -> None:
        """Ends every fade at once: for when nothing can be heard."""
        for lane in self.lanes:
            lane.settle()

    def move(self, bank: ParameterBank, samples: FloatArray | None) -> None:
        """One hop: each voice's latent and weight at the parameters' present values."""
        values = hop_values(bank)
        weights = blend_weights(bank, [lane.level for lane in self.lanes])
        for lane, weight in zip(self.lanes, weights, strict=True):
            if lane.voices:
                lane.move(values, samples, float(weight))

    def mix(self, hop: int, report: Callable[[Report], None]) -> Samples:
        """The sound of the hops moved, from `hop` on. Two or more voices are computed side by side: networks leave Python alone."""
        occupied = [lane for lane in self.lanes if lane.voices]
        jobs = [job for lane in occupied for job in lane.jobs(hop, report)]
        if len(jobs) == 1:
            total = jobs[0]()
        else:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="voice")
            total = np.sum(list(self._pool.map(lambda job: job(), jobs)), axis=0)
        for lane in occupied:
            lane.drop_finished()
        return total

    def state(self) -> StateDict:
        """The states of all voices, by place."""
        return {f"{place}.{k}": v for place, lane in enumerate(self.lanes) for k, v in lane.state().items()}

    def restore(self, state: StateDict, seed: int, *, networks: bool) -> None:
        """Goes on from a `state` with the same instruments at the same places."""
        for place, lane in enumerate(self.lanes):
            part = part_of(state, f"{place}.")
            if part and lane.voices:
                lane.restore(part, seed, networks=networks)
