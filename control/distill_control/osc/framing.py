"""Packets on a TCP stream: SLIP (OSC 1.1, RFC 1055, also double-ended) or a 32-bit length before each (OSC 1.0).

The first byte of a connection tells which one the client speaks; it is answered the same way.
"""

import struct
from typing import Literal

from distill_control.osc.packet import PACKET_LIMIT, PacketError

END, ESCAPE, ESCAPED_END = 0xC0, 0xDB, 0xDC
_END = bytes([END])
_BUFFER_LIMIT = 2 * PACKET_LIMIT + 4

Framing = Literal["slip", "length"]


def slip(packet: bytes) -> bytes:
    """A packet as a double-ended SLIP frame."""
    body = packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
    return _END + body + _END


def frame(packet: bytes, framing: Framing) -> bytes:
    """A packet as it goes onto the stream."""
    return slip(packet) if framing == "slip" else struct.pack(">i", len(packet)) + packet


def unslip(body: bytes) -> bytes:
    """What stood between two END bytes, with its escapes undone.

    Raises:
        PacketError: if an escape is followed by anything but the two known bytes.
    """
    if ESCAPE not in body:
        return body
    pieces = body.split(b"\xdb")
    for piece in pieces[1:]:
        if piece[:1] not in (b"\xdc", b"\xdd"):
            raise PacketError("a SLIP frame has a wrong escape")
    return pieces[0] + b"".join((b"\xc0" if piece[0] == ESCAPED_END else b"\xdb") + piece[1:] for piece in pieces[1:])


class Deframer:
    """Cuts a stream into packets, whatever the sizes in which it arrives. Holds at most one unfinished frame."""

    def __init__(self) -> None:
        self.framing: Framing | None = None
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Packets that `data` completes; a SLIP frame with a wrong escape comes as an empty packet.

        Raises:
            PacketError: if the stream is no OSC or a frame is too big: nothing after it can be trusted.
        """
        self._buffer += data
        if self.framing is None and self._buffer:
            self.framing = self._detect(self._buffer[0])
        packets = self._cut_slip() if self.framing == "slip" else self._cut_length()
        if len(self._buffer) > _BUFFER_LIMIT:
            raise PacketError(f"a frame is longer than {PACKET_LIMIT} bytes")
        return packets

    def _detect(self, first: int) -> Framing:
        if first == 0:
            return "length"
        if first in (END, ord("/"), ord("#")):
            return "slip"
        raise PacketError("the stream is no OSC: it begins neither with a SLIP END nor with a length")

    def _cut_slip(self) -> list[bytes]:
        *bodies, rest = bytes(self._buffer).split(_END)
        self._buffer = bytearray(rest)
        packets = []
        for body in bodies:
            if body:
                try:
                    packets.append(unslip(body))
                except PacketError:
                    packets.append(b"")
        return packets

    def _cut_length(self) -> list[bytes]:
        packets = []
        place = 0
        while len(self._buffer) - place >= 4:
            size = struct.unpack_from(">i", self._buffer, place)[0]
            if not 0 <= size <= PACKET_LIMIT:
                raise PacketError(f"a frame claims {size} bytes; the limit is {PACKET_LIMIT}")
            if len(self._buffer) - place - 4 < size:
                break
            packets.append(bytes(self._buffer[place + 4 : place + 4 + size]))
            place += 4 + size
        del self._buffer[:place]
        return packets
