"""Record what a synth does into a take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import TakeError
from distill_engine.takes.take import Command, LiveInput, ParameterChange, PlayedModel, Swap, TakeHeader, tick_of_hop
from distill_engine.takes.take_recorder import TakeRecorder


class TakeLog:
    """The take that a synth records, if any: it first waits for a good moment to begin.

    Methods take hop numbers of the synth, each hop `hop_samples` long. Events get ticks since the
    take began.
    """

    def __init__(self, hop_samples: int) -> None:
        self._hop_samples = hop_samples
        self._recorder: TakeRecorder | None = None
        self._path: Path | None = None
        self._first_hop = 0
        self._reported = False

    def new_failure(self) -> str | None:
        """Return why the take can no longer be written, once; None if it can be written."""
        failure = self._recorder.failure if self._recorder is not None and not self._reported else None
        if self._recorder is None or failure is None:
            return None
        self._reported = True
        return f"{self._recorder.path}: the take breaks off: {failure}"

    @property
    def active(self) -> bool:
        """Whether a take is being recorded or waits to begin."""
        return self._recorder is not None or self.waiting

    @property
    def waiting(self) -> bool:
        """Whether a take was requested and has not begun."""
        return self._path is not None

    def start(self, path: Path) -> None:
        """Request a take. Raises TakeError if one is being recorded or the file exists."""
        if self.active:
            raise TakeError("a take is being recorded already; stop it first")
        if path.exists():
            raise TakeError(f"{path} exists already; choose another name")
        self._path = path

    def begin(self, hop: int, header: TakeHeader) -> None:
        """Begin the take that waits. Raises TakeError if its file cannot be created."""
        path, self._path, self._first_hop, self._reported = self._path, None, hop, False
        if path is not None:
            self._recorder = TakeRecorder(path, header)

    def stop(self, hop: int) -> Path:
        """End the take and return its file.

        Raises TakeError if none is being recorded or writing failed.
        """
        recorder, self._recorder, self._path = self._recorder, None, None
        if recorder is None:
            raise TakeError("no take is being recorded")
        recorder.close(self._tick(hop))
        return recorder.path

    def change(self, hop: int, address: str, value: float, glide_seconds: float) -> None:
        """Record that a parameter was set before `hop` is rendered."""
        if self._recorder is not None:
            self._recorder.note(ParameterChange(self._tick(hop), address, value, glide_seconds))

    def command(self, hop: int, name: str, arguments: Mapping[str, object]) -> None:
        """Record a command that was carried out before `hop` is rendered."""
        if self._recorder is not None:
            self._recorder.note(Command(self._tick(hop), name, arguments))

    def swap(self, hop: int, model: PlayedModel, fade_seconds: float) -> None:
        """Record that a model or vocoder fades in from `hop` on."""
        if self._recorder is not None:
            self._recorder.note(Swap(self._tick(hop), model, fade_seconds))

    def live_input(self, hop: int, samples: Float32Array) -> None:
        """Record live input from `hop` on, `samples` [n]. Do not change the array afterwards."""
        if self._recorder is not None:
            self._recorder.note(LiveInput(self._tick(hop), samples))

    def _tick(self, hop: int) -> int:
        return tick_of_hop(hop - self._first_hop, self._hop_samples)
