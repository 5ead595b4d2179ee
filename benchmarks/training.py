"""Measure the throughput of training and its memory, by kind and stage.

python benchmarks/training.py [--seconds 10]
python benchmarks/training.py --command [--minutes 10]     the whole command, from a folder to music
python benchmarks/training.py --parts 1,2,5                what each part of it got and gained
"""

from __future__ import annotations

import json
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
HOPS_PER_SECOND = 44_100 / 512
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
            "parts",
            "What each part of `distill train FOLDER -o MODEL --with-vocoder --minutes N` got and gained: the vocoder's gain "
            "over the shipped one in nats of log-mel on held-out sounds; controls that the sound follows, and places on which "
            "each was measured. The latent model is complete where the file plays.",
            (
                Column("corpus", "corpus"),
                Column("minutes", "--minutes", "g"),
                Column("taken_min", "taken, min", ".1f"),
                Column("cpu_min", "processor, min", ".1f"),
                Column("playable_s", "plays after, s", ".0f"),
                Column("vocoder_s", "vocoder, s", ".0f"),
                Column("vocoder_steps", "steps", ",d"),
                Column("vocoder_gain", "gain", ".3f"),
                Column("analysis_s", "analysis, s", ".0f"),
                Column("controls", "controls", "d"),
                Column("places", "places", "d"),
                Column("slim_mb", "slim file, MB", ".1f"),
            ),
            key=("corpus", "minutes"),
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
    """Time the steps of both stages of both kinds of vocoder."""
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.training.batches import Augmentation, Batches
    from distill_engine.training.vocoder.settings import default_settings
    from distill_engine.training.vocoder.task import VocoderTask
    from distill_engine.vocoders.registry import build_vocoder

    corpus = load_corpus(FOLDER, seed=0)
    clips = [corpus.clips[i].samples for i in corpus.training]
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


def measure_parts(run: Run, name: str, minutes: float) -> None:
    """Run the command on rendered clips and note what each part got and gained."""
    from distill_engine.analysis.stretches.stretch_controls import STRETCH_HOPS
    from distill_engine.modelfile import ModelFile, update_model
    from distill_engine.modelfile.reader import is_training
    from measures.rendered_corpora import render_corpus

    with tempfile.TemporaryDirectory() as folder:
        sounds, model = render_corpus(name, Path(folder)), Path(folder) / "m.distillgan"
        command = [sys.executable, "-m", "distill_control.cli.main", "train", str(sounds), "-o", str(model), "--json"]
        began, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        words = [*command, "--with-vocoder", "--minutes", f"{minutes:g}"]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            events = [(time.monotonic() - began, json.loads(line)) for line in process.stderr or () if line[0] == "{"]
        if process.returncode:
            raise SystemExit(f"distill train ended with exit code {process.returncode}")
        taken, spent = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        with ModelFile.open(model) as file:
            manifest, training = file.manifest, [part for part in file.parts if is_training(part)]
        update_model(model, parts=dict.fromkeys(training))
        size = model.stat().st_size / 1e6
    vocoder, analysis = manifest.vocoders.get("vocos", {}), manifest.analysis
    figures = vocoder.get("validation", {})
    features = sum(control["kind"] == "feature" for control in analysis["controls"]) + len(analysis["withheld"])
    run.row(
        "parts",
        corpus=name,
        minutes=minutes,
        taken_min=taken / 60,
        cpu_min=(spent.ru_utime + spent.ru_stime - used.ru_utime - used.ru_stime) / 60,
        playable_s=next(at for at, event in events if event["event"] == "saved"),
        vocoder_s=vocoder.get("seconds"),
        vocoder_steps=vocoder.get("steps"),
        vocoder_gain=figures["base_log_mel"] - figures["log_mel"] if figures else None,
        analysis_s=analysis["seconds_taken"],
        controls=len(analysis["controls"]),
        places=round(analysis["seconds_synthesised"] * HOPS_PER_SECOND / STRETCH_HOPS / (1 + 4 * features)),
        slim_mb=size,
    )


def main() -> None:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each kind and stage")
    parser.add_argument("--command", action="store_true", help="time the whole command instead")
    parser.add_argument("--minutes", type=float, default=10.0, help="budget of that command")
    parser.add_argument("--parts", metavar="N,N", help="what each part of the command gets of these --minutes, instead")
    parser.add_argument("--corpus", default="struck", help="rendered corpus for --parts")
    options = parser.parse_args()
    with BENCHMARK.run(options) as run:
        if options.parts:
            for minutes in options.parts.split(","):
                measure_parts(run, options.corpus, float(minutes))
        elif options.command:
            measure_command(run, options.minutes)
        else:
            measure_steps(run, options.seconds)


if __name__ == "__main__":
    main()
