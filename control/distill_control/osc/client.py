"""A client of the instrument: what `distill send` and `distill monitor` use."""

import contextlib
import select
import socket
import time
from types import TracebackType

from distill_control.osc.framing import Deframer, slip
from distill_control.osc.packet import Message, PacketError, decode, encode
from distill_engine.errors import ControlError


class OscClient:
    """Sends messages and takes answers, over UDP or TCP (SLIP).

    Raises:
        ControlError: if the host is unknown, or over TCP nothing listens there.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 9000, *, tcp: bool = False, timeout: float = 3.0) -> None:
        self._tcp = tcp
        self._where = f"{host}:{port}"
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
            raise ControlError(f"cannot reach {self._where} ({reason}); is distill-engine running there?") from None

    def send(self, address: str, *arguments: object) -> None:
        """Sends one message. Raises ControlError if nothing takes it."""
        self.send_packet(encode(address, *arguments))

    def send_packet(self, packet: bytes) -> None:
        """Sends an encoded packet. Raises ControlError if nothing takes it."""
        try:
            self._socket.sendall(slip(packet) if self._tcp else packet)
        except OSError:
            raise ControlError(f"nothing listens at {self._where}; is distill-engine running there?") from None

    def receive(self, timeout: float) -> Message | None:
        """The next message from the instrument; None if none came in `timeout` seconds.

        Raises:
            ControlError: if the other side has closed the connection, or nothing listens there.
        """
        deadline = time.monotonic() + timeout
        while not self._ready:
            left = deadline - time.monotonic()
            if left < 0 or not select.select([self._socket], [], [], left)[0]:
                return None
            try:
                data = self._socket.recv(65536)
            except ConnectionError:
                raise ControlError(f"nothing listens at {self._where}; is distill-engine running there?") from None
            if self._tcp and not data:
                raise ControlError(f"{self._where} has closed the connection")
            for packet in self._deframer.feed(data) if self._tcp else [data]:
                with contextlib.suppress(PacketError):
                    self._ready += decode(packet)
        return self._ready.pop(0)

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> "OscClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
