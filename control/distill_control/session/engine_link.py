"""The engine at the other end of the channel and the shared memory."""

import time
from collections.abc import Mapping, Sequence

from distill_control.arguments import Value
from distill_engine.realtime.message_channel import Channel
from distill_engine.realtime.shared_memory import ParameterWriter, SharedBlock, StatusReader
from distill_engine.realtime.status import Status

_STATUS_AGE_SECONDS = 0.02


class EngineLink:
    """Parameters into shared memory, commands into the channel, figures out of shared memory."""

    def __init__(self, channel: Channel, block: SharedBlock) -> None:
        self._channel = channel
        self._writer = ParameterWriter(block)
        self._reader = StatusReader(block)
        self._count = block.parameters
        self._status: Mapping[str, float] = {}
        self._read_at = 0.0

    def set(self, parameter_index: int, value: float, glide_seconds: float) -> None:
        """Puts a parameter into shared memory."""
        self._writer.set(parameter_index, value, glide_seconds)

    def request(self, identifier: int, command: str, arguments: Sequence[Value]) -> bool:
        """Sends a command; False if the engine is gone or its queue is full."""
        return self._channel.send({"id": identifier, "command": command, "arguments": list(arguments)})

    def status(self) -> Mapping[str, float]:
        """The engine's latest figures (empty before the first)."""
        now = time.monotonic()
        if now - self._read_at > _STATUS_AGE_SECONDS:
            self._read_at = now
            figures = self._reader.read()
            if figures is not None:
                self._status = Status.from_figures(figures).as_dict()
        return self._status

    def values(self) -> list[float]:
        """What every parameter holds: where a control process that was started again goes on."""
        return [self._writer.get(parameter_index)[0] for parameter_index in range(self._count)]
