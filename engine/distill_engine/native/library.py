"""The library of native kernels, loaded with ctypes.

An installation without it, or with one of another edition, plays through the graphs.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

EDITION = 4
"""Edition of the kernels' interface and arithmetic (`EDITION` in vocos.c)."""
SWITCH = "DISTILL_NATIVE"
"""Environment variable: "off", "0", "no" or "false" plays through graphs."""
LIBRARY = Path(__file__).with_name("_kernels.so")


class Library:
    """The loaded library: its functions, with their types. Raises OSError with the reason."""

    vocos_tables: Callable[..., int]
    vocos_new: Callable[..., int | None]
    vocos_scratch: Callable[..., int]
    vocos_step: Callable[..., None]
    vocos_free: Callable[..., None]
    interpolate: Callable[..., None]
    resample: Callable[..., None]
    shape: Callable[..., None]
    hear: Callable[..., None]
    respond: Callable[..., None]
    reverberate: Callable[..., None]
    all_passes: Callable[..., None]

    def __init__(self, path: Path) -> None:
        library = ctypes.CDLL(str(path))
        pointer, number = ctypes.c_void_p, ctypes.c_int
        found = library.distill_edition() if hasattr(library, "distill_edition") else 0
        if found != EDITION:
            raise OSError(f"it is of edition {found}, not {EDITION}")
        signatures = {
            "vocos_tables": (number, [pointer, pointer, number]),
            "vocos_new": (pointer, [pointer, pointer]),
            "vocos_scratch": (ctypes.c_int64, [pointer]),
            "vocos_step": (None, [pointer, pointer, number, pointer, pointer, pointer, pointer]),
            "vocos_free": (None, [pointer]),
            "interpolate": (None, [pointer, number, pointer, number, pointer, number, number, pointer]),
            "shape": (None, [pointer, pointer, ctypes.c_int64, pointer, pointer, pointer]),
            "hear": (None, [pointer, number, number, *[pointer] * 4]),
            "respond": (None, [pointer, number, number, *[pointer] * 3, *[number] * 3, pointer]),
            "reverberate": (None, [pointer, pointer, *[number] * 3, *[pointer] * 4]),
            "all_passes": (None, [pointer, pointer, number, ctypes.c_double, pointer, number, pointer]),
            "resample": (None, [pointer, number, ctypes.c_int64, *[number] * 3, pointer, number, pointer]),
        }
        for name, (result, arguments) in signatures.items():
            try:
                function = getattr(library, f"distill_{name}")
            except AttributeError:
                raise OSError(f"it has no function {name}") from None
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)


def slower_without(reason: str) -> str:
    """Return what is said where `native_library` gives a reason instead of the library."""
    return f"vocos plays without its native kernel, slower: {reason}"


@cache
def native_library(path: Path = LIBRARY) -> Library | str:
    """Return the library, or the reason why there is none."""
    if os.environ.get(SWITCH, "on").strip().lower() in ("off", "0", "no", "false"):
        return f"switched off by {SWITCH}"
    if not path.exists():
        return "this installation has none: it was built without a C compiler"
    try:
        wanted = path.with_suffix(".sha256").read_text(encoding="ascii").strip()
        if hashlib.sha256(path.read_bytes()).hexdigest() != wanted:  # loading half a library ends the process
            return f"{path.name} is damaged: install Distill again"
        return Library(path)
    except (OSError, ValueError) as error:
        return f"{path.name} cannot be loaded: {str(error).splitlines()[0][:120]}"
