"""What a process shares, such as a JACK server's memory, is not its own."""

from __future__ import annotations

import mmap
import sys

import pytest

from distill_engine.system.portable.processes import resident_bytes

SIZE = 64 << 20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere it is the peak")
def test_memory_that_is_shared_does_not_count() -> None:
    before = resident_bytes()
    with mmap.mmap(-1, SIZE) as shared:
        shared.write(b"\1" * SIZE)
        assert abs(resident_bytes() - before) < SIZE // 4
    with mmap.mmap(-1, SIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as own:
        own.write(b"\1" * SIZE)
        assert SIZE * 0.8 < resident_bytes() - before < SIZE * 1.25
