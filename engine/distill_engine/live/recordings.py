"""Takes and sound that are recorded while the engine plays."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any

from distill_engine.audio_io.recording import AUDIO_SUFFIXES, AudioWriter
from distill_engine.errors import ControlError, DistillError, LibraryError
from distill_engine.library.folders import ensure, recordings_dir
from distill_engine.library.lookup import TAKE_SUFFIX, new_file, new_name
from distill_engine.live.performer import Performer
from distill_engine.synthesis.synth import Synth

RECORDING_FILE = "/distill/recording/file"


class Recordings:
    """Records a running performer: at most one take and one sound file at a time.

    Args:
        run: runs a function on the synth thread and returns its result.
        notice: `notice(level, text)` takes one line for the user.
        keep: keeps the model files that play for a take.
        allow_paths: whether names may be paths outside the library.
    """

    def __init__(
        self,
        performer: Performer,
        synth: Synth,
        run: Callable[[Callable[[], Any]], Any],
        notice: Callable[[str, str], None],
        keep: Callable[[Path], None],
        *,
        allow_paths: bool,
    ) -> None:
        self._performer, self._synth = performer, synth
        self._run, self._notice, self._keep = run, notice, keep
        self._allow_paths = allow_paths
        self._begun: list[Path] = []
        self._take: Path | None = None

    def command(self, name: str) -> dict[str, Any]:
        """Record into the library's recordings, or `stop`. Return `event`. Raises as `start`."""
        if name == "stop":
            self.stop()
        else:
            self.start(self._path(name))
        return self.event()

    def event(self) -> dict[str, Any]:
        """Return the event that says where the latest recording lies, for the control process."""
        path = str(self._begun[-1].absolute()) if self._begun else ""
        return {"event": "setting", "address": RECORDING_FILE, "value": path}

    def start(self, path: Path) -> None:
        """Record sound if the new file has a sound file's suffix, else a take.

        Raises AudioFileError, ControlError or TakeError, and LibraryError if the file's name cannot
        be a take's.
        """
        if path.suffix.lower() in AUDIO_SUFFIXES:
            if self._performer.recorder is not None:
                raise ControlError(f"{self._performer.recorder.path.name} is being recorded; stop that first")
            failed = partial(self._notice, "error")
            self._performer.recorder = AudioWriter(path, self._synth.sample_rate, self._synth.channels, failed)
        else:
            new_name(path)
            self._run(lambda: self._synth.start_take(path))
            self._take = path
            self.keep_versions()
        self._begun.append(path)
        self._notice("info", f"recording {path}")

    def keep_versions(self) -> None:
        """Keep the model files that play if a take is recorded: training may replace them."""
        if self._take is None:
            return
        try:
            self._keep(self._take)
        except LibraryError as error:
            self._notice("warning", f"the take keeps no copy of its model: {error}")

    def stop(self) -> None:
        """End what is recorded; a recording that fails does not keep the other from its end.

        Raises ControlError if nothing is, AudioFileError or TakeError if a recording is incomplete.
        """
        recorder, self._performer.recorder = self._performer.recorder, None
        if recorder is None and not self._synth.recording:
            raise ControlError("nothing is being recorded")
        failures: list[DistillError] = []
        for end in (partial(self._end_sound, recorder), self._end_take):
            try:
                end()
            except DistillError as error:
                failures.append(error)
        for failure in failures[1:]:
            self._notice("error", str(failure))
        if failures:
            raise failures[0]

    def _end_sound(self, recorder: AudioWriter | None) -> None:
        if recorder is not None:
            recorder.close()
            self._notice("info", f"recorded {recorder.path}: {recorder.frames / self._synth.sample_rate:.1f} s")

    def _end_take(self) -> None:
        if not self._synth.recording:
            return
        self._take = None
        path = self._run(self._synth.stop_take)
        take = path.stem if path.parent == recordings_dir() else str(path)
        words = map(quote, ("distill", "render", self._synth.instrument.name, "--take", take, "-o", f"{path.stem}.wav"))
        self._notice("info", f"recorded {path}: `{' '.join(words)}` renders it")

    def finish(self) -> None:
        """End what is recorded, if anything is. Raises as `stop`."""
        if self._synth.recording or self._performer.recorder is not None:
            self.stop()

    def discard(self) -> None:
        """End what is recorded and remove its files: the engine did not start."""
        with contextlib.suppress(DistillError):
            self.finish()
        for path in self._begun:
            with contextlib.suppress(OSError):
                path.unlink()

    def _path(self, name: str) -> Path:
        suffix = Path(name).suffix.lower()
        if suffix not in (*AUDIO_SUFFIXES, TAKE_SUFFIX):
            suffix = TAKE_SUFFIX
        stem = name[: -len(suffix)] if name.lower().endswith(suffix) else name
        if not stem:
            raise LibraryError("a recording needs a name")
        return new_file(ensure(recordings_dir()), stem, suffix, allow_paths=self._allow_paths)
