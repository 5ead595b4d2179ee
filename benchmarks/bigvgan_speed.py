"""Compare BigVGAN-v2 44k/512x with the independent package `bigvgan`: speed, difference, memory.

    python benchmarks/bigvgan_speed.py [--quick] [--threads N]

Both get the same random weights (weight norm folded) and the same mel, in one process; times are
medians of interleaved pairs. Memory is the peak of a process of its own for each row.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.benchmark import Benchmark, Column, Run, Table

if TYPE_CHECKING:
    import torch

    from distill_vendor.bigvgan import BigVGAN, BigVGANConfig

FULL_PAIRS, QUICK_PAIRS = 9, 3
FRAMES = 64
"""Frames of the whole mel that both compute."""
TOP_OPERATIONS = 6
BENCHMARK = Benchmark(
    "bigvgan_speed",
    "BigVGAN-v2 44k/512x: speed and memory",
    [
        Table(
            "pairs",
            "The whole mel at once, both in one process, random weights: medians of interleaved pairs.",
            (
                Column("frames", "frames", "d"),
                Column("pairs", "pairs", "d"),
                Column("threads", "threads", "d"),
                Column("upstream_x", "package, x real time", ".3f"),
                Column("distill_x", "ours, x real time", ".3f"),
                Column("times_faster", "times faster", ".2f"),
                Column("slowest_pair", "slowest pair", ".2f"),
                Column("fastest_pair", "fastest pair", ".2f"),
                Column("difference", "largest difference", ".1e"),
            ),
        ),
        Table(
            "blocks",
            "Each row in a process of its own; the package computes whole sounds, ours streams exactly.",
            (
                Column("name", "what"),
                Column("frames", "frames a block", "d"),
                Column("ms_per_block", "ms a block", ",.0f"),
                Column("x_real_time", "x real time", ".3f"),
                Column("peak_mb", "peak memory, MB", ",.0f"),
            ),
            key=("name", "frames"),
        ),
        Table(
            "ceiling",
            "The multiplications of a second of sound as published, and what matrix products reach on this machine.",
            (
                Column("gmac_per_s_of_sound", "GMAC a second of sound", ".0f"),
                Column("matrix_gmac_per_s", "GMAC/s reached", ".0f"),
                Column("ceiling_x", "x real time at best", ".2f"),
            ),
        ),
        Table(
            "profile",
            "Operations that take the most time, with their share.",
            (Column("operation", "operation"), Column("share", "share", ".0%")),
        ),
    ],
)


def upstream() -> Any:
    """Return the independent package's generator with random weights, weight norm folded."""
    import io
    import warnings
    from contextlib import redirect_stdout

    import torch

    from distill_vendor.bigvgan import BigVGANConfig
    from measures.bigvgan_package import find_package

    find_package()
    from bigvgan.bigvgan import AttrDict
    from bigvgan.bigvgan import BigVGAN as Upstream

    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = Upstream(AttrDict(BigVGANConfig().to_upstream())).eval()
    with redirect_stdout(io.StringIO()):
        network.remove_weight_norm()
    return network


def ours(state: dict[str, torch.Tensor] | None = None) -> BigVGAN:
    """Return our generator, with these weights or random ones."""
    import torch

    from distill_vendor.bigvgan import BigVGAN, BigVGANConfig

    if state is None:
        return BigVGAN(BigVGANConfig()).eval()
    with torch.device("meta"):
        network = BigVGAN(BigVGANConfig()).eval()
    network.load_state_dict(state, assign=True)
    return network


def mel(frames: int) -> torch.Tensor:
    """Return a random log-mel [1, bands, frames]."""
    import torch

    from distill_vendor.bigvgan import BigVGANConfig

    return torch.randn(1, BigVGANConfig().bands, frames, generator=torch.Generator().manual_seed(1)) * 2 - 5


def frame_seconds() -> float:
    """Return the length of a frame in s."""
    from distill_vendor.bigvgan import BigVGANConfig

    return BigVGANConfig().hop / BigVGANConfig().sample_rate


