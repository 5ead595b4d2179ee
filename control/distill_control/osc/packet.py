"""Decode and encode OSC packets.

Sizes and type tags are checked before python-osc's message parser gets a message. That parser loops
forever on a bundle element of negative size, continues after an unknown type tag, and copies the
packet once per argument. Source: OpenSoundControl 1.0
(https://opensoundcontrol.stanford.edu/spec-1_0.html).
"""

import struct
from dataclasses import dataclass
from functools import lru_cache

from pythonosc.osc_message import OscMessage, ParseError

from distill_engine.errors import ControlError

ARGUMENT_LIMIT = 1024  # arguments of a message
MESSAGE_LIMIT = 1024  # messages of a packet
DEPTH_LIMIT = 8  # bundles within bundles, and arrays of a message
PACKET_LIMIT_BYTES = 65536
ADDRESS_LIMIT = 1024  # characters of an address

_BUNDLE = b"#bundle\x00"
_KNOWN_TAGS = frozenset(b"ifhdsbTFN[]trm")
_NTP_TO_UNIX_SECONDS = 2208988800  # from 1900, where time tags begin, to 1970
_IMMEDIATELY = 1  # the time tag that means at once
_HEADER_BYTES = 16  # "#bundle", a zero byte and the time tag
_SIZE_BYTES = 4  # before each element of a bundle


class PacketError(ControlError):
    """A packet that is not valid OSC, or exceeds a limit."""


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
        raise PacketError("a packet is neither an OSC message nor a bundle")
    _check_types(packet)
    try:
        message = OscMessage(packet)
    except (ParseError, ValueError, struct.error, IndexError, OverflowError) as error:
        raise PacketError(f"an OSC message is malformed: {_first_line(error)}") from None
    address = message.address
    if len(address) > ADDRESS_LIMIT or not address.isprintable():
        raise PacketError(f"an OSC address has more than {ADDRESS_LIMIT} characters, or some that cannot be printed")
    return Message(address, tuple(message.params), when)


def _check_types(packet: bytes) -> None:
    start = packet.find(0)
    if start < 0:
        raise PacketError("an OSC address is not terminated")
    start = (start // 4 + 1) * 4
    if start >= len(packet):
        return
    end = packet.find(0, start)
    if end < 0 or packet[start : start + 1] != b",":
        raise PacketError("an OSC message has no type tags")
    _check_tags(packet[start + 1 : end])


@lru_cache(maxsize=256)
def _check_tags(tags: bytes) -> None:
    if len(tags) > ARGUMENT_LIMIT:
        raise PacketError(f"an OSC message has more than {ARGUMENT_LIMIT} arguments")
    if not _KNOWN_TAGS.issuperset(tags):
        unknown = "".join(sorted({chr(tag) for tag in tags if tag not in _KNOWN_TAGS}))
        raise PacketError(f"an OSC message has arguments of unknown type {unknown[:8]!r}")
    if tags.count(b"[") > DEPTH_LIMIT:
        raise PacketError(f"an OSC message has more than {DEPTH_LIMIT} arrays")


def _first_line(error: Exception) -> str:
    return str(error.args[0] if error.args else error).splitlines()[0][:100] if str(error) else type(error).__name__


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
