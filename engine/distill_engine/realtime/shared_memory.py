"""Memory that the engine and the control process share: parameters one way, figures the other way.

Layout (native byte order, every item 8 bytes and aligned)::

    header     magic, layout version, number of parameters, number of figures parameters one 64-bit
        word per parameter: the value's float32 bits low, the glide's float32 bits (seconds) high
        status     sequence, figures as float64, sequence again (a seqlock: odd while the engine
        writes)

One store writes a parameter and one load of an aligned word reads it: value and glide always belong
together, the latest pair wins, and neither side waits. The memory is an unlinked file, which the
control process inherits as an open descriptor (`fd:N`): nothing is left behind however the
processes end.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import time
from collections.abc import Sequence

from distill_engine.errors import ControlError
from distill_engine.system.portable.files import anonymous_file, inherited, number_for_child

MAGIC, LAYOUT = 0x6C6C697473694400, 1  # first word ("\0Distill" as bytes), version of the layout
_HEADER_WORDS = 4  # of 8 bytes
_PAIR = struct.Struct("=ff")
_WORD = struct.Struct("=Q")


def pack(value: float, glide_seconds: float) -> int:
    """Return a value and its glide in seconds, both as float32, as one 64-bit word."""
    word: int = _WORD.unpack(_PAIR.pack(value, glide_seconds))[0]
    return word


def unpack(word: int) -> tuple[float, float]:
    """Return (value, glide_seconds) of a word: the inverse of `pack`."""
    value, glide_seconds = _PAIR.unpack(_WORD.pack(word))
    return float(value), float(glide_seconds)


class SharedBlock:
    """The shared memory: the engine creates it, the control process attaches to it."""

    def __init__(self, descriptor: int, memory: mmap.mmap, parameters: int, figures: int) -> None:
        self.descriptor = descriptor
        self.parameters, self.figures = parameters, figures
        self._memory = memory
        words = memoryview(memory).cast("Q")
        status = _HEADER_WORDS + parameters
        self.words = words[_HEADER_WORDS:status]
        self.begin = words[status : status + 1]
        self.end = words[status + 1 + figures : status + 2 + figures]
        self.status_area = words[status + 1 : status + 1 + figures]
        self._views = [words, self.words, self.begin, self.end, self.status_area]

    @classmethod
    def create(cls, defaults: Sequence[float], figures: int) -> SharedBlock:
        """Make a block: its parameters have the `defaults` without glide, its `figures` are 0."""
        size = _size(len(defaults), figures)
        descriptor = anonymous_file(size)
        memory = mmap.mmap(descriptor, size)
        header = (MAGIC, LAYOUT, len(defaults), figures)
        memory[: 8 * _HEADER_WORDS] = b"".join(_WORD.pack(word) for word in header)
        block = cls(descriptor, memory, len(defaults), figures)
        for parameter_index, value in enumerate(defaults):
            block.words[parameter_index] = pack(value, 0.0)
        return block

    @classmethod
    def attach(cls, name: str) -> SharedBlock:
        """Open the block that the engine named (`fd:N`).

        Raises:
            ControlError: if it is not there or was made by another version.
        """
        try:
            kind, _, number = name.partition(":")
            descriptor = inherited(int(number))
            size = os.fstat(descriptor).st_size
            memory = mmap.mmap(descriptor, size)
        except (OSError, ValueError) as error:
            raise ControlError(
                f"shared memory {name!r} cannot be opened ({error}); start distill-engine again"
            ) from None
        words = memoryview(memory).cast("Q")
        magic, layout, parameters, figures = words[:_HEADER_WORDS]
        words.release()
        if kind != "fd" or (magic, layout) != (MAGIC, LAYOUT) or size != _size(parameters, figures):
            raise ControlError(f"shared memory {name!r} belongs to another version; start distill-engine again")
        return cls(descriptor, memory, parameters, figures)

    @property
    def name(self) -> str:
        """Name for `attach` in a child process that inherits the descriptor."""
        return f"fd:{number_for_child(self.descriptor)}"

    def close(self) -> None:
        """Release the memory; the system frees it when the last process has."""
        if self._memory.closed:
            return
        for view in reversed(self._views):
            view.release()
        self._memory.close()
        with contextlib.suppress(OSError):
            os.close(self.descriptor)


class ParameterWriter:
    """The control process's side of the parameters."""

    def __init__(self, block: SharedBlock) -> None:
        self._words = block.words

    def set(self, parameter_index: int, value: float, glide_seconds: float = 0.0) -> None:
        """Write one parameter. Raises ControlError if there is none of this index."""
        if not 0 <= parameter_index < len(self._words):
            raise ControlError(f"there is no parameter {parameter_index}; they are 0 to {len(self._words) - 1}")
        self._words[parameter_index] = pack(value, glide_seconds)

    def get(self, parameter_index: int) -> tuple[float, float]:
        """Return (value, glide_seconds) as written last."""
        return unpack(self._words[parameter_index])


class ParameterReader:
    """The synth thread's side of the parameters: finds what has changed."""

    def __init__(self, block: SharedBlock) -> None:
        self._words = block.words
        self._last = block.words.tolist()  # the words of the last call

    def changes(self) -> list[tuple[int, float, float]]:
        """Return (index, value, glide_seconds) of each parameter written since the last call."""
        now = self._words.tolist()  # one load each: value and glide belong together
        if now == self._last:
            return []
        last, self._last = self._last, now
        return [(index, *unpack(word)) for index, word in enumerate(now) if word != last[index]]

    def current(self) -> list[tuple[int, float, float]]:
        """Return (index, value, 0) of all parameters: the values they have or glide to."""
        return [(parameter_index, unpack(word)[0], 0.0) for parameter_index, word in enumerate(self._words)]


class StatusWriter:
    """The engine's side of the figures, for one thread."""

    def __init__(self, block: SharedBlock) -> None:
        self._block = block
        self._sequence = 0

    def publish(self, figures: Sequence[float]) -> None:
        """Write all figures. Raises ControlError if their number is wrong."""
        block = self._block
        if len(figures) != block.figures:
            raise ControlError(f"{len(figures)} figures, the block has {block.figures}")
        self._sequence += 2
        block.begin[0] = self._sequence - 1
        for index, word in enumerate(struct.unpack(f"={len(figures)}Q", struct.pack(f"={len(figures)}d", *figures))):
            block.status_area[index] = word
        block.end[0] = self._sequence
        block.begin[0] = self._sequence


class StatusReader:
    """The control process's side of the figures."""

    def __init__(self, block: SharedBlock) -> None:
        self._block = block

    def read(self, attempts: int = 50) -> list[float] | None:
        """Return all figures of one moment.

        None before the first were published, or if the engine was writing at every attempt.
        """
        block = self._block
        for _ in range(attempts):
            before = block.begin[0]
            if not before:
                return None
            words = list(block.status_area)
            if before % 2 == 0 and block.end[0] == before == block.begin[0]:
                return list(struct.unpack(f"={len(words)}d", struct.pack(f"={len(words)}Q", *words)))
            time.sleep(0.0)
        return None


def _size(parameters: int, figures: int) -> int:
    return 8 * (_HEADER_WORDS + parameters + figures + 2)
