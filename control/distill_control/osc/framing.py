"""OSC packets on a TCP stream: SLIP framing (OSC 1.1) or length prefixes (OSC 1.0).

SLIP (RFC 1055) ends each packet with an END byte; double-ended SLIP also begins it with one. A
length prefix is a big-endian int32 with the packet's size in bytes. The first byte of a connection
shows which framing the client uses; answers use the same.
"""

import struct
from typing import Literal

from distill_control.osc.packet import PACKET_LIMIT_BYTES
from distill_control.osc.packet_arguments import PacketError

END, ESCAPE, ESCAPED_END, ESCAPED_ESCAPE = 0xC0, 0xDB, 0xDC, 0xDD  # bytes of SLIP framing
_END, _ESCAPE = bytes([END]), bytes([ESCAPE])
_LENGTH_BYTES = 4
_BUFFER_LIMIT_BYTES = 2 * PACKET_LIMIT_BYTES + _LENGTH_BYTES  # a SLIP frame with every byte escaped

Framing = Literal["slip", "length"]


def slip(packet: bytes) -> bytes:
    """Return a packet as a double-ended SLIP frame."""
    body = packet.replace(_ESCAPE, bytes([ESCAPE, ESCAPED_ESCAPE])).replace(_END, bytes([ESCAPE, ESCAPED_END]))
    return _END + body + _END


def frame(packet: bytes, framing: Framing) -> bytes:
    """Return a packet in the given framing."""
    return slip(packet) if framing == "slip" else struct.pack(">i", len(packet)) + packet


def unslip(body: bytes) -> bytes:
    """Return the packet in a SLIP frame; `body` is the frame without its END bytes.

    Raises:
        PacketError: if an escape byte is followed by any byte but the two escaped ones.
    """
    if ESCAPE not in body:
        return body
    pieces = body.split(_ESCAPE)
    for piece in pieces[1:]:
        if not piece or piece[0] not in (ESCAPED_END, ESCAPED_ESCAPE):
            raise PacketError("a SLIP frame has a wrong escape sequence")
    return pieces[0] + b"".join((_END if piece[0] == ESCAPED_END else _ESCAPE) + piece[1:] for piece in pieces[1:])


class Deframer:
    """Split a stream into packets.

    Bytes may arrive in chunks of any size; one unfinished frame is kept.
    """

    def __init__(self) -> None:
        self.framing: Framing | None = None
        self.pending = False
        self._buffer = bytearray()

    def feed(self, data: bytes, most: int = -1) -> list[bytes]:
        """Return the packets that `data` completes, empty ones for SLIP frames with wrong escapes.

        At most `most` frames are cut at a time, all of them below 0; `pending` says whether there
        may be more, which the next call gives.

        Raises:
            PacketError: if the stream is not OSC or a frame is too long. The rest of the stream
                cannot be decoded then.
        """
        self._buffer += data
        if self.framing is None and self._buffer:
            self.framing = self._detect(self._buffer[0])
        packets = self._cut_slip(most) if self.framing == "slip" else self._cut_length(most)
        if not self.pending and len(self._buffer) > _BUFFER_LIMIT_BYTES:
            raise PacketError(f"a frame is longer than {PACKET_LIMIT_BYTES} bytes")
        return packets

    @property
    def unfinished(self) -> bool:
        """Whether a packet has begun and not ended."""
        return bool(self._buffer)

    def _detect(self, first: int) -> Framing:
        if first == 0:
            return "length"
        if first in (END, ord("/"), ord("#")):
            return "slip"
        raise PacketError("the stream is not OSC: it begins neither with a SLIP END byte nor with a length")

    def _cut_slip(self, most: int) -> list[bytes]:
        *bodies, rest = bytes(self._buffer).split(_END, most)
        self._buffer = bytearray(rest)
        self.pending = END in rest
        packets = []
        for body in bodies:
            if body:
                try:
                    packets.append(unslip(body))
                except PacketError:
                    packets.append(b"")
        return packets

    def _cut_length(self, most: int) -> list[bytes]:
        packets: list[bytes] = []
        offset = 0
        while len(packets) != most and len(self._buffer) - offset >= _LENGTH_BYTES:
            size = struct.unpack_from(">i", self._buffer, offset)[0]
            if not 0 <= size <= PACKET_LIMIT_BYTES:
                raise PacketError(f"a frame claims {size} bytes; the limit is {PACKET_LIMIT_BYTES}")
            start = offset + _LENGTH_BYTES
            if len(self._buffer) - start < size:
                break
            packets.append(bytes(self._buffer[start : start + size]))
            offset = start + size
        del self._buffer[:offset]
        self.pending = len(packets) == most
        return packets
