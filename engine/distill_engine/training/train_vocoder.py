"""`distill train-vocoder`: a model's own vocoder, from the base vocoder or from nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from distill_engine.audio.levels import db_to_gain
from distill_engine.audio.mel import DEFAULT_MEL
from distill_engine.dataset.scan import SILENT_DB
from distill_engine.errors import TrainingError, VocoderError
from distill_engine.modelfile import Manifest, ModelFile, Part, save_model, update_model
from distill_engine.modelfile.configs import vocoder_config
from distill_engine.system.listeners import ignore
from distill_engine.training.batches import Augmentation, Batches
from distill_engine.training.checkpoint import Checkpoint
from distill_engine.training.device import training_device
from distill_engine.training.distributed import Ranks, start_ranks, stop_ranks
from distill_engine.training.events import Finished, Listener, Saved, Started, Warned
from distill_engine.training.export import export_runtime
from distill_engine.training.loop import Budget, TrainingLoop, budget_for_resume, left_until
from distill_engine.training.previews import Previews
from distill_engine.training.storage import check_corpus, load_weights, read_checkpoint, to_part, weights
from distill_engine.training.train_model import load_latent_model
from distill_engine.training.vocoder_settings import VocoderSettings
from distill_engine.training.vocoder_task import VocoderTask, copy_synthesis
from distill_engine.vocoders.registry import build_vocoder, vocoder_kind

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus

VALIDATION_SECONDS = 20.0
DEFAULT_SECONDS = 20 * 60.0
EXPORT_SECONDS = 10.0  # of what is left to a deadline: the graph, on two cores
USABLE_LOG_MEL = 0.8  # nats: what a vocoder from scratch must reach to be preferred to nothing


@dataclass(frozen=True)
class VocoderOptions:
    """`epochs` or `deadline` bound the training (neither: 20 minutes, or what a resumed one was begun with). `deadline` is the instant of
    `time.monotonic` by which the vocoder is to be in the file. `warm_start` begins with the shipped base vocoder.

    Every `preview_epochs` (0: never) a held-out clip is written as it sounds, into a folder beside the model.
    """

    settings: VocoderSettings = field(default_factory=VocoderSettings)
    config: dict[str, Any] | None = None
    epochs: int | None = None
    deadline: float | None = None
    device: str = "auto"
    resume: bool = False
    warm_start: bool = True
    checkpoint_seconds: float = 120.0
    preview_epochs: int = 0


def train_vocoder(
    corpus: Corpus,
    output: Path,
    options: VocoderOptions,
    *,
    listen: Listener,
    stopped: Callable[[], bool] = lambda: False,
) -> Finished:
    """Trains a vocoder into the model file `output` (which must hold a latent model, or nothing but vocoders).

    Raises TrainingError or VocoderError in one line.
    """
    kind = options.settings.kind
    row = vocoder_kind(kind)
    if not row.trainable:
        raise VocoderError(f"{kind} is a universal vocoder and is not trained here; choose hifigan or vocos")
    part = f"training/vocoder/{kind}"
    found = read_checkpoint(output, part) if options.resume else None
    if options.resume and found is None:
        raise TrainingError(f"{output}: holds no {kind} checkpoint to resume: train it with --fresh")
    if found is not None:
        check_corpus(output, f"vocoder ({kind})", found[1], corpus.digest)
    settings, config = options.settings, options.config or row.config().to_dict()
    if found is not None:
        settings = VocoderSettings(**found[1]["settings"])
        told = Manifest(vocoders={kind: {"config": found[1]["config"]}})
        config = vocoder_config(told, kind, f"{output}: {part}").to_dict()
    torch.manual_seed(settings.seed)
    generator = build_vocoder(kind, config)
    base = base_network(kind, config)
    notes, warm = _begin(generator, kind, base, options, resumed=found is not None)
    if found is not None:
        warm = bool(found[1].get("warm_start"))
    elif warm:
        settings = settings.from_base()
    ranks = start_ranks()
    if not ranks.first:
        listen = ignore
    task = _task(generator, settings, corpus, output, options, ranks)
    asked = time.monotonic()
    figures = copy_synthesis(base.to(task.core.device), task.core, task.held_out) if base is not None else None
    reserve = 2 * (time.monotonic() - asked) + EXPORT_SECONDS  # a last validation, the figures of the best, the graph
    budget = budget_for_resume(
        found, options.epochs, left_until(options.deadline, reserve), Budget(seconds=DEFAULT_SECONDS)
    )
    about = {
        "settings": settings.to_dict(), "corpus": corpus.digest, "config": config, "warm_start": warm, **budget.to_dict(),
    }  # fmt: skip
    keeper = _Keeper(output, kind, config, task, about, figures, listen)
    if options.preview_epochs and ranks.first:
        listen = Previews(output, task, options.preview_epochs, listen)
    loop = TrainingLoop(
        task, budget, keeper.save if ranks.first else _discard, listen=listen, stopped=stopped,
        checkpoint_seconds=options.checkpoint_seconds, agree=ranks.agree,
    )  # fmt: skip
    if warm and base is not None and figures is not None:
        loop.position.best = task.begin_with(base, figures)
    if found is not None:
        loop.restore(found[0])
    keeper.loop = loop
    seconds = sum(len(corpus.clips[i].samples) for i in corpus.training) / DEFAULT_MEL.sample_rate
    listen(Started(f"vocoder ({kind})", len(corpus.training), seconds, task.steps_per_epoch, notes))
    done = loop.run()
    if done.completed and ranks.first:
        keeper.conclude()
    stop_ranks()
    return done


def _begin(
    generator: nn.Module, kind: str, base: nn.Module | None, options: VocoderOptions, *, resumed: bool
) -> tuple[tuple[str, ...], bool]:
    """Begins with the base vocoder where asked for and there; says what was begun from."""
    width = f"discriminators at {options.settings.width:g} of the papers' width"
    if options.settings.throughput:
        width += f", for a machine that does {options.settings.throughput:.0f} GMAC/s"
    if resumed:
        return (("resumed", width), False)
    if options.warm_start:
        if base is not None:
            generator.load_state_dict(base.state_dict())
            return ((f"starts from the shipped base {kind}", width), True)
        return (("no base vocoder of this shape is shipped: from scratch", width), False)
    return (("from scratch, as asked", width), False)


def base_network(kind: str, config: dict[str, Any]) -> nn.Module | None:
    """The shipped base vocoder of exactly this configuration, ready to play; None where there is none."""
    arrays = _base_weights(kind, config)
    if arrays is None:
        return None
    network: nn.Module = build_vocoder(kind, config).eval()
    load_weights(network, arrays, "base vocoder")
    return network


def _base_weights(kind: str, config: dict[str, Any]) -> dict[str, np.ndarray] | None:
    """Weights of the shipped base vocoder of exactly this configuration, or None."""
    from distill_engine.library.assets import base_vocoder_path

    try:
        path = base_vocoder_path(kind)
    except VocoderError:
        return None
    with ModelFile.open(path) as file:
        row = file.manifest.vocoders.get(kind)
        same = row is not None and vocoder_kind(kind).config.from_dict(row["config"]) == vocoder_kind(
            kind
        ).config.from_dict(config)
        return file.read_part(f"vocoder/{kind}") if same else None


def _task(
    generator: nn.Module, settings: VocoderSettings, corpus: Corpus, output: Path, options: VocoderOptions, ranks: Ranks
) -> VocoderTask:
    clips = [corpus.clips[i].samples for i in corpus.training]
    augmentation = Augmentation() if settings.augment else None
    batches = Batches(clips, settings.batch_size, settings.segment_frames, settings.seed, augmentation)
    held_out, left = [], int(VALIDATION_SECONDS * DEFAULT_MEL.sample_rate)
    for index in corpus.validation:
        held_out.append(_first_heard(corpus.clips[index].samples, left))
        left -= len(held_out[-1])
        if left <= 0:
            break
    latent_model = load_latent_model(output) if output.exists() else None
    return VocoderTask(
        generator, settings, batches, held_out,
        latent_model=latent_model, device=training_device(options.device), ranks=ranks,
    )  # fmt: skip


def _first_heard(samples: np.ndarray, most: int) -> np.ndarray:
    """The first `most` of samples [T]; where those are silent, as many from the first that sounds."""
    sounding = np.flatnonzero(np.abs(samples) >= db_to_gain(SILENT_DB))
    begin = int(sounding[0]) if len(sounding) and sounding[0] >= most else 0
    return samples[begin : begin + most]


def _discard(checkpoint: Checkpoint, final: bool) -> None:
    """What processes other than the first do with their checkpoint: it is the same."""


def judge_usable(figures: dict[str, float], base: dict[str, float] | None) -> tuple[bool, str]:
    """Whether auto may prefer it, and why: better than the base by held-out log-mel, or good by itself where there is no base."""
    mel = figures.get("mel", float("inf"))
    if base is None:
        good = mel <= USABLE_LOG_MEL
        return good, f"held-out log-mel error {mel:.2f} nat, {'within' if good else 'above'} {USABLE_LOG_MEL}"
    if figures == base:
        return True, f"held-out log-mel error {mel:.3f} nat: still the base vocoder, nothing better was found"
    good = mel <= base["mel"] * 1.02
    word = "better than" if mel < base["mel"] else "as good as" if good else "worse than"
    return good, f"held-out log-mel error {mel:.3f} nat, {word} the base vocoder's {base['mel']:.3f}"


class _Keeper:
    """Writes checkpoints and the finished vocoder; everything else in the file stays."""

    def __init__(
        self, output: Path, kind: str, config: dict[str, Any], task: VocoderTask, about: dict[str, Any],
        base: dict[str, float] | None, listen: Listener,
    ) -> None:  # fmt: skip
        self.output, self.kind, self.config, self.task = output, kind, config, task
        self.about, self.base, self.listen = about, base, listen
        self.loop: TrainingLoop | None = None
        self.last = Checkpoint()

    def manifest(self, old: Manifest, figures: dict[str, float]) -> Manifest:
        """With the row of the vocoder that these figures are of."""
        loop = self.loop
        usable, reason = judge_usable(figures, self.base)
        validation: dict[str, Any] = {"log_mel": figures["mel"], "mr_stft": figures["stft"]}
        if self.base is not None:
            validation |= {"base_log_mel": self.base["mel"], "base_mr_stft": self.base["stft"]}
        row = {
            "config": self.config,
            "epochs": loop.epoch if loop is not None else 0,
            "steps": loop.position.step if loop is not None else 0,
            "seconds": loop.position.seconds if loop is not None else 0.0,
            "completed": True,
            "warm_start": self.about["warm_start"],
            "validation": validation,
            "usable": usable,
            "reason": reason,
            "settings": self.about["settings"],
        }
        return replace(old, vocoders={**old.vocoders, self.kind: row})

    def save(self, checkpoint: Checkpoint, final: bool) -> None:
        checkpoint.metadata["position"]["completed"] = False  # until what it came to lies beside it
        self.last = checkpoint
        part = f"training/vocoder/{self.kind}"
        if self.output.exists():  # a vocoder in it plays on, and its row speaks of it, until the new one is there
            update_model(self.output, parts={part: to_part(checkpoint, self.about)})
        else:
            save_model(self.output, Manifest(name=self.output.stem), {part: to_part(checkpoint, self.about)})
        if not final and self.loop is not None:
            self.listen(Saved(self.output, self.loop.epoch))

    def conclude(self) -> None:
        """The best state becomes the vocoder that plays, with its graph and its figures."""
        generator = self.task.result()
        figures = copy_synthesis(generator, self.task.core, self.task.held_out)
        generator = generator.cpu().eval()
        self.last.metadata["position"]["completed"] = True
        parts = {
            f"training/vocoder/{self.kind}": to_part(self.last, self.about),
            f"vocoder/{self.kind}": Part(weights(generator)),
        }
        graphs = export_runtime(None, {self.kind: generator})
        update_model(self.output, manifest=lambda old: self.manifest(old, figures), parts=parts, graphs=graphs)
        if self.loop is not None:
            self.listen(Saved(self.output, self.loop.epoch, final=True))
            verdict = self.task.verdict(self.loop.position.history) if self.loop.position.history else ""
            if verdict.startswith(("the discriminator", "overfitting")):
                self.listen(Warned(verdict))
