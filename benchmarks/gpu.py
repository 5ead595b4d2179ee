"""Play through torch on a GPU: exactness of streams and time of blocks.

    python benchmarks/gpu.py [--device cuda|cpu] [--seconds 0.6]

The processor measures `vocos` and `hifigan` alone, for comparison.

Networks have the published sizes. BigVGAN-v2 44k/512x gets random weights, scaled so that its
samples spread over the full range; `hifigan`, `vocos` and the latent decoder are the shipped ones.
Times are of one block from numpy to numpy, as the live engine computes it, after a warm-up.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.benchmark import Benchmark, Column, Run, Table

if TYPE_CHECKING:
    import numpy as np

    from distill_engine.layers.runner import Runner

BLOCKS = (1, 2, 4, 8, 16, 64)
"""Frames of a block."""
FRAMES = 120
"""Frames of the sound that streams are compared on."""
BENCHMARK = Benchmark(
    "gpu",
    "Playing on a GPU",
    [
        Table(
            "streams",
            "Streamed in blocks against the whole sound in float32, on one device.",
            (
                Column("device", "device"),
                Column("network", "network"),
                Column("precision", "precision"),
                Column("block", "frames a block", "d"),
                Column("largest", "largest difference", ".1e"),
                Column("snr_db", "signal to difference, dB", ".0f"),
            ),
            key=("device", "network", "precision", "block"),
        ),
        Table(
            "speed",
            "Time of one block. The factor is its median over the length of its sound: below 1 keeps up.",
            (
                Column("device", "device"),
                Column("network", "network"),
                Column("precision", "precision"),
                Column("steps", "steps"),
                Column("block", "frames a block", "d"),
                Column("p50_ms", "ms p50", ".2f"),
                Column("p99_ms", "p99", ".2f"),
                Column("max_ms", "max", ".2f"),
                Column("factor", "factor", ".3f"),
            ),
            key=("device", "network", "precision", "steps", "block"),
        ),
    ],
)


@dataclass(frozen=True)
class Candidate:
    """A network under test: its `runner`, its number of input channels, and its sample rate."""

    name: str
    precision: str
    runner: Runner
    channels: int
    rate: float
    hop: int
    delay: int

    @property
    def device(self) -> str:
        """The device's name."""
        import torch

        on_gpu = self.runner.device.type == "cuda"
        return torch.cuda.get_device_name() if on_gpu else self.runner.device.type


def candidates(device: str) -> Iterator[Candidate]:
    """Yield the networks, one after the other."""
    import torch

    from distill_engine.layers.runner import Runner
    from distill_engine.modelfile import ModelFile
    from distill_engine.training.storage import load_weights
    from distill_engine.vocoders.registry import build_vocoder
    from distill_vendor.bigvgan import BigVGAN
    from harness.repository import ASSETS

    where = torch.device(device)
    for kind in ("vocos", "hifigan"):
        with ModelFile.open(ASSETS / "base.distillgan") as file:
            network: Any = build_vocoder(kind, file.manifest.vocoders[kind]["config"]).eval()
            load_weights(network, {k: v.astype("float32") for k, v in file.read_part(f"vocoder/{kind}").items()}, kind)
        runner = Runner(network.to(where), where, notify=print)
        yield Candidate(kind, "float32", runner, 128, 44100, network.hop, network.delay)
    if where.type == "cpu":  # `bigvgan_speed` measures that
        return
    torch.manual_seed(0)
    big: Any = BigVGAN().eval()
    for module in big.modules():
        if hasattr(module, "weight") and module.weight.ndim == 3:
            torch.nn.init.normal_(module.weight, 0.0, 0.6 / (module.weight[0].numel()) ** 0.5)
    for precision in (torch.float32, torch.float16):
        runner = Runner(big.to(where, precision), where, notify=print)
        runner.dtype = precision
        name = str(precision).removeprefix("torch.")
        yield Candidate("bigvgan", name, runner, big.config.bands, big.config.sample_rate, big.hop, big.delay)


