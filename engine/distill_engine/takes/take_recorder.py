"""Write a take while it is played: the synth only queues events, another thread writes them."""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import threading
import time
from pathlib import Path
from typing import TextIO

from distill_engine.errors import TakeError
from distill_engine.system.atomic_write import is_still_there, sync_folder, write_advice
from distill_engine.system.portable.files import sync_file
from distill_engine.system.removed_files import SecondCopy, keep_open
from distill_engine.system.threads import lower_thread_priority
from distill_engine.takes.take import TakeEvent, TakeHeader
from distill_engine.takes.take_lines import MOST_BYTES, MOST_EVENTS, end_line, event_line, header_line

FLUSH_SECONDS = 0.4  # with the time that a busy machine takes, about half a second
SYNC_SECONDS = 4.5  # with the time that a flush takes, under 5
_END_BYTES = 100  # kept free for the last line

_Item = str | TakeHeader | TakeEvent | None


class TakeRecorder:
    """Writes a take while it is played. `note` queues an event; a thread writes the file.

    The file is made at once, `begin` queues the header. Queued events reach the operating system
    every 0.4 seconds and the disk every 4.5 seconds, however many there are. If the process is
    killed, the file is truncated and can still be rendered. A take that is as large as any may be
    ends by itself, and says so. A file that is removed meanwhile is written again: where it was, or
    under another name where another program has put its own; `path` is where it is.

    Raises TakeError if the file exists or cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.news: queue.SimpleQueue[str] = queue.SimpleQueue()
        try:
            self._file: TextIO = path.open("x+", encoding="utf-8")
        except FileExistsError:
            raise TakeError(f"{path.name} exists already; choose another name") from None
        except OSError as error:
            raise TakeError(f"{path}: cannot record a take there: {write_advice(error, path)}") from None
        self._second_copy = SecondCopy()
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self.began = False
        self.failure: str | None = None
        self._bytes = self._events = self._last_tick = 0
        self._thread = threading.Thread(target=self._write, name="take", daemon=True)
        self._thread.start()

    def begin(self, header: TakeHeader) -> None:
        """Queue the header, before any event."""
        self.began = True
        self._queue.put(header)

    def note(self, event: TakeEvent) -> None:
        """Queue one event. Samples of live input are not copied: do not change them afterwards."""
        self._queue.put(event)

    def close(self, ticks: int) -> None:
        """End the take at `ticks`. Raises TakeError if writing failed, as on a full disk."""
        self._queue.put(end_line(ticks))
        self._queue.put(None)
        self._thread.join()
        if self.failure:
            raise TakeError(f"{self.path}: the take could not be written: {self.failure}")

    def discard(self) -> None:
        """Remove the file of a take that never began."""
        self._queue.put(None)
        self._thread.join()
        if self.failure is None:  # else another program's file may be there
            with contextlib.suppress(OSError):
                self.path.unlink()

    def _write(self) -> None:
        lower_thread_priority()
        sync_folder(self.path.parent)  # else a power cut may take the file's name with it
        flush_at, sync_at = time.monotonic() + FLUSH_SECONDS, time.monotonic() + SYNC_SECONDS
        going = True
        while going:
            try:
                item = self._queue.get(timeout=max(0.0, flush_at - time.monotonic()))
                going = item is not None
                self._put(item)
            except queue.Empty:
                pass
            if (now := time.monotonic()) >= flush_at:
                flush_at = now + FLUSH_SECONDS
                self._flush(sync=now >= sync_at)
                sync_at = now + SYNC_SECONDS if now >= sync_at else sync_at
        self._flush(sync=True)
        self._finish()

    def _put(self, item: _Item) -> None:
        if self.failure or item is None:
            return
        try:
            if isinstance(item, str):
                self._write_line(item)
            elif isinstance(item, TakeHeader):
                self._write_line(header_line(item))
            else:
                self._put_event(item)
        except OSError as error:
            self._fail(error)

    def _put_event(self, event: TakeEvent) -> None:
        line = event_line(event)
        self._events += 1
        if self._bytes + len(line) > MOST_BYTES - _END_BYTES or self._events > MOST_EVENTS:
            self._write_line(end_line(self._last_tick))
            self._flush(sync=True)
            self.failure = "it is full, and whole up to here; stop it and record another"
            self.news.put(f"{self.path}: the take ends: {self.failure}")
            return
        self._last_tick = max(self._last_tick, event.tick)
        self._write_line(line)

    def _write_line(self, line: str) -> None:
        self._file.write(line + "\n")
        self._bytes += len(line) + 1

    def _flush(self, *, sync: bool) -> None:
        if self.failure:
            return
        try:
            self._file.flush()
            if sync:
                sync_file(self._file.fileno())
            if not is_still_there(self.path, self._file.fileno()):
                self._write_again()
        except OSError as error:
            self._fail(error)

    def _write_again(self) -> None:
        """Copy the take, which is still open here, to where it was or to the next free name."""
        removed, old = self.path, self._file
        others = (removed.with_stem(f"{removed.stem}-{number}") for number in itertools.count(2))
        self.path, descriptor = self._second_copy.write(old.fileno(), itertools.chain([removed], others))
        self._file = os.fdopen(descriptor, "a", encoding="utf-8")
        old.close()
        where = "it is there again, whole" if self.path == removed else f"it goes on in {self.path.name}"
        self.news.put(f"{removed} was removed while the take was recorded: {where}")

    def _finish(self) -> None:
        """Close the file; where it was removed and cannot be written again, it stays open."""
        try:
            if not is_still_there(self.path, self._file.fileno()):
                self._write_again()
        except OSError as error:
            self._fail(error)
            self.failure = f"{self.failure}{keep_open(self._file.fileno())}"
        try:
            self._file.close()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        if self.failure is None:
            self.failure = write_advice(error, self.path, "record elsewhere")
            self.news.put(f"{self.path}: the take breaks off: {self.failure}")
