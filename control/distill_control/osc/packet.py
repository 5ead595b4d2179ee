"""Decode and encode OSC packets.

Sources: OpenSoundControl 1.0 (https://opensoundcontrol.stanford.edu/spec-1_0.html) with its table
"nonstandard argument types", some of which 1.1 requires (Freed and Schmeder, NIME 2009).
"""

import struct
from dataclasses import dataclass

from distill_control.osc.packet_arguments import PacketError, decode_arguments, text_at

MESSAGE_LIMIT = 1024  # messages of a packet
DEPTH_LIMIT = 8  # bundles within bundles
PACKET_LIMIT_BYTES = 65536
ADDRESS_LIMIT = 1024  # characters of an address

_BUNDLE = b"#bundle\x00"
_NTP_TO_UNIX_SECONDS = 2208988800  # from 1900, where time tags begin, to 1970
_IMMEDIATELY = 1  # the time tag that means at once
_HEADER_BYTES = 16  # "#bundle", a zero byte and the time tag
_SIZE_BYTES = 4  # before each element of a bundle


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `when` is its time tag in seconds since 1970; None means at once."""

    address: str
    arguments: tuple[object, ...]
    when: float | None = None


def decode(packet: bytes) -> list[Message]:
    """Return the messages of a packet, those of a bundle in their order.

    Raises:
        PacketError: if the packet is malformed, too big or nested too deeply.
    """
    if len(packet) > PACKET_LIMIT_BYTES:
        raise PacketError(f"a packet of {len(packet)} bytes is too big; the limit is {PACKET_LIMIT_BYTES}")
    if not packet.startswith(_BUNDLE):
        return [_decode_message(packet, None)]
    messages: list[Message] = []
    _decode_bundle(packet, messages, 1)
    return messages


def _decode_bundle(packet: bytes, messages: list[Message], depth: int) -> None:
    if depth > DEPTH_LIMIT:
        raise PacketError(f"bundles are nested more than {DEPTH_LIMIT} deep")
    if len(packet) < _HEADER_BYTES:
        raise PacketError("a bundle ends before its time tag")
    when = _time(struct.unpack_from(">Q", packet, 8)[0])
    offset = _HEADER_BYTES
    while offset < len(packet):
        size = struct.unpack_from(">i", packet, offset)[0] if offset + _SIZE_BYTES <= len(packet) else -1
        offset += _SIZE_BYTES
        if size <= 0 or size % 4 or offset + size > len(packet):
            raise PacketError("an element of a bundle has a wrong size")
        element = packet[offset : offset + size]
        offset += size
        if element.startswith(_BUNDLE):
            _decode_bundle(element, messages, depth + 1)
        else:
            messages.append(_decode_message(element, when))
        if len(messages) > MESSAGE_LIMIT:
            raise PacketError(f"a bundle holds more than {MESSAGE_LIMIT} messages")


def _time(tag: int) -> float | None:
    """Return a time tag in seconds since 1970; None for at once.

    Tags below 2^63 belong to the NTP era that begins in 2036 (RFC 4330, section 3).
    """
    if tag <= _IMMEDIATELY:
        return None
    era = 0 if tag >> 63 else 2**32
    return tag / 2**32 + era - _NTP_TO_UNIX_SECONDS


def time_tag(when: float | None) -> bytes:
    """Return the eight bytes of a time tag, for `when` seconds since 1970; None means at once."""
    return struct.pack(">Q", _IMMEDIATELY if when is None else int((when + _NTP_TO_UNIX_SECONDS) * 2**32) % 2**64)


def _decode_message(packet: bytes, when: float | None) -> Message:
    if packet[:1] != b"/":
        raise PacketError(f"a packet begins with {packet[:8]!r}; expected an address (/...) or #bundle")
    address, start = text_at(packet, 0, "an address", "/")
    if len(address) > ADDRESS_LIMIT or not address.isprintable():
        raise PacketError(f"an OSC address has more than {ADDRESS_LIMIT} characters, or some that cannot be printed")
    return Message(address, decode_arguments(packet, start, address), when)


def _string(text: str) -> bytes:
    data = text.replace("\x00", "").encode("utf-8", "replace")
    return data + b"\x00" * (4 - len(data) % 4)


def encode(address: str, *arguments: object) -> bytes:
    """Return an encoded message.

    Integers become `i` (`h` beyond 32 bits), floats `f` (`d` beyond its range), booleans `T` and
    `F`, all else text.

    >>> encode("/distill/gain", -6.0)
    b'/distill/gain\\x00\\x00\\x00,f\\x00\\x00\\xc0\\xc0\\x00\\x00'
    >>> decode(encode("/distill/preset/recall", "dusk", 2))
    [Message(address='/distill/preset/recall', arguments=('dusk', 2), when=None)]
    """
    tags = [","]
    data = []
    for argument in arguments:
        tag, piece = _encode_argument(argument)
        tags.append(tag)
        data.append(piece)
    return _string(address) + _string("".join(tags)) + b"".join(data)


def _encode_argument(argument: object) -> tuple[str, bytes]:
    if isinstance(argument, bool):
        return ("T" if argument else "F"), b""
    if isinstance(argument, int):
        if -(2**31) <= argument < 2**31:
            return "i", struct.pack(">i", argument)
        if -(2**63) <= argument < 2**63:
            return "h", struct.pack(">q", argument)
        argument = float(argument)
    if isinstance(argument, float):
        if abs(argument) <= 3.4e38 or argument in (float("inf"), float("-inf")) or argument != argument:
            return "f", struct.pack(">f", argument)
        return "d", struct.pack(">d", argument)
    return "s", _string(str(argument))


def encode_bundle(packets: list[bytes], when: float | None = None) -> bytes:
    """Return a bundle of encoded packets for `when` (seconds since 1970; None means at once)."""
    return _BUNDLE + time_tag(when) + b"".join(struct.pack(">i", len(packet)) + packet for packet in packets)
