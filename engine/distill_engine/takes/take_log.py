"""Record what a synth does into a take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import TakeError
from distill_engine.takes.take import (
    CodesChange,
    Command,
    LiveInput,
    ParameterChange,
    PlayedModel,
    Swap,
    TakeHeader,
    tick_of_hop,
)
from distill_engine.takes.take_recorder import TakeRecorder


class TakeLog:
    """The take that a synth records, if any: it first waits for a good moment to begin.

    Methods take hop numbers of the synth, each hop `hop_samples` long. Events get ticks since the
    take began.
    """

    def __init__(self, hop_samples: int) -> None:
        self._hop_samples = hop_samples
        self._recorder: TakeRecorder | None = None
        self._first_hop = 0

    def news(self) -> str | None:
        """Return a sentence for the user, such as why the take breaks off; None: there is none."""
        if self._recorder is None or self._recorder.news.empty():
            return None
        return self._recorder.news.get()

    @property
    def active(self) -> bool:
        """Whether a take is being recorded or waits to begin."""
        return self._recorder is not None

    @property
    def waiting(self) -> bool:
        """Whether a take was requested and has not begun."""
        return self._recorder is not None and not self._recorder.began

    def start(self, path: Path) -> None:
        """Request a take: make its file.

        Raises TakeError if one is being recorded, or the file exists or cannot be made.
        """
        if self.active:
            raise TakeError("a take is being recorded already; stop it first")
        self._recorder = TakeRecorder(path)

    def begin(self, hop: int, header: TakeHeader) -> None:
        """Begin the take that waits."""
        self._first_hop = hop
        if self._recorder is not None:
            self._recorder.begin(header)

    def stop(self, hop: int) -> Path:
        """End the take and return its file.

        Raises TakeError if none is being recorded, it never began, or writing failed.
        """
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            raise TakeError("no take is being recorded")
        if not recorder.began:
            recorder.discard()
            raise TakeError(f"{recorder.path}: the take was stopped before it began; nothing was recorded")
        recorder.close(self._tick(hop))
        return recorder.path

    def change(self, hop: int, address: str, value: float, glide_seconds: float) -> None:
        """Record that a parameter was set before `hop` is rendered."""
        if self._recorder is not None and self._recorder.began:
            self._recorder.note(ParameterChange(self._tick(hop), address, value, glide_seconds))

    def command(self, hop: int, name: str, arguments: Mapping[str, object]) -> None:
        """Record a command that was carried out before `hop` is rendered."""
        if self._recorder is not None and self._recorder.began:
            self._recorder.note(Command(self._tick(hop), name, arguments))

    def swap(self, hop: int, model: PlayedModel, fade_seconds: float) -> None:
        """Record that a model or vocoder fades in from `hop` on."""
        if self._recorder is not None and self._recorder.began:
            self._recorder.note(Swap(self._tick(hop), model, fade_seconds))

    def live_input(self, hop: int, samples: Float32Array) -> None:
        """Record live input from `hop` on, `samples` [n]. Do not change the array afterwards."""
        if self._recorder is not None and self._recorder.began:
            self._recorder.note(LiveInput(self._tick(hop), samples))

    def codes(self, hop: int, codes: npt.NDArray[np.int64], residual: Float32Array, *, going_on: bool = False) -> None:
        """Record that codes [levels, C] with their residual [D, 4 * C] play from `hop` on."""
        if self._recorder is not None and self._recorder.began:
            self._recorder.note(CodesChange(self._tick(hop), codes, residual, going_on))

    def _tick(self, hop: int) -> int:
        return tick_of_hop(hop - self._first_hop, self._hop_samples)
