"""The connection to the engine process: shared memory for values, a channel for commands."""

import time
from collections.abc import Mapping, Sequence

from distill_control.arguments import Value
from distill_engine.realtime.message_channel import Channel
from distill_engine.realtime.shared_memory import ParameterWriter, SharedBlock, StatusReader
from distill_engine.realtime.status import Status

_STATUS_AGE_SECONDS = 0.02


class EngineLink:
    """Write parameters to shared memory, send commands over the channel, read the status.

    Implements `EngineProtocol`. The status is read again once it is older than 20 ms.
    """

    def __init__(self, channel: Channel, block: SharedBlock) -> None:
        self._channel = channel
        self._writer = ParameterWriter(block)
        self._reader = StatusReader(block)
        self._count = block.parameters
        self._status: Mapping[str, float] = {}
        self._read_at = 0.0

    def set(self, parameter_index: int, value: float, glide_seconds: float) -> None:
        """Write a parameter's target value and its glide time to shared memory."""
        self._writer.set(parameter_index, value, glide_seconds)

    def request(self, identifier: int, command: str, arguments: Sequence[Value]) -> bool:
        """Send a command; return False if the engine has ended or its queue is full."""
        return self._channel.send({"id": identifier, "command": command, "arguments": list(arguments)})

    def status(self) -> Mapping[str, float]:
        """Return the engine's latest figures by name (empty before the first)."""
        now = time.monotonic()
        if now - self._read_at > _STATUS_AGE_SECONDS:
            figures = self._reader.read()
            if figures is not None:
                self._read_at = now
                self._status = Status.from_figures(figures).as_dict()
        return self._status

    def values(self) -> list[float]:
        """Return every parameter's value in shared memory, for a restarted control process."""
        return [self._writer.get(parameter_index)[0] for parameter_index in range(self._count)]