def cuda() -> bool:
    """Return whether torch sees a CUDA device."""
    import torch

    return torch.cuda.is_available()


def mel(channels: int, frames: int) -> np.ndarray:
    """Return a random log-mel [channels, frames]."""
    import numpy as np

    return np.random.default_rng(0).normal(-5.0, 1.5, (channels, frames)).astype(np.float32)


def streamed(candidate: Candidate, block: int) -> np.ndarray:
    """Return the stream [FRAMES * hop] of the random mel in blocks."""
    import numpy as np

    from distill_engine.inference.torch_backend import TorchBackend

    backend = TorchBackend(candidate.runner, candidate.channels, 1)
    x = mel(candidate.channels, FRAMES)
    parts = [backend.step(x[:, start : start + block])[0].copy() for start in range(0, FRAMES, block)]
    return np.concatenate(parts)


def exactness(run: Run, candidate: Candidate, whole: np.ndarray) -> None:
    """Add the rows of the differences between streams and the whole sound [FRAMES * hop]."""
    import numpy as np

    for block in (1, 7, 64):
        found = streamed(candidate, block)[candidate.delay :]
        error = found - whole[: len(found)]
        snr = 10 * np.log10(np.mean(whole**2) / max(float(np.mean(error**2)), 1e-30))
        figures = {"largest": float(np.abs(error).max()), "snr_db": float(snr)}
        run.row(
            "streams",
            device=candidate.device,
            network=candidate.name,
            precision=candidate.precision,
            block=block,
            **figures,
        )


def whole_sound(candidate: Candidate) -> np.ndarray:
    """Return the samples [FRAMES * hop] of the network's `forward`."""
    import torch

    x = torch.from_numpy(mel(candidate.channels, FRAMES))[None].to(candidate.runner.device, candidate.runner.dtype)
    with torch.inference_mode():
        found: np.ndarray = candidate.runner.network(x)[0, 0].float().cpu().numpy()
    return found


def speed(run: Run, candidate: Candidate, block: int, seconds: float, *, recorded: bool) -> None:
    """Add the row of the times of blocks of `block` frames."""
    import numpy as np

    from distill_engine.inference.torch_backend import TorchBackend

    runner = candidate.runner
    kept = runner.recorded
    if not recorded:
        runner.recorded = None
    backend, x = TorchBackend(runner, candidate.channels, 1), mel(candidate.channels, block)
    for _ in range(60 // block + 8):
        backend.step(x)
    times: list[float] = []
    while sum(times) < seconds and len(times) < 2000:
        began = time.perf_counter()
        backend.step(x)
        times.append(time.perf_counter() - began)
    runner.recorded = kept
    p50, p99 = 1000 * statistics.median(times), 1000 * float(np.percentile(times, 99))
    run.row(
        "speed",
        device=candidate.device,
        network=candidate.name,
        precision=candidate.precision,
        steps="recorded" if recorded else "one by one",
        block=block,
        p50_ms=p50,
        p99_ms=p99,
        max_ms=1000 * max(times),
        factor=p50 / 1000 * candidate.rate / (block * candidate.hop),
    )


def main() -> None:
    """Measure every network."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=0.6, help="of each row of times")
    options = parser.parse_args()
    if options.device == "cuda" and not cuda():
        print("gpu: no CUDA device here, nothing is measured")
        return
    exact: dict[str, Any] = {}
    with BENCHMARK.run(options) as run:
        for candidate in candidates(options.device):
            whole = exact.setdefault(candidate.name, None)
            if whole is None:
                whole = exact[candidate.name] = whole_sound(candidate)
            exactness(run, candidate, whole)
            for block in BLOCKS:
                for recorded in (True, False) if candidate.runner.recorded else (False,):
                    speed(run, candidate, block, options.seconds, recorded=recorded)


if __name__ == "__main__":
    main()
