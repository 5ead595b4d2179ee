"""Let an engine play its prior while everything moves, and count what goes wrong."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from live_support.disturbances import COUNTED, LAST
from live_support.hearing import heard_outside
from live_support.underrun_watch import UnderrunWatch
from measures.moving import moving_parameters

MOVE_SECONDS = 0.25
"""Time between two moves."""


def play_live(model: Path, seconds: float, folder: Path, seed: int = 0) -> dict[str, Any]:
    """Return what the engine counted, and what was heard. Raises RuntimeError without a prior."""
    from distill_engine.synthesis.instrument import prepare_instrument

    moving, rng, moves = moving_parameters(prepare_instrument(model)), np.random.default_rng(seed), 0
    with heard_outside(model, "auto", folder) as hearing:
        osc = hearing.engine.osc
        osc.send("/distill/source", "prior")
        time.sleep(1.0)
        if (playing := osc.status()["source"]) != "prior":
            raise RuntimeError(f"the engine plays {playing}, not its prior")
        watch = UnderrunWatch(hearing.engine.port)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            one = moving[rng.integers(len(moving))]
            osc.send(one.address, float(rng.uniform(one.minimum, one.maximum)), float(rng.uniform(0.0, 1.0)))
            time.sleep(MOVE_SECONDS)
            moves += 1
        after = osc.status()
        machine = watch.stop()
    return {
        "moves": moves,
        **{name: float(after[name]) - float(hearing.before[name]) for name in COUNTED},
        **{name: float(after[name]) for name in LAST},
        "underruns_machine": machine["underruns_machine"],
        **hearing.figures(),
    }
