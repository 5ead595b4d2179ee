"""Time blocks of synthesis in this process and print JSON.

    python -m live_support.hop_times MODEL VOCODER [--torch] [--threads N] [--block N]

Each configuration gets a process of its own, so that torch's and ONNX Runtime's threads do not
meet. The program also runs with the packages of an old commit on PYTHONPATH.
"""

from __future__ import annotations

import argparse
import inspect
import json
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

WARM_UP = 10
"""Blocks before the measured ones."""
LAYOUTS = (("synthesis", "inference.onnx_backend"), ("streaming", "streaming.backends.onnx_backend"))
"""Packages of the synthesis and of the ONNX backend, newest first; the older one warms up by block."""


def packages() -> tuple[Any, Any, Any]:
    """Return the modules `instrument`, `synth` and the ONNX backend of the engine on the path."""
    for synthesis, backend in LAYOUTS:
        try:
            found = (f"{synthesis}.instrument", f"{synthesis}.synth", backend)
            instrument, synth, onnx = (import_module(f"distill_engine.{name}") for name in found)
        except ModuleNotFoundError:
            continue
        return instrument, synth, onnx
    raise SystemExit("error: this engine has neither of the known package layouts")


def main() -> None:
    """Time the blocks and print p50, p99 and maximum in ms, and their share of the sound's time."""
    parser = argparse.ArgumentParser(description="time blocks of synthesis")
    parser.add_argument("model", help="a file, or `starter`")
    parser.add_argument("vocoder")
    parser.add_argument("--torch", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--block", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=6.0)
    options = parser.parse_args()
    if options.torch:
        import torch

        torch.set_num_threads(options.threads)
    instruments, synths, onnx = packages()
    if options.model == "starter":
        options.model = import_module("distill_engine.library.assets").starter_path()
    prepare = instruments.prepare_instrument
    more = {"block": options.block} if "block" in inspect.signature(prepare).parameters else {}
    settings, device = onnx.SessionSettings(threads=options.threads), "cpu" if options.torch else None
    instrument = prepare(Path(options.model), options.vocoder, settings=settings, torch_device=device, **more)
    times = block_times(synths.Synth(instrument, block=options.block), options.block, options.seconds)
    p50, p99 = np.percentile(times, (50, 99)) * 1e3
    length_ms = options.block * 1e3 / instrument.frame_rate
    found = {"p50_ms": p50, "p99_ms": p99, "max_ms": max(times) * 1e3, "factor": p50 / length_ms, "blocks": len(times)}
    print(json.dumps(found))


def block_times(synth: Any, block: int, seconds: float) -> list[float]:
    """Return the times in seconds of single blocks of `block` hops, after a warm-up."""
    for _ in range(WARM_UP):
        synth.render(block)
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        synth.render(block)
        times.append(time.perf_counter() - began)
    return times


if __name__ == "__main__":
    main()