def compare(frames: int, pairs: int) -> dict[str, float]:
    """Return the medians over interleaved pairs on the whole mel at once."""
    theirs = upstream()
    mine, x = ours(theirs.state_dict()), mel(frames)
    expected, got = theirs(x), mine(x)  # also the warm-up
    times: dict[str, list[float]] = {"upstream": [], "distill": []}
    for _ in range(pairs):
        for name, network in (("upstream", theirs), ("distill", mine)):
            started = time.perf_counter()
            network(x)
            times[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratios = [a / b for a, b in zip(times["upstream"], times["distill"], strict=True)]
    return {
        "frames": frames,
        "pairs": pairs,
        "difference": float((expected - got).abs().max()),
        "upstream_x": frames * frame_seconds() / medians["upstream"],
        "distill_x": frames * frame_seconds() / medians["distill"],
        "times_faster": statistics.median(ratios),
        "slowest_pair": min(ratios),
        "fastest_pair": max(ratios),
    }


def one_block(name: str, frames: int, blocks: int) -> dict[str, float]:
    """Return speed and peak memory of this process.

    Ours streams `blocks` blocks, the package computes one whole sound of that length.
    """
    before = peak_mb()
    if name == "upstream":
        network, x = upstream(), mel(frames * blocks)
        network(mel(2))
        started = time.perf_counter()
        network(x)
    else:
        own, x = ours(), mel(frames)
        state = own.initial_state(1)
        _, state = own.step(x, state)
        started = time.perf_counter()
        for _ in range(blocks):
            _, state = own.step(x, state)
    elapsed = time.perf_counter() - started
    return {
        "ms_per_block": 1000 * elapsed / blocks,
        "x_real_time": frames * blocks * frame_seconds() / elapsed,
        "peak_mb": peak_mb(),
        "start_mb": before,
    }


def peak_mb() -> float:
    """Return this process's own peak memory in MiB.

    What getrusage counts begins with the peak of the process that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)


def in_own_process(name: str, frames: int, blocks: int, threads: int) -> dict[str, float]:
    """Return the figures of `one_block`, measured in a process of its own."""
    command = [sys.executable, __file__, "--block", f"{name}:{frames}:{blocks}", "--threads", str(threads)]
    result: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return result


def profiled(frames: int) -> list[tuple[str, float]]:
    """Return the operations that take the most time here, with their share."""
    from torch.profiler import ProfilerActivity, profile

    network, x = ours(), mel(frames)
    network(x)
    with profile(activities=[ProfilerActivity.CPU]) as recorded:
        network(x)
    events = recorded.key_averages()
    whole = sum(event.self_cpu_time_total for event in events)
    top = sorted(events, key=lambda event: -event.self_cpu_time_total)[:TOP_OPERATIONS]
    return [(event.key.removeprefix("aten::"), event.self_cpu_time_total / whole) for event in top]


def multiplications_per_second(config: BigVGANConfig) -> float:
    """Return the multiply-accumulates of all convolutions for a second of sound."""
    channels, rate = config.initial_channels, config.sample_rate / config.hop
    total = config.bands * channels * 7 * rate
    for up, kernel in zip(config.upsample_rates, config.upsample_kernels, strict=True):
        total += channels * (channels // 2) * kernel * rate
        channels, rate = channels // 2, rate * up
        taps = sum(
            size * len(dilations) * (2 if config.resblock == 1 else 1)
            for size, dilations in zip(config.resblock_kernels, config.resblock_dilations, strict=True)
        )
        total += channels * channels * taps * rate
    return total + channels * 7 * rate


def measure(run: Run, threads: int, *, quick: bool) -> None:
    """Fill the four tables."""
    import torch

    from distill_engine.training.device import matrix_throughput
    from distill_vendor.bigvgan import BigVGANConfig

    plan = [("distill", 1, 4), ("distill", 64, 1), ("upstream", 64, 1)]
    if not quick:
        plan = [("distill", n, max(1, min(16, 128 // n))) for n in (1, 2, 4, 8, 16, 64, 256)]
        plan += [("upstream", 64, 1), ("upstream", 256, 1)]
    needed = multiplications_per_second(BigVGANConfig()) / 1e9
    reached = matrix_throughput(torch.device("cpu"), size=1536, rounds=12)
    run.row("ceiling", gmac_per_s_of_sound=needed, matrix_gmac_per_s=reached, ceiling_x=reached / needed)
    run.row("pairs", threads=threads, **compare(FRAMES, QUICK_PAIRS if quick else FULL_PAIRS))
    for name, frames, blocks in plan:
        shown = "ours" if name == "distill" else "package"
        run.row("blocks", name=shown, frames=frames, **in_own_process(name, frames, blocks, threads))
    for operation, share in profiled(FRAMES):
        run.row("profile", operation=operation, share=share)


def main() -> None:
    """Run the benchmark, or one block for it."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--quick", action="store_true", help="about two minutes instead of ten")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--block", help="measure NAME:FRAMES:BLOCKS in this process and print JSON")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    with torch.inference_mode():
        if options.block:
            name, frames, blocks = options.block.split(":")
            print(json.dumps(one_block(name, int(frames), int(blocks))))
            return
        with BENCHMARK.run(options) as run:
            measure(run, options.threads, quick=options.quick)


if __name__ == "__main__":
    main()
