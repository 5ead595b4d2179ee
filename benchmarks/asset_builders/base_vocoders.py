"""Train the base vocoders, and pack them into `base.distillgan`."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from asset_builders.prefetched import PrefetchedBatches
from asset_builders.provenance import provenance
from distill_engine.dataset.corpus import load_corpus
from distill_engine.modelfile import Manifest, ModelFile, Part, save_model
from distill_engine.training.batches import Augmentation, Batches, ExtraSounds
from distill_engine.training.device import training_device
from distill_engine.training.events import Progress, TrainingEvent, Validated
from distill_engine.training.graphs.export import export_runtime
from distill_engine.training.loop import Budget, TrainingLoop
from distill_engine.training.storage import load_weights, read_checkpoint, to_part, weights
from distill_engine.training.vocoder.settings import VocoderSettings
from distill_engine.training.vocoder.task import VocoderTask
from distill_engine.vocoders.registry import VOCODERS, build_vocoder
from harness.benchmark import Run
from harness.machine import describe, machine
from harness.repository import ASSETS, CORPUS
from measures.synthetic import synthetic_sound

WIDE = Augmentation(pitch=0.8, semitones=12.0, mixing=0.2, gain_db=(-24.0, 3.0))
SYNTHETIC_SHARE = 0.4
"""Share of the training material that is made by formula."""
HELD_OUT_CLIPS, HELD_OUT_SECONDS = 12, 4
"""Clips of each corpus that validate, and their longest stretch."""
SETTINGS = {
    "vocos": VocoderSettings("vocos", 3, 128, learning_rate=3e-4, spectral_fraction=1.0, decoded_share=0.0),
    "hifigan": VocoderSettings("hifigan", 4, 40, learning_rate=8e-4, spectral_fraction=1.0, decoded_share=0.0),
}
ON_GPU: dict[str, dict[str, Any]] = {
    "vocos": {"batch_size": 32},
    "hifigan": {
        "batch_size": 48,
        "learning_rate": 1e-3,
        "spectral_fraction": 0.65,
        "width": 0.5,
        "first_scale": 0,
        "discriminator_frames": 16,
    },
}
"""Settings of a training on a GPU that differ, by kind."""
STEPS_BETWEEN_VALIDATIONS = 400


class BaseTraining:
    """The training of one base vocoder into `work/base_<kind>.distillgan`.

    `onward` begins with the weights of the shipped base instead of with nothing, at half the
    rate, and adds its steps and seconds to those.
    """

    def __init__(
        self,
        kind: str,
        minutes: float,
        work: Path,
        device: str,
        *,
        onward: bool = False,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        work.mkdir(parents=True, exist_ok=True)
        clips, held_out = sounds()
        settings, chosen = SETTINGS[kind], training_device(device)
        on_gpu = chosen.type == "cuda"
        if on_gpu:
            settings = replace(settings, **{**ON_GPU[kind], **(changes or {})})
            torch.backends.cudnn.benchmark = True
        elif onward:
            settings = replace(settings, learning_rate=settings.learning_rate / 2)
        extra = ExtraSounds(synthetic_sound, SYNTHETIC_SHARE)

        def make(seed: int) -> Batches:
            return Batches(clips, settings.batch_size, settings.segment_frames, seed, WIDE, extra)

        batches = PrefetchedBatches(make, max(1, (os.cpu_count() or 2) - 2)) if on_gpu else make(0)
        torch.manual_seed(0)
        network = build_vocoder(kind)
        self.before = shipped(kind, network) if onward else {"epochs": 0, "steps": 0, "seconds": 0.0}
        self.kind, self.settings = kind, settings
        self.path, self.part = work / f"base_{kind}.distillgan", f"training/vocoder/{kind}"
        self.task = VocoderTask(network, settings, batches, held_out, device=chosen)
        self.stopped = False
        self.loop = TrainingLoop(
            self.task, Budget(seconds=minutes * 60), self.save, listen=show, stopped=lambda: self.stopped
        )
        if on_gpu:
            self.loop.validate_every = STEPS_BETWEEN_VALIDATIONS

    def run(self) -> None:
        """Train to the end of the budget, or until SIGTERM; resume what is there."""
        signal.signal(signal.SIGTERM, self._stop)
        found = read_checkpoint(self.path, self.part)
        if found is not None:
            self.loop.restore(found[0])
        self.loop.run()

    def save(self, checkpoint: Any, final: bool) -> None:
        """Write weights and checkpoint; at the end the last state too, without a checkpoint."""
        manifest = Manifest(
            name=f"base {self.kind}", vocoders={self.kind: self._row()}, extra={"machine": describe(machine())}
        )
        if final:
            last = {f"vocoder/{self.kind}": Part(weights(self.task.core.average))}
            save_model(self.path.with_name(f"last_{self.kind}.distillgan"), manifest, last)
        network = self.task.result() if final else self.task.core.average
        parts = {f"vocoder/{self.kind}": Part(weights(network)), self.part: to_part(checkpoint, {})}
        save_model(self.path, manifest, parts)

    def _row(self) -> dict[str, Any]:
        """The vocoder's entry in the manifest."""
        position, history = self.loop.position, self.loop.position.history
        return {
            "config": VOCODERS[self.kind].config().to_dict(),
            "epochs": self.before["epochs"] + self.loop.epoch,
            "steps": self.before["steps"] + position.step,
            "seconds": self.before["seconds"] + position.seconds,
            "usable": True,
            "settings": self.settings.to_dict(),
            "validation": {"log_mel": history[-1]["mel"], "mr_stft": history[-1]["stft"]} if history else {},
        }

    def _stop(self, *_: object) -> None:
        self.stopped = True


