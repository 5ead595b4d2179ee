"""The engine's side of the control process: its start, its messages, its restart if it dies."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from socket import socket
from typing import Any

from distill_engine.errors import ControlError
from distill_engine.realtime.message_channel import Channel, ChannelClosed
from distill_engine.realtime.shared_memory import ParameterReader, SharedBlock, StatusWriter
from distill_engine.realtime.status import STATUS_FIELDS, Status
from distill_engine.system.threads import lower_thread_priority

Spawn = Callable[[socket, str, bool], "subprocess.Popen[bytes]"]
"""`spawn(connection, shared_name, again)` starts the control process.

The process inherits the connection and the shared memory; `again` says that one ran before.
"""

START_SECONDS = 20.0
RESTART_SECONDS, LONGEST_RESTART_SECONDS = 0.25, 10.0  # pause before a restart: doubled at each up to the longest
SETTLED_SECONDS = 5.0  # a process that ran for longer restarts after the shortest pause


class ControlProcess:
    """Keeps a control process running for as long as the engine plays, and their shared memory.

    Made first of all: the process opens its ports and serves its page while the engine imports what
    it needs and loads the model. Its messages wait in the channel until `start`.

    Args:
        defaults: the values of the parameters at first.

    Attributes:
        parameters: what the control process sets.
        status: the figures that it reads.
    """

    def __init__(self, spawn: Spawn, defaults: Sequence[float]) -> None:
        self._block = SharedBlock.create(defaults, len(STATUS_FIELDS))
        self.parameters = ParameterReader(self._block)  # made before anything can be set
        self.status = StatusWriter(self._block)
        self.status.publish(Status().figures())  # a client may ask at once
        self._spawn = spawn
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._ended = threading.Event()
        self.restarts = 0
        self._pause = RESTART_SECONDS / 2
        self.failure: str | None = None
        self.details: dict[str, Any] = {}
        self._launch(again=False)
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self, handle: Callable[[Mapping[str, Any]], None], greet: Callable[[], None]) -> None:
        """Take its messages from now on, on a thread of its own.

        `handle` takes each of them there; `greet` is called when a control process is ready, to
        send what it has to know.
        """
        self._handle, self._greet = handle, greet
        self._thread.start()

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until it says that it is ready.

        Raises:
            ControlError: if it cannot start, with its reason (a port in use), or does not within
                `seconds`.
        """
        deadline = time.monotonic() + seconds
        while not self._ready.wait(0.01):
            if self._ended.is_set() or time.monotonic() > deadline:
                raise ControlError(self.failure or "the control process does not start; run `distill doctor`")

    def send(self, message: Mapping[str, Any]) -> bool:
        """Send an answer or event; returns False if it is gone or its queue is full."""
        return self._channel.send(message)

    def stop(self, seconds: float = 3.0) -> None:
        """End it: ask it, then terminate it, then kill it, within about `seconds`."""
        self._stopping.set()
        self._channel.send({"event": "end"})
        self._channel.flush(0.3)
        self._channel.close()
        for action in (self._process.terminate, self._process.kill):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds / 2)
                break
            action()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)

    def _launch(self, *, again: bool) -> None:
        self._began = time.monotonic()
        self._channel, connection = Channel.pair()
        with connection:
            self._process = self._spawn(connection, self._block.name, again)

    def _run(self) -> None:
        lower_thread_priority()
        while not self._stopping.is_set():
            self._listen()
            if self._stopping.is_set() or not self._ready.is_set():
                break
            self._again()
        self._ended.set()

    def _listen(self) -> None:
        """Take messages until the process is gone."""
        try:
            while (message := self._channel.receive(None)) is not None:
                self._take(message)
        except ChannelClosed:
            return

    def _take(self, message: Mapping[str, Any]) -> None:
        event = message.get("event")
        if event == "ready":
            self.details = dict(message)
            self._greet()
            self._ready.set()
        elif event == "failed":
            self.failure = str(message.get("reason", "the control process cannot start"))
            self._ended.set()
        else:
            self._handle(message)

    def _again(self) -> None:
        self._channel.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self._process.kill()
        self._process.wait()
        self.restarts += 1
        lasted = time.monotonic() - self._began
        self._pause = RESTART_SECONDS if lasted > SETTLED_SECONDS else min(2 * self._pause, LONGEST_RESTART_SECONDS)
        if not self._stopping.wait(self._pause):
            self._launch(again=True)
