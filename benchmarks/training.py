"""Training throughput (seconds of audio per second) and memory, per kind of training and stage.

python benchmarks/training.py [--seconds 10] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from build_assets import CORPUS
from machine import machine

from distill_engine.audio.mel import mel_spectrogram
from distill_engine.dataset.corpus import load_corpus
from distill_engine.models.build import build_model
from distill_engine.training.batches import Augmentation, Batches
from distill_engine.training.latent.settings import LatentSettings
from distill_engine.training.latent.task import LatentTask
from distill_engine.training.vocoder.settings import default_settings
from distill_engine.training.vocoder.task import VocoderTask
from distill_engine.vocoders.registry import build_vocoder


def timed(step: Callable[[], Mapping[str, float]], seconds: float) -> list[float]:
    """Times of single steps after two to warm up."""
    step()
    step()
    times = []
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or len(times) < 3:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    corpus = load_corpus(CORPUS / "sonicpi_cc0", seed=0)
    clips = [corpus.clips[i].samples for i in corpus.training]
    rows = []

    def row(name: str, step: Callable[[], Mapping[str, float]], audio: float) -> None:
        times = timed(step, args.seconds)
        median = statistics.median(times)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows.append(
            {"what": name, "step_s": median, "max_s": max(times), "audio_per_s": audio / median, "peak_mb": peak}
        )
        print(f"| {name} | {median:.3f} | {max(times):.3f} | {audio / median:.1f} | {peak:.0f} |", flush=True)

    print(
        f"{machine()}\n\n| training | step, median s | max s | audio s per s | peak memory so far, MB |\n|---|---|---|---|---|"
    )
    settings = LatentSettings()
    batches = Batches(clips, settings.batch_size, settings.segment_frames, 0, Augmentation())
    latent = LatentTask(build_model({}), settings, batches, [mel_spectrogram(clips[0])])
    row("latent model", lambda: latent.step(0.5), batches.audio_seconds_per_step)
    for kind in ("vocos", "hifigan"):
        s = default_settings(kind, "cpu")
        source = Batches(clips, s.batch_size, s.segment_frames, 0, Augmentation())
        task = VocoderTask(build_vocoder(kind), s, source, clips[:1])
        row(f"{kind}, spectral stage", lambda task=task: task.step(0.0), source.audio_seconds_per_step)  # type: ignore[misc]
        row(f"{kind}, adversarial stage", lambda task=task: task.step(1.0), source.audio_seconds_per_step)  # type: ignore[misc]
    if args.json:
        args.json.write_text(
            json.dumps({"machine": machine(), "threads": torch.get_num_threads(), "rows": rows}, indent=1)
        )


if __name__ == "__main__":
    main()
