"""Measure the throughput of training and its memory, by kind and stage.

python benchmarks/training.py [--seconds 10]
python benchmarks/training.py --command [--minutes 10]     the whole command, from a folder to music
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.benchmark import Benchmark, Column, Run, Table
from harness.repository import CORPUS

Step = Callable[[], Mapping[str, float]]
FOLDER = CORPUS / "sonicpi_cc0"
LEAST_STEPS = 3
BENCHMARK = Benchmark(
    "training",
    "Training: throughput, and from a folder to music",
    [
        Table(
            "steps",
            "Steps of training on the clips of sonicpi_cc0. The peak memory is that of the process so far.",
            (
                Column("what", "training"),
                Column("threads", "threads", "d"),
                Column("step_s", "step, median s", ".3f"),
                Column("max_s", "max, s", ".3f"),
                Column("audio_per_s", "audio s per s", ".1f"),
                Column("peak_mb", "peak memory, MB", ".0f"),
            ),
            key=("what",),
        ),
        Table(
            "command",
            "The command `distill train FOLDER -o MODEL --with-vocoder --minutes N`: time from its start to its end.",
            (
                Column("corpus", "corpus"),
                Column("minutes", "--minutes", "g"),
                Column("taken_min", "taken, min", ".1f"),
                Column("vocoder_steps", "vocoder steps", ",d"),
            ),
            key=("corpus", "minutes"),
        ),
        Table(
            "safety",
            "Training that is killed (`kill -9`) while it trains or saves, and goes on.",
            (Column("kills", "kills", "d"), Column("lost_files", "files lost", "d"), Column("what", "what was found")),
        ),
    ],
)


def step_times(step: Step, seconds: float) -> list[float]:
    """Return the times in s of single steps after two to warm up."""
    step()
    step()
    times: list[float] = []
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or len(times) < LEAST_STEPS:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return times


def measure_step(run: Run, what: str, step: Step, audio_seconds: float, seconds: float) -> None:
    """Fill one row of the first table."""
    import torch

    times = step_times(step, seconds)
    median, peak = statistics.median(times), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    run.row(
        "steps",
        what=what,
        threads=torch.get_num_threads(),
        step_s=median,
        max_s=max(times),
        audio_per_s=audio_seconds / median,
        peak_mb=peak,
    )


def measure_steps(run: Run, seconds: float) -> None:
    """Time the steps of the latent model and of both stages of both kinds of vocoder."""
    from distill_engine.audio.mel import mel_spectrogram
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.models.build import build_model
    from distill_engine.training.batches import Augmentation, Batches
    from distill_engine.training.latent.settings import LatentSettings
    from distill_engine.training.latent.task import LatentTask
    from distill_engine.training.vocoder.settings import default_settings
    from distill_engine.training.vocoder.task import VocoderTask
    from distill_engine.vocoders.registry import build_vocoder

    corpus = load_corpus(FOLDER, seed=0)
    clips = [corpus.clips[i].samples for i in corpus.training]
    settings = LatentSettings()
    batches = Batches(clips, settings.batch_size, settings.segment_frames, 0, Augmentation())
    latent = LatentTask(build_model({}), settings, batches, [mel_spectrogram(clips[0])])
    measure_step(run, "latent model", lambda: latent.step(0.5), batches.audio_seconds_per_step, seconds)
    for kind in ("vocos", "hifigan"):
        s = default_settings(kind, "cpu")
        source = Batches(clips, s.batch_size, s.segment_frames, 0, Augmentation())
        task = VocoderTask(build_vocoder(kind), s, source, clips[:1])
        for stage, progress in (("spectral", 0.0), ("adversarial", 1.0)):
            what, audio = f"{kind}, {stage} stage", source.audio_seconds_per_step
            measure_step(run, what, lambda t=task, p=progress: t.step(p), audio, seconds)  # type: ignore[misc]


def measure_command(run: Run, minutes: float) -> None:
    """Time the whole command in a process of its own."""
    from distill_engine.modelfile import ModelFile

    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "m.distillgan"
        command = [sys.executable, "-m", "distill_control.cli.main", "train", str(FOLDER), "-o", str(model), "--fresh"]
        began = time.monotonic()
        subprocess.run([*command, "--with-vocoder", "--minutes", f"{minutes:g}"], check=True)
        taken = (time.monotonic() - began) / 60
        with ModelFile.open(model) as file:
            steps = file.manifest.vocoders.get("vocos", {}).get("steps")
    run.row("command", corpus=FOLDER.name, minutes=minutes, taken_min=taken, vocoder_steps=steps)


def main() -> None:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each kind and stage")
    parser.add_argument("--command", action="store_true", help="time the whole command instead")
    parser.add_argument("--minutes", type=float, default=10.0, help="budget of that command")
    options = parser.parse_args()
    with BENCHMARK.run(options) as run:
        if options.command:
            measure_command(run, options.minutes)
        else:
            measure_steps(run, options.seconds)


if __name__ == "__main__":
    main()
