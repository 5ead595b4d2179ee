"""Messages between the engine and the control process: JSON lines over a socket pair.

The control process sends commands: `{"id": 7, "command": "vocoder", "arguments": ["vocos"]}`. The
engine answers `{"id": 7, "status": "done"}` or `{"id": 7, "status": "failed", "reason": "..."}`,
and sends events: `{"event": "notice", ...}`. Sending never waits, because a thread of the channel
writes. `send` refuses messages beyond QUEUE_LIMIT and lines beyond LINE_LIMIT_BYTES.
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

QUEUE_LIMIT = 256  # messages that may wait to be sent
LINE_LIMIT_BYTES = 1 << 20


class ChannelClosed(ControlError):
    """The process at the other end is gone."""


class Channel:
    """One end of the connection. Any thread may call `send`, one at a time may call `receive`.

    The thread that writes calls `prepare` first, to set its priority.
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
        """Make the engine's end, and the socket that the control process inherits."""
        here, there = socket.socketpair()
        return cls(here, prepare=lower_thread_priority), there

    @classmethod
    def from_descriptor(cls, descriptor: int) -> Channel:
        """Make the control process's end. Raises ControlError if it is not a socket."""
        try:
            return cls(socket.socket(fileno=descriptor))
        except OSError as error:
            raise ControlError(
                f"channel {descriptor} cannot be opened ({error}); start distill-engine instead"
            ) from None

    @property
    def closed(self) -> bool:
        """Whether either end is known to be closed."""
        return self._closed.is_set()

    def fileno(self) -> int:
        """Return the descriptor, for `select`; messages already read do not show there."""
        return self._socket.fileno()

    def send(self, message: Mapping[str, Any]) -> bool:
        """Queue a message; returns False if the other end is gone or a limit is passed."""
        if self._closed.is_set():
            return False
        line = json.dumps(message, separators=(",", ":"), default=str).encode() + b"\n"
        if len(line) > LINE_LIMIT_BYTES:
            return False
        try:
            self._outgoing.put_nowait(line)
        except queue.Full:
            return False
        return True

    def receive(self, timeout: float | None = None) -> dict[str, Any] | None:
        """Return the next message; None if none came within `timeout` seconds (None: no limit).

        Raises:
            ChannelClosed: if the other end is gone, or sends anything but messages.
        """
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LINE_LIMIT_BYTES:
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
            raise self._broken("sends a line that is not JSON") from None
        if not isinstance(message, dict):
            raise self._broken("sends a line that is not a message")
        return message

    def flush(self, timeout: float = 1.0) -> bool:
        """Wait until all messages were sent; returns False if that takes over `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self._outgoing.unfinished_tasks and not self._closed.is_set():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return not self._outgoing.unfinished_tasks

    def close(self) -> None:
        """Close the connection; a thread that waits in `receive` gets ChannelClosed."""
        self._closed.set()
        with contextlib.suppress(queue.Full):
            self._outgoing.put_nowait(None)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._socket.close()

    def _read(self, timeout: float | None) -> bytes | None:
        """Return the bytes that came: None after `timeout`, empty if the other end is gone."""
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
