"""Make the independent package `bigvgan` importable without the packages that parts of it need."""

from __future__ import annotations

import sys
import types
from importlib.util import find_spec


def find_package() -> None:
    """Register the package with an empty `meldataset`. Ends the program if it is not installed."""
    if "bigvgan.bigvgan" in sys.modules:
        return
    spec = find_spec("bigvgan")
    if spec is None or spec.submodule_search_locations is None:
        sys.exit("error: the package bigvgan is not installed: pip install --no-deps bigvgan==2.4.1")
    package, mels = types.ModuleType("bigvgan"), types.ModuleType("bigvgan.meldataset")
    package.__path__ = list(spec.submodule_search_locations)
    vars(mels)["MAX_WAV_VALUE"] = 32768.0
    sys.modules |= {"bigvgan": package, "bigvgan.meldataset": mels}
