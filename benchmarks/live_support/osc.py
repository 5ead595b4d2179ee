"""Steer a playing engine over OSC (UDP)."""

from __future__ import annotations

import contextlib
import socket
import time

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

LARGEST = 1 << 16
"""Bytes of the largest datagram."""
AGAIN_SECONDS = 0.1
"""Time until a question that was refused is asked again."""


class Osc:
    """A client of one engine."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._address = ("127.0.0.1", port)

    def send(self, address: str, *arguments: float | str) -> None:
        """Send one message."""
        self.send_packet(packet(address, *arguments))

    def send_packet(self, data: bytes) -> None:
        """Send an encoded message."""
        self._socket.sendto(data, self._address)

    def ask(
        self, address: str, *arguments: float | str, wait_for: tuple[str, ...], seconds: float = 30.0
    ) -> list[float | str]:
        """Send, and return the first message among `wait_for`: its address, then its arguments.

        Raises TimeoutError after `seconds`.
        """
        self._discard()
        self.send(address, *arguments)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            with contextlib.suppress(TimeoutError, OSError):
                message = OscMessage(self._socket.recv(LARGEST))
                about = address in (message.params[:1] or [""]) or message.address.endswith(".reply")
                if message.address in wait_for and about:
                    return [message.address, *message.params]
        raise TimeoutError(f"no answer to {address} within {seconds:g} s")

    def _discard(self) -> None:
        """Drop late answers to earlier questions."""
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(LARGEST):
                pass

    def status(self, seconds: float = 30.0) -> dict[str, float | str]:
        """Return the engine's figures by name; ask again where the engine has no time for it."""
        deadline, answers = time.monotonic() + seconds, ("/distill/status.reply", "/distill/error")
        while True:
            answer, *pairs = self.ask("/distill/status", wait_for=answers, seconds=deadline - time.monotonic())
            if answer != "/distill/error":
                return {str(name): value for name, value in zip(pairs[::2], pairs[1::2], strict=False)}
            time.sleep(AGAIN_SECONDS)

    def figure(self, name: str) -> float:
        """Return one of the engine's figures."""
        return float(self.status()[name])

    def do(self, address: str, *arguments: float | str) -> str | None:
        """Send a command; return None when it is done, else the reason."""
        answer = self.ask(address, *arguments, wait_for=("/distill/done", "/distill/error"))
        return None if answer[0] == "/distill/done" else str(answer[-1])

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def packet(address: str, *arguments: float | str) -> bytes:
    """Return an OSC message as bytes."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    data: bytes = builder.build().dgram
    return data


def free_port() -> int:
    """Return a UDP port that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