def sounds() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the clips to train on, and those held out: 12 of each corpus, 4 s at most."""
    corpora = [load_corpus(CORPUS / name, seed=0) for name in ("base", "sonicpi_cc0")]
    return (
        [c.clips[i].samples for c in corpora for i in c.training],
        [c.clips[i].samples[: HELD_OUT_SECONDS * 44100] for c in corpora for i in c.validation[:HELD_OUT_CLIPS]],
    )


def shipped(kind: str, network: nn.Module) -> dict[str, Any]:
    """Load the shipped base's weights into `network`; return its entry in the manifest."""
    with ModelFile.open(ASSETS / "base.distillgan") as file:
        load_weights(network, {k: v.astype(np.float32) for k, v in file.read_part(f"vocoder/{kind}").items()}, kind)
        return dict(file.manifest.vocoders[kind])


def show(event: TrainingEvent) -> None:
    """Print validations, and every fiftieth step."""
    if isinstance(event, Validated):
        print(event.step, {k: round(v, 4) for k, v in event.figures.items()}, event.verdict, flush=True)
    elif isinstance(event, Progress) and event.step % 50 == 0:
        losses = {k: round(v, 3) for k, v in event.losses.items()}
        print(event.step, f"{event.steps_per_second:.2f}/s", losses, flush=True)


def halved(module: nn.Module) -> dict[str, np.ndarray]:
    """Return the weights in half precision.

    The network itself is rounded too, so that its graph computes the same.
    """
    arrays = {k: v.astype(np.float16) if v.dtype == np.float32 else v for k, v in weights(module).items()}
    load_weights(module, {k: v.astype(np.float32) for k, v in arrays.items()}, "halved")
    return arrays


def pack(run: Run, work: Path, note: str) -> None:
    """Write the shipped file from `work/base_*.distillgan`: half precision, graphs, provenance.

    The weights are validated as they ship. A kind that was not trained in `work` keeps its
    shipped ones.
    """
    held_out = sounds()[1]
    parts: dict[str, Part] = {}
    rows: dict[str, Any] = {}
    graphs: dict[str, bytes] = {}
    for kind in SETTINGS:
        network = build_vocoder(kind).eval()
        row = trained_or_shipped(kind, work / f"base_{kind}.distillgan", network)
        parts[f"vocoder/{kind}"] = Part(halved(network))
        graphs |= export_runtime(None, {kind: network})
        found = VocoderTask(network, SETTINGS[kind], Batches(held_out, 1, 32, 0), held_out).validate()
        figures = {"log_mel": found["mel"], "mr_stft": found["stft"]}
        rows[kind] = row | {"validation": figures}
        minutes = float(row.get("seconds", 0.0)) / 60
        run.row("bases", kind=kind, clips=len(held_out), steps=row.get("steps"), minutes=minutes, **figures)
    ASSETS.mkdir(exist_ok=True)
    manifest = Manifest(name="base", vocoders=rows, extra={"provenance": provenance(note)})
    save_model(ASSETS / "base.distillgan", manifest, parts, graphs)
    run.row("files", file="base.distillgan", megabytes=(ASSETS / "base.distillgan").stat().st_size / 1e6)


def trained_or_shipped(kind: str, path: Path, network: nn.Module) -> dict[str, Any]:
    """Load the weights of `path`, or the shipped ones; return their entry in the manifest."""
    if not path.exists():
        return shipped(kind, network)
    with ModelFile.open(path) as file:
        load_weights(network, file.read_part(f"vocoder/{kind}"), str(path))
        return dict(file.manifest.vocoders[kind])
