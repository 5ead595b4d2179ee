"""Following: when the model file that plays is replaced, the engine fades to the new version."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path

from distill_engine.errors import ModelFileError
from distill_engine.library.reports import line_on
from distill_engine.live.played_versions import played_version, version_of
from distill_engine.modelfile import ModelFile
from distill_engine.synthesis.instrument import Instrument
from distill_engine.system.threads import lower_thread_priority

POLL_SECONDS = 1.0

Stamp = tuple[str, int, int, int]  # path, inode, size, time of the last change


class Following(IntEnum):
    """What the engine does about new versions: nothing, watch for them, wait for a take's end."""

    OFF = 0
    ON = 1
    WAITS = 2


class Follower:
    """Looks once a second whether the file that plays was replaced, on a thread of low priority.

    Args:
        playing: returns the instrument in slot 0.
        recording: returns whether a take is being recorded.
        load: starts to load a path, and calls back with None or the reason of its failure; returns
            False if it is busy.
        notice: `notice(level, text)` takes one line for the user.
    """

    def __init__(
        self,
        playing: Callable[[], Instrument],
        recording: Callable[[], bool],
        load: Callable[[Path, Callable[[str | None], None]], bool],
        notice: Callable[[str, str], None],
    ) -> None:
        self._playing, self._recording, self._load, self._notice = playing, recording, load, notice
        self._on = self._waits = self._loading = False
        self._seen: Stamp | None = None  # of the file that was examined last
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    @property
    def state(self) -> Following:
        """What it does now."""
        return Following.OFF if not self._on else Following.WAITS if self._waits else Following.ON

    def switch(self, on: bool) -> None:
        """Follow, or stop following."""
        self._on, self._waits, self._seen = on, False, None
        if on and not self._thread.is_alive() and not self._ended.is_set():
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()

    def look(self) -> None:
        """Look at the file now, and load it if it is another version."""
        path = self._playing().path
        stamp = _stamp(path) if path is not None else None
        if path is None or stamp is None or not self._on or self._loading or stamp == self._seen:
            return
        try:
            with ModelFile.open(path) as file:
                new = version_of(file), file.digest
        except ModelFileError as error:
            self._stay(stamp, str(error))
            return
        playing = self._playing()
        if new == (played_version(playing), playing.digest):
            self._seen, self._waits = stamp, False
        elif self._recording():
            if not self._waits:
                self._notice("info", f"a new version of {path.name} waits until the take ends")
            self._waits = True
        else:
            self._follow(path, stamp)

    def _follow(self, path: Path, stamp: Stamp) -> None:
        def done(reason: str | None) -> None:
            self._loading = False
            if reason is not None:
                self._stay(stamp, reason)

        self._loading = True
        if not self._load(path, done):
            self._loading = False

    def _stay(self, stamp: Stamp, reason: str) -> None:
        """Play on as before until the file changes again."""
        self._seen, self._waits = stamp, False
        self._notice("warning", f"not followed: {reason}; the version before plays on")

    def _run(self) -> None:
        lower_thread_priority()
        while not self._ended.wait(POLL_SECONDS):
            try:
                self.look()
            except Exception as error:
                self._notice("error", line_on(error, "following the model file"))


def _stamp(path: Path) -> Stamp | None:
    """Return what changes when a file is replaced, None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return str(path), status.st_ino, status.st_size, status.st_mtime_ns
