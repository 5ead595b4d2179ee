"""Find the frames of MPEG audio (MP1, MP2, MP3; ISO 11172-3, 13818-3) and what lies between them.

Decoders trust a header with the number of frames, and guess from the first bit rate where there is
none. Here the frames are counted: damage between them is left out, and files that were joined end
to end become parts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from distill_engine.audio.decoding.parts import Part, Parts
from distill_engine.audio.decoding.tags import behind_tags
from distill_engine.audio.decoding.windows import joined
from distill_engine.system.counting import counted

_RATES = (44100, 48000, 32000)  # Hz in MPEG 1; a half in MPEG 2, a quarter in 2.5
_KBPS = {  # kbit/s by (MPEG 1, layer)
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAME = 0xFFFE0C00  # bits of a header that all frames of a stream share: version, layer, rate
_SEARCH_BYTES = 1 << 16  # read at once when the next frame is looked for
_LONGEST_FRAME_BYTES = 2881  # of layer 2 at 384 kbit/s and 32 kHz, or less in the other layers
_ANY_SIZE = 1 << 62  # bytes: more than any file has
_LIKELY_INDEX = 9  # of a bit rate whose frames hold such a header at every sample rate


@dataclass
class _Stream:
    """Frames that belong together: their places, their common header and the frame before them."""

    header: int
    tag: bytes = b""
    frames: list[tuple[int, int]] = field(default_factory=list)


def mpeg_parts(file: BinaryIO, size: int) -> Parts | None:
    """Return the streams of an MPEG audio file of `size` bytes, None if it has no frames."""
    streams: list[_Stream] = []
    start = behind_tags(file, 0, size)
    first = at = _next_frame(file, start, size)
    before, skipped = _strange_bytes(file, start, at), 0
    while at < size:
        header = _header(file, at)
        step = frame_bytes(header)
        following = behind_tags(file, at + step, size)
        if not step or at + step > size or not (following >= size or frame_bytes(_header(file, following))):
            found = _next_frame(file, at + 1, size)
            if found < size:
                skipped += found - at
                streams.append(_Stream(header))  # a decoder that goes on would use bits from before the damage
            elif step and at + step <= size:  # the last frame, with anything but sound behind it
                _add(streams, header, (at, step), _info(file, at, step, header))
            at = found
            continue
        _add(streams, header, (at, step), _info(file, at, step, header))
        at = following
    streams = [stream for stream in streams if stream.frames]
    if not streams:
        return None
    notes = [f"damaged: {counted(skipped, 'byte')} between its frames left out"] if skipped else _early_end(streams[-1])
    if before:
        notes.insert(0, f"damaged: {counted(before, 'byte')} before its first frame left out")
    if len(streams) == 1 and not skipped and _tells(streams[0]) == len(streams[0].frames):
        lies = behind_tags(file, 0, _ANY_SIZE) > size  # of the tag's length, which a decoder believes
        return Parts([Part([(first, size - first)], "MP3")], notes) if before or lies else Parts()
    return Parts([Part([_counted(stream), *joined(stream.frames)], "MP3") for stream in streams], notes)


def _strange_bytes(file: BinaryIO, start: int, end: int) -> int:
    """Return how many bytes before the first frame are neither padding nor the rest of a frame."""
    file.seek(start)
    rest = min(end - start, _SEARCH_BYTES)
    return end - start if end - start > _LONGEST_FRAME_BYTES and file.read(rest).strip(b"\0") else 0


def _early_end(stream: _Stream) -> list[str]:
    """Return a note if the stream's header tells of more frames than there are."""
    present, promised = len(stream.frames), _tells(stream)
    return (
        [f"ends early: {present / promised:.0%} of it can be read, the rest is missing"] if present < promised else []
    )


