"""`distill train-vocoder`: train the vocoder of an existing model."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.output import ask
from distill_control.cli.support.paths import check_output_folder
from distill_control.cli.support.train_corpus import corpus_to_resume, name_left_out
from distill_control.cli.support.train_options import add_training_options
from distill_control.cli.support.train_report import MORE_MINUTES, is_shipped, report
from distill_control.cli.support.train_start import (
    SavedTraining,
    check_vocoder_options,
    chosen_seed,
    explain_interrupt,
    keep_old_model,
    read_saved_training,
    resume_or_fresh,
    stop_requested,
    training_lock,
)
from distill_engine.errors import Cancelled, TrainingError
from distill_engine.rendering.model_corpus import corpus_of_model, stored_list
from distill_engine.system.counting import counted
from distill_engine.system.extras import need_training
from distill_engine.system.torchrun import place_in_group

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus
    from distill_engine.training.events import Finished, Listener
    from distill_engine.training.vocoder.train_vocoder import VocoderOptions


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `train-vocoder`."""
    vocoder = subparsers.add_parser("train-vocoder", parents=[common])
    vocoder.add_argument("model", type=Path, metavar="MODEL", help="the .distillgan file to train into")
    vocoder.add_argument("corpus", type=Path, metavar="CORPUS", help="folder with the model's sounds")
    vocoder.add_argument("--force", action="store_true", help="replace a trained vocoder without asking")
    add_training_options(vocoder)
    vocoder.set_defaults(run=run_train_vocoder)


def vocoder_options(args: argparse.Namespace, deadline: float | None, *, resume: bool) -> VocoderOptions:
    """Return the options of a vocoder's training."""
    from dataclasses import replace

    from distill_engine.training.vocoder.settings import default_settings
    from distill_engine.training.vocoder.train_vocoder import VocoderOptions

    settings = default_settings(args.kind, args.device, seed=args.seed)
    changes = {"learning_rate": args.lr, "batch_size": args.batch_size, "width": args.width}
    settings = replace(settings, **{name: value for name, value in changes.items() if value is not None})
    return VocoderOptions(
        settings=settings,
        epochs=args.epochs,
        deadline=deadline,
        device=args.device,
        resume=resume,
        warm_start=not args.from_scratch,
        checkpoint_seconds=args.checkpoint_interval,
        preview_epochs=args.preview_interval,
    )


def train_own_vocoder(
    corpus: Corpus, model: Path, options: VocoderOptions, listen: Listener, stopped: Callable[[], bool]
) -> None:
    """Train a vocoder into a model file. Raises Cancelled if the user stopped it."""
    from distill_engine.training.vocoder.train_vocoder import train_vocoder

    raise_if_stopped(train_vocoder(corpus, model, options, listen=listen, stopped=stopped))


def run_train_vocoder(args: argparse.Namespace) -> int:
    """Train a vocoder into an existing model. Raises DistillError."""
    need_training("distill train-vocoder")
    check_output_folder(args.model.resolve())
    rank, world = place_in_group()
    if rank:
        return _train_beside_the_first(args, rank, world)
    with training_lock(args.model):
        return _run_train_vocoder(args)


def _train_beside_the_first(args: argparse.Namespace, rank: int, world: int) -> int:
    """Train as a further process of torchrun's. The first one writes the model file and reports."""
    from distill_engine.system.listeners import ignore

    sys.stderr.write(f"process {rank + 1} of {world}: the first process reports and writes the model file\n")
    corpus, options = _prepared(args)
    with suppress(Cancelled), explain_interrupt(args.model), stop_requested() as stopped:
        train_own_vocoder(corpus, args.model, options, ignore, stopped)
        return 0
    return Cancelled.exit_code


def _run_train_vocoder(args: argparse.Namespace) -> int:
    corpus, options = _prepared(args)
    from distill_control.cli.support.train_view import TrainingView

    view = TrainingView(as_json=args.json, clip_count=len(corpus.clips))
    with explain_interrupt(args.model), view, stop_requested() as stopped:
        name_left_out(corpus, view)
        train_own_vocoder(corpus, args.model, options, view, stopped)
    return report(args, args.model)


def _prepared(args: argparse.Namespace) -> tuple[Corpus, VocoderOptions]:
    """Return the sounds and the options of the training, which goes on if it is to be resumed."""
    began = time.monotonic()
    resume, saved = _vocoder_to_resume(args)
    args.seed = chosen_seed(args, saved if resume else None)
    if resume and saved is not None:
        check_vocoder_options(args, saved)
    if resume:
        listing = stored_list(args.model)
        corpus = corpus_to_resume(args.corpus, args.seed, args.model, listing, "distill train-vocoder --fresh")
    else:
        corpus = corpus_of_model(args.corpus, args.seed, args.model)
    if resume and saved is not None and saved.completed and not args.epochs:
        args.minutes = args.minutes or MORE_MINUTES
    deadline = began + 60.0 * args.minutes if args.minutes else None
    return corpus, vocoder_options(args, deadline, resume=resume)


def _vocoder_to_resume(args: argparse.Namespace) -> tuple[bool, SavedTraining | None]:
    """Return whether to resume the vocoder's training, and that training.

    A vocoder that is still the shipped one is gone on with, or begun anew, without a question.
    Raises TrainingError where a finished vocoder would be replaced and the user does not agree.
    """
    from distill_engine.modelfile import ModelFile

    part = f"training/vocoder/{args.kind}"
    with ModelFile.open(args.model) as file:
        row = file.manifest.vocoders.get(args.kind)
    saved = read_saved_training(args.model, part)
    untouched = row is not None and is_shipped(row)
    unfinished = saved is not None and not saved.completed
    resume = bool(args.resume) or (untouched and saved is not None and not args.fresh and not args.force)
    if not resume and not args.fresh and unfinished:
        resume = resume_or_fresh(args, part, args.model)
    if row is not None and not untouched and not resume and not args.force and not unfinished:
        epochs = counted(row.get("epochs", 0), "epoch")
        question = f"This model already has a trained {args.kind} vocoder ({epochs}). Replace it?"
        if not ask(question):
            raise TrainingError(
                f"{args.model} keeps its {args.kind} vocoder: --resume with --epochs or --minutes continues it, "
                "--force replaces it"
            )
    if row is not None and not untouched and not resume:
        keep_old_model(args.model)
    return resume, saved


def raise_if_stopped(done: Finished) -> None:
    """Raise Cancelled if the user stopped a training."""
    if not done.completed and not done.steps:
        raise Cancelled("Stopped before anything was written.")
    if not done.completed:
        raise Cancelled(f"Checkpoint saved at epoch {done.epochs}. Resume anytime (--resume).")
