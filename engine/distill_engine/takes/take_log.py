"""Record what a synth does into a take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import TakeError
from distill_engine.state import StateDict
from distill_engine.takes.take import (
    CodesChange,
    Command,
    LiveInput,
    MarksChange,
    ParameterChange,
    PlayedModel,
    Swap,
    TakeHeader,
)
from distill_engine.takes.take_recorder import TakeRecorder


class TakeLog:
    """The take that a synth records, if any: it first waits for a good moment to begin.

    Methods take ticks since the synth began. Events get ticks since the take began.
    """

    def __init__(self) -> None:
        self._recorder: TakeRecorder | None = None
        self._first_tick = 0

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

    def begin(self, tick: int, header: TakeHeader) -> None:
        """Begin the take that waits."""
        self._first_tick = tick
        if self._recorder is not None:
            self._recorder.begin(header)

    def stop(self, tick: int) -> Path:
        """End the take and return its file.

        Raises TakeError if none is being recorded, it never began, or writing failed.
        """
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            raise TakeError("no take is being recorded")
        if not recorder.began:
            recorder.discard()
            raise TakeError(f"{recorder.path}: the take was stopped before it began; nothing was recorded")
        recorder.close(self._since(tick))
        return recorder.path

    def change(self, tick: int, address: str, value: float, glide_seconds: float) -> None:
        """Record that a parameter was set at `tick`."""
        if self._recorder is not None and self._recorder.began:
            self._recorder.note(ParameterChange(self._since(tick), address, value, glide_seconds))

    def command(self, tick: int, name: str, arguments: Mapping[str, object]) -> None:
        """Record a command that was carried out at `tick`."""
        if self._recorder is not None and self._recorder.began:
            self._recorder.note(Command(self._since(tick), name, arguments))

    def swap(self, tick: int, model: PlayedModel, fade_seconds: float) -> None:
        """Record that a model or vocoder fades in from `tick` on."""
        if self._recorder is not None and self._recorder.began:
            self._recorder.note(Swap(self._since(tick), model, fade_seconds))

    def live_input(self, tick: int, samples: Float32Array) -> None:
        """Record live input from `tick` on, `samples` [n]. Do not change the array afterwards."""
        if self._recorder is not None and self._recorder.began:
            self._recorder.note(LiveInput(self._since(tick), samples))

    def codes(self, tick: int, codes: npt.NDArray[np.int64], residual: Float32Array, *, going_on: bool = False) -> None:
        """Record that codes [levels, C] with their residual [D, 4 * C] play from `tick` on."""
        if self._recorder is not None and self._recorder.began:
            self._recorder.note(CodesChange(self._since(tick), codes, residual, going_on))

    def marks(self, tick: int, arrays: StateDict) -> None:
        """Record that marks steer from `tick` on: `arrays` of any shape [...]; none: no marks."""
        if self._recorder is not None and self._recorder.began:
            self._recorder.note(MarksChange(self._since(tick), arrays))

    def _since(self, tick: int) -> int:
        return tick - self._first_tick
