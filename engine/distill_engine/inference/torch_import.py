"""Import torch during playback without blocking Python's global lock for too long.

The limit is the sound that waits in the ring.
"""

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
"""Seconds of sound that the ring should hold during the import.

Parts of the import hold the lock for up to 70 ms (0.35 s with a plain import), measured on a server
processor at 2.5 GHz.
"""


def torch_is_here() -> bool:
    """Return whether torch has been imported."""
    return "torch" in sys.modules


def import_torch() -> None:
    """Import torch without long pauses of other threads.

    Its libraries are loaded first by a foreign call, which releases Python's global lock. The
    garbage collector is off meanwhile.
    """
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
    """Import torch and limit it to all cores but one, which stays free for the synth thread."""
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
