"""Importing torch while something plays: without holding Python's lock for longer than the ring can bear."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import importlib.util
import os
import sys
from pathlib import Path

IMPORT_MARGIN = 0.15
"""Seconds of sound that should wait in the ring meanwhile: parts of the import hold the lock for up to 70 ms (0.35 s without
what is done here), measured on a server processor at 2.5 GHz."""


def torch_is_here() -> bool:
    """Whether torch has been imported already."""
    return "torch" in sys.modules


def import_torch() -> None:
    """Imports torch: its libraries are loaded first by a foreign call, which leaves the lock to others; no collector pauses."""
    if torch_is_here():
        return
    _load_libraries()
    collecting = gc.isenabled()
    gc.disable()
    try:
        importlib.import_module("torch")
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def leave_a_core() -> None:
    """Imports torch and keeps it, from now on, from taking every core: one is the synth thread's and everybody else's."""
    import_torch()
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))


def _load_libraries() -> None:
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None or not hasattr(os, "RTLD_NOW"):
        return
    for library in Path(spec.origin).parent.glob("lib/libtorch_python.*"):
        with contextlib.suppress(OSError, AttributeError):
            load = ctypes.CDLL(None).dlopen
            load.restype, load.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
            load(str(library).encode(), os.RTLD_NOW)
