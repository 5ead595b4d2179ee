"""An OSC client, for `distill send` and `distill monitor`."""

import contextlib
import select
import socket
import time
from types import TracebackType

from distill_control.osc.framing import Deframer, slip
from distill_control.osc.packet import Message, decode, encode
from distill_control.osc.packet_arguments import PacketError
from distill_engine.errors import ControlError


class OscClient:
    """Send messages to a playing engine and receive its answers, over UDP or TCP (SLIP framing).

    `timeout` is in seconds and bounds connecting and sending.

    Raises:
        ControlError: if the host is unknown, or nothing accepts the TCP connection.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 9000, *, tcp: bool = False, timeout: float = 3.0) -> None:
        self._tcp = tcp
        self._peer = f"{host}:{port}"
        self._deframer = Deframer()
        self._ready: list[Message] = []
        kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
        try:
            family, _, _, _, address = socket.getaddrinfo(host, port, type=kind)[0]
            self._socket = socket.socket(family, kind)
            try:
                self._socket.settimeout(timeout)
                self._socket.connect(address)
            except (OSError, OverflowError):
                self._socket.close()
                raise
        except (OSError, UnicodeError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ControlError(f"cannot reach {self._peer} ({reason}); is distill-engine running there?") from None

    def send(self, address: str, *arguments: object) -> None:
        """Send one message. Raises ControlError if the port is closed."""
        self.send_packet(encode(address, *arguments))

    def send_packet(self, packet: bytes) -> None:
        """Send an encoded packet. Raises ControlError if the port is closed."""
        try:
            self._socket.sendall(slip(packet) if self._tcp else packet)
        except OSError:
            raise ControlError(f"nothing listens at {self._peer}; is distill-engine running there?") from None

    def receive(self, timeout: float) -> Message | None:
        """Return the next message; None if none has arrived within `timeout` seconds.

        Raises:
            ControlError: if the engine has closed the connection, or its port is closed.
        """
        deadline = time.monotonic() + timeout
        while not self._ready:
            remaining = deadline - time.monotonic()
            if remaining < 0 or not select.select([self._socket], [], [], remaining)[0]:
                return None
            try:
                data = self._socket.recv(65536)
            except ConnectionError:
                raise ControlError(f"nothing listens at {self._peer}; is distill-engine running there?") from None
            if self._tcp and not data:
                raise ControlError(f"{self._peer} has closed the connection")
            for packet in self._deframer.feed(data) if self._tcp else [data]:
                with contextlib.suppress(PacketError):
                    self._ready += decode(packet)
        return self._ready.pop(0)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> "OscClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
