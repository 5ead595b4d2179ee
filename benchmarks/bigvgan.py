"""BigVGAN-v2 44k/512x: speed against the independent package `bigvgan`, difference of their outputs, memory by block size.

    python benchmarks/bigvgan.py [--quick] [--threads N] [--json FILE]

Both get the same random weights (weight norm folded) and the same mel, in one process; timings are medians of interleaved pairs.
Memory is the peak of a process of its own for each row. Writes one Markdown section to stdout, the bare figures to --json.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import types
import warnings
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from machine import processor
from torch.profiler import ProfilerActivity, profile

from distill_engine.training.device import matrix_throughput
from distill_vendor.bigvgan import BigVGAN, BigVGANConfig

CONFIG = BigVGANConfig()
SECONDS_PER_FRAME = CONFIG.hop / CONFIG.sample_rate


def _find_package() -> None:
    """Makes the package importable without the parts of it that need further packages."""
    here = str(Path(__file__).resolve().parent)  # this file has the package's name: look past it
    sys.path[:] = [entry for entry in sys.path if str(Path(entry or ".").resolve()) != here]
    spec = find_spec("bigvgan")
    if spec is None or spec.submodule_search_locations is None:
        sys.exit("error: the package bigvgan is not installed: pip install --no-deps bigvgan==2.4.1")
    package, mels = types.ModuleType("bigvgan"), types.ModuleType("bigvgan.meldataset")
    package.__path__ = list(spec.submodule_search_locations)
    vars(mels)["MAX_WAV_VALUE"] = 32768.0
    sys.modules |= {"bigvgan": package, "bigvgan.meldataset": mels}


def upstream() -> Any:
    """The independent package's generator with random weights, weight norm folded."""
    if "bigvgan.bigvgan" not in sys.modules:
        _find_package()
    from bigvgan.bigvgan import AttrDict
    from bigvgan.bigvgan import BigVGAN as Upstream

    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = Upstream(AttrDict(CONFIG.to_upstream())).eval()
    with redirect_stdout(io.StringIO()):
        network.remove_weight_norm()
    return network


def ours(state: dict[str, torch.Tensor]) -> BigVGAN:
    with torch.device("meta"):
        network = BigVGAN(CONFIG).eval()
    network.load_state_dict(state, assign=True)
    return network


def mel(frames: int) -> torch.Tensor:
    return torch.randn(1, CONFIG.bands, frames, generator=torch.Generator().manual_seed(1)) * 2 - 5


@torch.inference_mode()
def compare(frames: int, pairs: int) -> dict[str, float]:
    """Medians over interleaved pairs on the whole mel at once."""
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
        "upstream_x_real_time": frames * SECONDS_PER_FRAME / medians["upstream"],
        "distill_x_real_time": frames * SECONDS_PER_FRAME / medians["distill"],
        "times_faster": statistics.median(ratios),
        "slowest_pair": min(ratios),
        "fastest_pair": max(ratios),
    }


@torch.inference_mode()
def one_block(name: str, frames: int, blocks: int) -> dict[str, float]:
    """Speed and peak memory of one process that computes `blocks` blocks: streamed ("distill") or one whole ("upstream")."""
    before = peak_mb()
    if name == "upstream":
        network, x = upstream(), mel(frames * blocks)
        network(mel(2))
        started = time.perf_counter()
        network(x)
    else:
        network, x = BigVGAN(CONFIG).eval(), mel(frames)
        state = network.initial_state(1)
        _, state = network.step(x, state)
        started = time.perf_counter()
        for _ in range(blocks):
            _, state = network.step(x, state)
    elapsed = time.perf_counter() - started
    return {
        "frames": frames,
        "seconds_per_block": elapsed / blocks,
        "x_real_time": frames * blocks * SECONDS_PER_FRAME / elapsed,
        "peak_mb": peak_mb(),
        "start_mb": before,
    }


def peak_mb() -> float:
    """This process's own peak (what getrusage says begins with that of the process that started it)."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)


def in_own_process(name: str, frames: int, blocks: int, threads: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--block", f"{name}:{frames}:{blocks}", "--threads", str(threads)]
    result: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return result


@torch.inference_mode()
def profiled(frames: int) -> list[tuple[str, float]]:
    """The operations that take the most time here, with their share."""
    network, x = BigVGAN(CONFIG).eval(), mel(frames)
    network(x)
    with profile(activities=[ProfilerActivity.CPU]) as recorded:
        network(x)
    events = recorded.key_averages()
    whole = sum(event.self_cpu_time_total for event in events)
    top = sorted(events, key=lambda event: -event.self_cpu_time_total)[:6]
    return [(event.key, event.self_cpu_time_total / whole) for event in top]


def report(figures: dict[str, Any]) -> str:
    ceiling = CONFIG.multiplications_per_second / 1e9
    pair, rows, here = figures["pair"], figures["blocks"], figures["matrix_gmac_per_second"]
    lines = [
        f"## BigVGAN-v2 44k/512x ({figures['machine']}, {figures['threads']} threads)",
        "",
        f"One second of audio takes {ceiling:.0f} GMAC as published; matrix products reach {here:.0f} GMAC/s here, which would be "
        f"{here / ceiling:.2f} x real time if nothing else had to be done. Whole mel of {pair['frames']} frames, medians of "
        f"{pair['pairs']} interleaved pairs: upstream {pair['upstream_x_real_time']:.3f} x real time, Distill "
        f"{pair['distill_x_real_time']:.3f} x, **{pair['times_faster']:.2f} times as fast** (pairs from "
        f"{pair['slowest_pair']:.2f} to {pair['fastest_pair']:.2f}); largest difference of a sample {pair['difference']:.1e}.",
        "",
        "| | frames per block | ms per block | x real time | peak memory MB |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row['name']} | {row['frames']} | {1000 * row['seconds_per_block']:.0f} | {row['x_real_time']:.3f} | "
            f"{row['peak_mb']:.0f} |"
        )
    lines += [
        "",
        "Where the time goes: " + ", ".join(f"`{name}` {share:.0%}" for name, share in figures["profile"]) + ".",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="about two minutes instead of ten")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--block", help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.block:
        name, frames, blocks = args.block.split(":")
        print(json.dumps(one_block(name, int(frames), int(blocks))))
        return
    plan = [("distill", 1, 4), ("distill", 64, 1), ("upstream", 64, 1)]
    if not args.quick:
        plan = [("distill", n, max(1, min(16, 128 // n))) for n in (1, 2, 4, 8, 16, 64, 256)]
        plan += [("upstream", 64, 1), ("upstream", 256, 1)]
    figures: dict[str, Any] = {
        "machine": f"{processor()}, {os.cpu_count()} cores, torch {torch.__version__}",
        "threads": args.threads,
        "gmac_per_second_of_audio": CONFIG.multiplications_per_second / 1e9,
        "matrix_gmac_per_second": matrix_throughput(torch.device("cpu"), size=1536, rounds=12),
        "pair": compare(64, 3 if args.quick else 9),
        "blocks": [{"name": n, **in_own_process(n, frames, blocks, args.threads)} for n, frames, blocks in plan],
        "profile": profiled(64),
    }
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1))
    print(report(figures))


if __name__ == "__main__":
    main()
