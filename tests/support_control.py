"""An engine that takes everything and remembers it, for sessions without one."""

from __future__ import annotations

from typing import Any

from distill_engine.vocabulary import table as vocabulary


class RecordingLink:
    """`parameters` are (address, value, glide_seconds), `requests` (command, arguments), in the order in which they came."""

    def __init__(self) -> None:
        self.parameters: list[tuple[str, float, float]] = []
        self.requests: list[tuple[str, tuple[Any, ...]]] = []

    def set(self, parameter_index: int, value: float, glide_seconds: float) -> None:
        self.parameters.append((vocabulary.PARAMETERS[parameter_index].address, value, glide_seconds))

    def request(self, identifier: int, command: str, arguments: Any) -> bool:
        self.requests.append((command, tuple(arguments)))
        return True

    def status(self) -> dict[str, float]:
        return {}
