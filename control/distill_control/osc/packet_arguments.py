"""Decode the arguments of an OSC message, each by its type tag.

| tag | becomes |
|---|---|
| `i` `h`, `f` `d` | int, float |
| `T` `F` | bool |
| `N` `I` (nil, impulse) | None |
| `s` `S` `c` | text |
| `b` | bytes |
| `r` `m` `t` (colour, MIDI, time) | `Foreign` |
| `[` `]` | list |
"""

import struct
from dataclasses import dataclass
from functools import lru_cache

from distill_engine.errors import ControlError

ARGUMENT_LIMIT = 1024  # arguments of a message
ARRAY_LIMIT = 8  # arrays of a message

_NUMBERS = {"i": struct.Struct(">i"), "h": struct.Struct(">q"), "f": struct.Struct(">f"), "d": struct.Struct(">d")}
_WITHOUT_DATA = {"T": True, "F": False, "N": None, "I": None}
_FOREIGN = {"r": ("a colour", 4), "m": ("a MIDI message", 4), "t": ("a time tag", 8)}  # with their bytes
_KNOWN_TAGS = frozenset("sScb[]") | _NUMBERS.keys() | _WITHOUT_DATA.keys() | _FOREIGN.keys()
_SIZE = struct.Struct(">i")  # before a blob, and of a character


class PacketError(ControlError):
    """A packet that is not valid OSC, or exceeds a limit; `address` is the message's, if known."""

    def __init__(self, message: str, address: str = "/") -> None:
        super().__init__(message)
        self.address = address


@dataclass(frozen=True, slots=True)
class Foreign:
    """An argument of a type that no address takes; its `repr` names the type in errors."""

    kind: str

    def __repr__(self) -> str:
        return self.kind


def text_at(packet: bytes, start: int, what: str, address: str) -> tuple[str, int]:
    """Return a padded string and where the next one begins; `what` names it in errors.

    Raises:
        PacketError: if it does not end within the packet or is not UTF-8.
    """
    end = packet.find(0, start)
    if end < 0:
        raise PacketError(f"{what} is not terminated by a zero byte", address)
    try:
        return packet[start:end].decode("utf-8"), (end // 4 + 1) * 4
    except UnicodeDecodeError:
        raise PacketError(f"{what} is not UTF-8 text: send UTF-8, or ASCII letters only", address) from None


def decode_arguments(packet: bytes, start: int, address: str) -> tuple[object, ...]:
    """Return the arguments of a message whose type tags begin at `start`.

    Raises:
        PacketError: if they are malformed, too many or of unknown types.
    """
    if start >= len(packet):
        return ()
    tags, offset = text_at(packet, start, "the text of type tags", address)
    fault = _fault(tags)
    if fault:
        raise PacketError(fault, address)
    arrays: list[list[object]] = [[]]
    for number, tag in enumerate(tags[1:], 1):
        if tag == "[":
            arrays.append([])
        elif tag == "]":
            closed = arrays.pop()
            arrays[-1].append(closed)
        else:
            try:
                value, offset = _argument(packet, offset, tag, address)
            except struct.error:
                raise PacketError(f"the packet ends before argument {number} of type {tag!r} does", address) from None
            arrays[-1].append(value)
    return tuple(arrays[0])


@lru_cache(maxsize=256)
def _fault(tags: str) -> str:
    """Return what is wrong with a text of type tags; empty if nothing is."""
    if not tags.startswith(","):
        return "an OSC message has no type tags: expected a comma and a letter for each argument, such as ,f"
    if len(tags) > ARGUMENT_LIMIT + 1:
        return f"an OSC message has more than {ARGUMENT_LIMIT} arguments"
    unknown = "".join(sorted(set(tags[1:]) - _KNOWN_TAGS))
    if unknown:
        return f"an OSC message has arguments of unknown type {unknown[:8]!r}; known are i f s b h d S c r m T F N I t"
    if tags.count("[") > ARRAY_LIMIT:
        return f"an OSC message has more than {ARRAY_LIMIT} arrays"
    open_arrays = 0
    for tag in tags:
        open_arrays += (tag == "[") - (tag == "]")
        if open_arrays < 0:
            break
    return "an OSC message has an array without its beginning or end ([ and ])" if open_arrays else ""


def _argument(packet: bytes, offset: int, tag: str, address: str) -> tuple[object, int]:
    """Return an argument and where the next one begins. Raises PacketError, struct.error."""
    if tag in _WITHOUT_DATA:
        return _WITHOUT_DATA[tag], offset
    if tag in _NUMBERS:
        number = _NUMBERS[tag]
        return number.unpack_from(packet, offset)[0], offset + number.size
    if tag in "sS":
        return text_at(packet, offset, "a text", address)
    if tag in _FOREIGN:
        kind, size = _FOREIGN[tag]
        struct.unpack_from(f"{size}s", packet, offset)
        return Foreign(kind), offset + size
    (code,) = _SIZE.unpack_from(packet, offset)
    offset += _SIZE.size
    if tag == "c":
        return chr(code) if 0 < code < 128 else Foreign("a character beyond ASCII"), offset
    if not 0 <= code <= len(packet) - offset:
        raise PacketError(f"a blob of {code} bytes does not fit into its packet", address)
    return packet[offset : offset + code], offset + -(-code // 4) * 4
