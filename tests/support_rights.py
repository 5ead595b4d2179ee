"""Modes of files that count, whoever runs the tests."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

CAPABILITIES_3 = 0x20080522  # the version of the structures below (linux/capability.h)
DAC_OVERRIDE, DAC_READ_SEARCH = 1 << 1, 1 << 2  # to go by no file's mode


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@contextmanager
def bound_by_modes() -> Iterator[None]:
    """Let this thread go by the modes of files until the block ends, even the administrator's."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        yield
        return
    system, header, sets = ctypes.CDLL(None, use_errno=True), _Header(CAPABILITIES_3, 0), (_Sets * 2)()
    assert system.capget(ctypes.byref(header), sets) == 0
    before = sets[0].effective
    sets[0].effective = before & ~(DAC_OVERRIDE | DAC_READ_SEARCH)
    assert system.capset(ctypes.byref(header), sets) == 0
    try:
        yield
    finally:
        sets[0].effective = before
        assert system.capset(ctypes.byref(header), sets) == 0
