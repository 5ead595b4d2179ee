"""What `distill train` trains: corrections of skeletons, codebooks, and models of version 1."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.models.build import build_model
from distill_engine.models.latent_model import LatentModel
from distill_engine.models.model_config import ModelConfig
from distill_engine.models.skeleton_model import SkeletonModel
from distill_engine.training.device import training_device
from distill_engine.training.events import Finished, Listener, Saved
from distill_engine.training.latent.coded_model import CodedModel
from distill_engine.training.latent.file_entry import LatentEntry
from distill_engine.training.latent.model_options import ModelOptions
from distill_engine.training.latent.previews import ModelPreviews
from distill_engine.training.latent.relisting import is_of, write_changed_list
from distill_engine.training.latent.settings import LatentSettings, latent_preset
from distill_engine.training.latent.skeleton_start import first_books, skeleton_of, write_first_version
from distill_engine.training.latent.task import LatentTask
from distill_engine.training.loop import Budget, budget_for_resume, left_until
from distill_engine.training.setup import Setup, training_batches
from distill_engine.training.storage import RELISTED, StoredTraining
from distill_engine.training.verdict import gains_no_more

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus

CORRECTION_VALIDATION_STEPS = 20  # between two validations of a skeleton's correction
MOST_HELD_OUT_SECONDS = 30.0  # of sound in a validation of it
LEAST_SPREAD = 0.1  # nats: least divisor of log-mels, for a corpus with a smaller standard deviation


def train_networks(
    corpus: Corpus,
    output: Path,
    options: ModelOptions,
    stored: StoredTraining | None,
    *,
    listen: Listener,
    stopped: Callable[[], bool],
) -> Finished:
    """Train networks or codebooks; go on from `stored` if that is given."""
    relisted = stored is not None and stored.about["corpus"] != corpus.digest
    preset = options.preset or (stored.about.get("preset") if stored else None) or "auto"
    skeletal = options.config.version == 2
    seconds = sum(len(clip.stored) for clip in corpus.clips) / DEFAULT_MEL.sample_rate
    settings, steps, reason = latent_preset(preset, seconds, options.seed, options.config, options.codes)
    if stored is not None:
        settings = LatentSettings(**stored.about["settings"])
        reason = f"resumed at step {stored.checkpoint.metadata['position']['step']}; {reason}"
    begun = stored if not relisted else None
    skeleton = _skeleton(corpus, output, options, listen, relisted=relisted, stopped=stopped)
    task = _task(corpus, settings, options, skeleton)
    if relisted and stored is not None and skeleton is not None and is_of(stored.checkpoint, skeleton):
        task.restore(stored.checkpoint)
    budget = _budget(options, begun, Budget(epochs=max(1, round(steps / task.steps_per_epoch))))
    about = {
        "settings": settings.to_dict(),
        "corpus": corpus.digest,
        "config": options.config.to_dict(),
        "preset": preset,
        **budget.to_dict(),
    }
    return Setup(
        what="model",
        corpus=corpus,
        output=output,
        task=task,
        entry=LatentEntry(corpus, options.config, task),
        budget=budget,
        about=about,
        listen=ModelPreviews(output, corpus, task, listen) if options.previews else listen,
        stopped=stopped,
        begun=begun,
        checkpoint_seconds=options.checkpoint_seconds,
        replaces=options.fresh and not skeletal,
        best=task.begin_best() if begun is None else math.inf,
        notes=(RELISTED if relisted else reason,),
        enough=gains_no_more if skeletal else None,
        validate_every=CORRECTION_VALIDATION_STEPS if skeletal else None,
    ).run()


def _skeleton(
    corpus: Corpus,
    output: Path,
    options: ModelOptions,
    listen: Listener,
    *,
    relisted: bool,
    stopped: Callable[[], bool],
) -> Skeleton | None:
    """Return the skeleton to train with, once the file plays it; None if a checkpoint brings it."""
    config, keep_path = options.config, options.keep_path
    if relisted:
        return write_changed_list(corpus, config, output, keep_path=keep_path, listen=listen)
    if config.version == 1 or options.resume:
        return None
    skeleton = skeleton_of(corpus, config)
    if not stopped():
        write_first_version(corpus, skeleton, config, output, replaces=options.fresh, keep_path=keep_path)
        listen(Saved(output, 0))
    return skeleton


def _task(corpus: Corpus, settings: LatentSettings, options: ModelOptions, skeleton: Skeleton | None) -> LatentTask:
    """Build the model from the seed, with the skeleton or the statistics of the corpus's mels.

    A checkpoint brings its own skeleton.
    """
    torch.manual_seed(settings.seed)
    model = _model(options.config, settings)
    if skeleton is not None and isinstance(model, SkeletonModel):
        model.set_skeleton(skeleton)
        if isinstance(model, CodedModel):
            model.set_books(first_books(corpus, skeleton, settings))
    batches = training_batches(
        corpus, settings.batch_size, settings.segment_frames, settings.seed, augment=settings.augment
    )
    task = LatentTask(model, settings, batches, _held_out(corpus, options.config), training_device(options.device))
    if options.config.version == 1:
        task.core.set_statistics(*_mel_statistics([corpus.clips[i].mel for i in corpus.training]))
    return task


def _model(config: ModelConfig, settings: LatentSettings) -> LatentModel | SkeletonModel:
    """Return a model to train, with fresh weights."""
    shaped = replace(config, corrected=config.version == 2 and not config.complete)
    return CodedModel(shaped, settings) if config.family == "rvq" else build_model(shaped)


def _held_out(corpus: Corpus, config: ModelConfig) -> list[np.ndarray]:
    """Return the mels [bands, T] to validate on, MOST_HELD_OUT_SECONDS at most for a correction."""
    mels, left = [], int(MOST_HELD_OUT_SECONDS * DEFAULT_MEL.frame_rate)
    for index in corpus.validation:
        mel = corpus.clips[index].mel
        mels.append(mel[:, :left] if config.version == 2 else mel)
        left -= mels[-1].shape[1]
        if config.version == 2 and left <= 0:
            break
    return mels


def _budget(options: ModelOptions, begun: StoredTraining | None, preset: Budget) -> Budget:
    """Return the length that the options ask for, in epochs, by a deadline or by a preset.

    If they ask for none, it is what remains of `begun`, or the preset's.
    """
    epochs = options.epochs or (preset.epochs if options.preset and options.deadline is None else None)
    return budget_for_resume(begun, epochs, left_until(options.deadline), preset)


def _mel_statistics(mels: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mean per band [bands, 1] and the overall spread [1, 1] of log-mels, in nats.

    Each mel is [bands, F]; F may differ.
    """
    count = sum(mel.shape[1] for mel in mels)
    mean = sum(mel.sum(axis=1, dtype=np.float64) for mel in mels) / count
    variance = sum(np.square(mel - mean[:, None]).sum(dtype=np.float64) for mel in mels) / (count * len(mean))
    spread = max(float(np.sqrt(variance)), LEAST_SPREAD)
    return torch.tensor(mean[:, None], dtype=torch.float32), torch.full((1, 1), spread)
