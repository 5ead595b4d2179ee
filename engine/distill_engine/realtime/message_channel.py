"""Messages between the engine process and the control process: JSON lines over a socket pair, bounded both ways.

Control to engine: `{"id": 7, "command": "vocoder", "arguments": ["vocos"]}`. Engine to control: the answer
`{"id": 7, "status": "done"}` or `{"id": 7, "status": "failed", "reason": "..."}`, and events `{"event": "notice", ...}`.
Sending never waits: a thread of the channel's own does. What does not fit any more is refused, and the sender is told.
"""

from __future__ import annotations

import contextlib
import json
import queue
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from distill_engine.errors import ControlError
from distill_engine.system.threads import lower_thread_priority

QUEUE_LIMIT = 256
LINE_LIMIT = 1 << 20


class ChannelClosed(ControlError):
    """The process at the other end is gone."""


class Channel:
    """One end of the connection. `send` may be called from any thread, `receive` from one at a time.

    `prepare` is called first by the thread that sends.
    """

    def __init__(
        self, connection: socket.socket, *, limit: int = QUEUE_LIMIT, prepare: Callable[[], None] | None = None
    ) -> None:
        self._socket = connection
        self._socket.setblocking(True)
        self._prepare = prepare
        self._outgoing: queue.Queue[bytes | None] = queue.Queue(limit)
        self._buffer = b""
        self._closed = threading.Event()
        self._sender = threading.Thread(target=self._send_all, name="channel", daemon=True)
        self._sender.start()

    @classmethod
    def pair(cls) -> tuple[Channel, socket.socket]:
        """The engine's end, and the socket whose descriptor the control process inherits."""
        here, there = socket.socketpair()
        return cls(here, prepare=lower_thread_priority), there

    @classmethod
    def from_descriptor(cls, descriptor: int) -> Channel:
        """The control process's end. Raises ControlError if the descriptor is no socket."""
        try:
            return cls(socket.socket(fileno=descriptor))
        except OSError as error:
            raise ControlError(
                f"channel {descriptor} cannot be opened ({error}); start distill-engine instead"
            ) from None

    @property
    def closed(self) -> bool:
        """Whether either end was closed, as far as is known here."""
        return self._closed.is_set()

    def fileno(self) -> int:
        """Descriptor, for waiting until something can be received (what was received already is not seen by it)."""
        return self._socket.fileno()

    def send(self, message: Mapping[str, Any]) -> bool:
        """Queues a message; False if the other end is gone or the queue is full."""
        if self._closed.is_set():
            return False
        line = json.dumps(message, separators=(",", ":"), default=str).encode() + b"\n"
        if len(line) > LINE_LIMIT:
            return False
        try:
            self._outgoing.put_nowait(line)
        except queue.Full:
            return False
        return True

    def receive(self, timeout: float | None = None) -> dict[str, Any] | None:
        """The next message; None if none came within `timeout` seconds (None: waits for ever).

        Raises:
            ChannelClosed: if the other end is gone, or says what is no message.
        """
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LINE_LIMIT:
                raise self._broken("sends a line that is too long")
            data = self._read(timeout)
            if data is None:
                return None
            if not data:
                raise self._broken("is gone")
            self._buffer += data
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            raise self._broken("sends what is no JSON") from None
        if not isinstance(message, dict):
            raise self._broken("sends what is no message")
        return message

    def flush(self, timeout: float = 1.0) -> bool:
        """Waits until everything queued was sent; False if that took longer than `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self._outgoing.unfinished_tasks and not self._closed.is_set():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return not self._outgoing.unfinished_tasks

    def close(self) -> None:
        """Ends the connection; a thread waiting in `receive` gets ChannelClosed."""
        self._closed.set()
        with contextlib.suppress(queue.Full):
            self._outgoing.put_nowait(None)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._socket.close()

    def _read(self, timeout: float | None) -> bytes | None:
        """What came; None after `timeout`, empty if the other end is gone."""
        try:
            ready, _, _ = select.select([self._socket], [], [], timeout)
            return self._socket.recv(1 << 16) if ready else None
        except (OSError, ValueError):
            return b""

    def _broken(self, why: str) -> ChannelClosed:
        self._closed.set()
        return ChannelClosed(f"the process at the other end of the channel {why}")

    def _send_all(self) -> None:
        if self._prepare is not None:
            self._prepare()
        while (line := self._outgoing.get()) is not None:
            try:
                self._socket.sendall(line)
            except OSError:
                self._closed.set()
            finally:
                self._outgoing.task_done()