def frame_bytes(header: int) -> int:
    """Return the length in bytes of the frame with this 32-bit header, 0 if it is none."""
    version, layer = header >> 19 & 3, 4 - (header >> 17 & 3)
    index, rate = header >> 12 & 15, header >> 10 & 3
    if header >> 21 != 0x7FF or version == 1 or layer == 4 or index in (0, 15) or rate == 3:
        return 0
    bits = _KBPS[version == 3, layer][index] * 1000
    hertz = _RATES[rate] >> (0, 0, 1, 0)[version] >> (2 if version == 0 else 0)
    padding = header >> 9 & 1
    if layer == 1:
        return (12 * bits // hertz + padding) * 4
    return (144 if layer == 2 or version == 3 else 72) * bits // hertz + padding


def _add(streams: list[_Stream], header: int, place: tuple[int, int], tag: bytes) -> None:
    """Add a frame to the last stream; one with a tag, or of another kind, begins a new one."""
    if streams and not streams[-1].frames and not streams[-1].tag:
        streams[-1].header = header
    if tag or not streams or (streams[-1].header ^ header) & _SAME or _mono(streams[-1].header) != _mono(header):
        streams.append(_Stream(header, tag))
    if not tag:
        streams[-1].frames.append(place)


def _mono(header: int) -> bool:
    return header >> 6 & 3 == 3


def _header(file: BinaryIO, at: int) -> int:
    file.seek(at)
    return int.from_bytes(file.read(4), "big")


def _next_frame(file: BinaryIO, at: int, size: int) -> int:
    """Return where the next two frames in a row begin, `size` if nowhere."""
    while at < size:
        file.seek(at)
        data = file.read(_SEARCH_BYTES)
        start = -1
        while (start := data.find(b"\xff", start + 1)) >= 0:
            header = int.from_bytes(data[start : start + 4], "big")
            step = frame_bytes(header) if start + 4 <= len(data) else 0
            if step and _follows(file, at + start + step, header, size):
                return at + start
        at += max(1, len(data) - 3)
    return size


def _follows(file: BinaryIO, at: int, header: int, size: int) -> bool:
    """Return whether a frame of the same stream, a tag or the end lies at `at`."""
    after = _header(file, at)
    return at == size or behind_tags(file, at, size) > at or (bool(frame_bytes(after)) and not (after ^ header) & _SAME)


def _info(file: BinaryIO, at: int, step: int, header: int) -> bytes:
    """Return a frame that holds no sound but the number of frames (Xing, Info, VBRI), else b""."""
    file.seek(at)
    frame = file.read(step)
    place = _info_place(header)
    is_info = frame[place : place + 4] in (b"Xing", b"Info") or frame[36:40] == b"VBRI"
    return frame if is_info and 4 - (header >> 17 & 3) == 3 else b""


def _info_place(header: int) -> int:
    """Return where Xing or Info lies in a frame: behind the header and the side information."""
    first = header >> 19 & 3 == 3
    return 4 + ((17 if first else 9) if _mono(header) else (32 if first else 17))


def _tells(stream: _Stream) -> int:
    """Return the number of frames that the stream's header tells; -1 if there is none."""
    place = _info_place(stream.header)
    is_xing = stream.tag[place : place + 4] in (b"Xing", b"Info") and len(stream.tag) > place + 12
    return int.from_bytes(stream.tag[place + 8 : place + 12], "big") if is_xing and stream.tag[place + 7] & 1 else -1


def _counted(stream: _Stream) -> bytes:
    """Return a frame that tells the true number of frames, b"" where the layer has none."""
    if 4 - (stream.header >> 17 & 3) != 3:
        return b""
    place, count = _info_place(stream.header), len(stream.frames).to_bytes(4, "big")
    if _tells(stream) >= 0:
        return stream.tag[: place + 8] + count + stream.tag[place + 12 :]
    header = stream.header & 0xFFFF0DFF | 1 << 16 | _LIKELY_INDEX << 12
    frame = header.to_bytes(4, "big").ljust(place, b"\0") + b"Xing" + (1).to_bytes(4, "big") + count
    return frame.ljust(frame_bytes(header), b"\0")
