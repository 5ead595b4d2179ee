"""`distill train`: from a corpus to a latent model in a `.distillgan` file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from distill_engine.audio.mel import DEFAULT_MEL
from distill_engine.errors import TrainingError
from distill_engine.modelfile import Manifest, ModelFile, Part, save_model, update_model
from distill_engine.models.build import build_model
from distill_engine.models.latent_model import LatentModel
from distill_engine.models.model_config import ModelConfig
from distill_engine.training.batches import Augmentation, Batches
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.device import training_device
from distill_engine.training.events import Finished, Listener, Saved, Started, Warned
from distill_engine.training.export import export_runtime
from distill_engine.training.latent_settings import LatentSettings, latent_preset
from distill_engine.training.latent_step import set_latent_statistics
from distill_engine.training.latent_task import LatentTask
from distill_engine.training.loop import Budget, TrainingLoop, budget_for_resume, left_until
from distill_engine.training.storage import check_corpus, load_weights, read_checkpoint, to_part, weights

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus

PART = "training/model"


@dataclass(frozen=True)
class ModelOptions:
    """`epochs` or `deadline`, an instant of `time.monotonic`, bound the training; neither: what the preset says (None: auto). `resume`
    continues the checkpoint in the file, with the seed and, where none is given, the length that it was begun with; `fresh` replaces the
    file with the first checkpoint."""

    config: ModelConfig = field(default_factory=ModelConfig)
    preset: str | None = None
    epochs: int | None = None
    deadline: float | None = None
    seed: int = 0
    device: str = "auto"
    resume: bool = False
    fresh: bool = False
    checkpoint_seconds: float = 120.0


def train_model(
    corpus: Corpus,
    output: Path,
    options: ModelOptions,
    *,
    listen: Listener,
    stopped: Callable[[], bool] = lambda: False,
) -> Finished:
    """Trains and writes `output`: part "model", its checkpoint and, when completed, the runtime graphs.

    Raises TrainingError for a corpus without sounds or a checkpoint that does not fit.
    """
    begun = _begun(corpus, output, options) if options.resume else None
    preset = options.preset or (begun[1].get("preset") if begun else None) or "auto"
    settings, steps, reason = latent_preset(
        preset, sum(len(clip.samples) for clip in corpus.clips) / DEFAULT_MEL.sample_rate, options.seed
    )
    if begun is not None:
        settings = LatentSettings(**begun[1]["settings"])
        reason = f"resumed at step {begun[0].metadata['position']['step']}; {reason}"
    torch.manual_seed(settings.seed)
    model = build_model(options.config)
    clips = [corpus.clips[i].samples for i in corpus.training]
    batches = Batches(clips, settings.batch_size, settings.segment_frames, settings.seed, _augmentation(settings))
    held_out = [corpus.clips[i].mel for i in corpus.validation]
    task = LatentTask(model, settings, batches, held_out, training_device(options.device))
    task.core.set_statistics(*_mel_statistics([corpus.clips[i].mel for i in corpus.training]))
    default = Budget(epochs=max(1, round(steps / batches.steps_per_epoch)))
    epochs = options.epochs or (default.epochs if options.preset and options.deadline is None else None)
    budget = budget_for_resume(begun, epochs, left_until(options.deadline), default)
    about = {
        "settings": settings.to_dict(), "corpus": corpus.digest, "config": options.config.to_dict(),
        "preset": preset, **budget.to_dict(),
    }  # fmt: skip
    keeper = _Keeper(output, corpus, options.config, task, about, listen)
    keeper.replace = options.fresh
    loop = TrainingLoop(
        task, budget, keeper.save, listen=listen, stopped=stopped, checkpoint_seconds=options.checkpoint_seconds
    )
    if begun is not None:
        loop.restore(begun[0])
    keeper.loop = loop
    seconds = sum(len(clip) for clip in clips) / DEFAULT_MEL.sample_rate
    listen(Started("model", len(clips), seconds, batches.steps_per_epoch, (reason,)))
    done = loop.run()
    if done.completed:
        _conclude(output, corpus, task, keeper, listen)
    return done


def _begun(corpus: Corpus, output: Path, options: ModelOptions) -> tuple[Checkpoint, dict[str, Any]]:
    """The checkpoint to resume and what was said about it; raises TrainingError where there is none that fits."""
    found = read_checkpoint(output, PART)
    if found is None:
        raise TrainingError(f"{output}: holds no checkpoint to resume: train it with --fresh")
    check_corpus(output, "model", found[1], corpus.digest)
    if found[1]["config"] != options.config.to_dict():
        raise TrainingError(f"{output}: its checkpoint has another model configuration: start again with --fresh")
    return found


def _augmentation(settings: LatentSettings) -> Augmentation | None:
    return Augmentation() if settings.augment else None


def _mel_statistics(mels: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean per band [bands, 1] and overall spread [1, 1] of log-mels [bands, F]."""
    count = sum(mel.shape[1] for mel in mels)
    mean = sum(mel.sum(axis=1, dtype=np.float64) for mel in mels) / count
    variance = sum(np.square(mel - mean[:, None]).sum(dtype=np.float64) for mel in mels) / (count * len(mean))
    spread = max(float(np.sqrt(variance)), 0.1)
    return torch.tensor(mean[:, None], dtype=torch.float32), torch.full((1, 1), spread)


class _Keeper:
    """Writes checkpoints: everything else that the file holds stays."""

    def __init__(
        self,
        output: Path,
        corpus: Corpus,
        config: ModelConfig,
        task: LatentTask,
        about: dict[str, Any],
        listen: Listener,
    ) -> None:
        self.output, self.corpus, self.config, self.task = output, corpus, config, task
        self.about, self.listen = about, listen
        self.loop: TrainingLoop | None = None
        self.replace = False
        self.last = Checkpoint()
        self.concluded = False

    def manifest(self, old: Manifest | None = None) -> Manifest:
        position = self.loop.position if self.loop is not None else None
        history = position.history if position is not None else []
        training = {
            "epochs": self.loop.epoch if self.loop is not None else 0,
            "steps": position.step if position is not None else 0,
            "seconds": position.seconds if position is not None else 0.0,
            "completed": self.concluded,
            "validation": history[-1] if history else {},
            "best_log_mel": position.best if position is not None and history else None,
            "verdict": self.task.verdict(list(history)) if history else "not validated yet",
            "settings": self.about["settings"],
        }
        base = old or Manifest(name=self.output.stem)
        return replace(
            base,
            family=self.config.family,
            mel=DEFAULT_MEL.to_dict(),
            model=self.config.to_dict(),
            corpus=self.corpus.summary(),
            training={**base.training, "model": training},
        )

    def save(self, checkpoint: Checkpoint, final: bool) -> None:
        checkpoint.metadata["position"]["completed"] = False  # until what it came to lies beside it
        self.last = checkpoint
        parts = {PART: to_part(checkpoint, self.about)}
        if not self._plays():
            parts["model"] = Part(weights(self.task.core.average))
        self.write(parts)
        if not final and self.loop is not None:
            self.listen(Saved(self.output, self.loop.epoch))

    def conclude(self, model: LatentModel) -> None:
        """The finished model, its graphs and its checkpoint, completed now, in one write; an analysis of other weights goes."""
        self.last.metadata["position"]["completed"] = self.concluded = True
        arrays = weights(model)
        parts: dict[str, Part | None] = {PART: to_part(self.last, self.about), "model": Part(arrays)}
        same = self._holds(arrays)
        if not same:
            parts["analysis"] = None

        def manifest(old: Manifest) -> Manifest:
            return replace(self.manifest(old), analysis=old.analysis if same else {})

        update_model(self.output, manifest=manifest, parts=parts, graphs=export_runtime(model))

    def _holds(self, model: dict[str, np.ndarray]) -> bool:
        """Whether the file's model has these weights."""
        with ModelFile.open(self.output) as file:
            stored = file.read_part("model") if "model" in file.parts else {}
        return stored.keys() == model.keys() and all(np.array_equal(stored[name], model[name]) for name in model)

    def _plays(self) -> bool:
        """Whether the file has a finished model that stays: its weights and graphs belong together until the next."""
        if self.replace or not self.output.exists():
            return False
        with ModelFile.open(self.output) as file:
            return "runtime/decoder.onnx" in file.graphs

    def write(self, parts: dict[str, Part]) -> None:
        if self.output.exists() and not self.replace:
            update_model(self.output, manifest=self.manifest, parts=parts)
        else:  # what a fresh training replaces stays until its own first checkpoint is whole
            save_model(self.output, self.manifest(), parts)
            self.replace = False


def _conclude(output: Path, corpus: Corpus, task: LatentTask, keeper: _Keeper, listen: Listener) -> None:
    """The best state becomes the model: statistics of its latents, graphs for playing without torch."""
    model = task.result().cpu().eval()
    set_latent_statistics(model, [torch.from_numpy(clip.mel)[None] for clip in corpus.clips])
    keeper.conclude(model)
    listen(Saved(output, keeper.loop.epoch if keeper.loop is not None else 0, final=True))
    history = keeper.loop.position.history if keeper.loop is not None else []
    verdict = task.verdict(list(history)) if history else ""
    if "collapsing" in verdict or "overfitting" in verdict:
        listen(Warned(verdict))


def load_latent_model(path: Path) -> LatentModel | None:
    """The latent model in a file, ready for use on the CPU; None where the file has none (a base of vocoders)."""
    with ModelFile.open(path) as file:
        if "model" not in file.parts:
            return None
        model = build_model(file.manifest.model)
        load_weights(model, file.read_part("model"), str(path))
    return model.eval()
