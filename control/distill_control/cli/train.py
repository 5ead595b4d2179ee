"""`distill train` and `distill train-vocoder`: train a model, or an existing model's vocoder."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.output import ask
from distill_control.cli.support.paths import check_output_folder
from distill_control.cli.support.train_options import add_training_options
from distill_control.cli.support.train_report import report
from distill_control.cli.support.train_start import (
    SavedTraining,
    check_vocoder_options,
    check_writable,
    chosen_seed,
    explain_interrupt,
    read_saved_training,
    resume_or_fresh,
    stop_requested,
    training_lock,
)
from distill_control.cli.support.train_time import (
    end_time,
    leaves_vocoder_out,
    model_end_time,
    reserved_seconds,
)
from distill_engine.errors import Cancelled, TrainingError

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus
    from distill_engine.models.model_config import ModelConfig
    from distill_engine.training.events import Finished, Listener, Warned
    from distill_engine.training.vocoder.train_vocoder import VocoderOptions


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the commands `train` and `train-vocoder`."""
    train = subparsers.add_parser("train", parents=[common], help="train a model on a folder of sounds")
    train.add_argument("corpus", type=Path, metavar="CORPUS", help="folder with 5 to 500 sound files")
    train.add_argument(
        "-o", "--output", type=Path, required=True, metavar="MODEL", help="the .distillgan file to write"
    )
    train.add_argument("--family", choices=("vae",), default="vae", help="kind of latent space (default vae)")
    train.add_argument(
        "--preset",
        choices=("auto", "quick", "balanced", "quality"),
        help="length and settings (default auto: by the size of the corpus)",
    )
    train.add_argument("--latent-dim", type=int, metavar="N", help="latent dimensions, 8 to 128 (default 96)")
    train.add_argument(
        "--with-vocoder",
        action="store_true",
        help="train the model's own vocoder too; of --minutes it gets nothing below 5, half of what the controls "
        "leave from 5, and all but a minute of it above 10",
    )
    train.add_argument("--no-analysis", action="store_true", help="leave the controls and the map to `distill analyse`")
    train.add_argument(
        "--no-corpus",
        action="store_true",
        help="leave the path of your sounds out of the file: it cannot play them, drift and hold sound dull",
    )
    add_training_options(train)
    train.set_defaults(run=run_train)
    vocoder = subparsers.add_parser("train-vocoder", parents=[common], help="train a model's own vocoder")
    vocoder.add_argument("model", type=Path, metavar="MODEL", help="the .distillgan file to train into")
    vocoder.add_argument("corpus", type=Path, metavar="CORPUS", help="folder with the model's sounds")
    vocoder.add_argument("--force", action="store_true", help="replace a trained vocoder without asking")
    add_training_options(vocoder)
    vocoder.set_defaults(run=run_train_vocoder)


def run_train(args: argparse.Namespace) -> int:
    """Train the latent model, then the vocoder if asked for, then measure the controls.

    Raises DistillError.
    """
    check_output_folder(args.output.resolve())
    with training_lock(args.output):
        return _run_train(args)


def _run_train(args: argparse.Namespace) -> int:
    began = time.monotonic()
    args.resume = resume_or_fresh(args, "training/model", args.output)
    check_writable(args.output)
    saved = read_saved_training(args.output, "training/model") if args.resume else None
    args.seed = chosen_seed(args, saved)
    config = _model_config(args, saved)
    corpus = _load_corpus(args.corpus, args.seed)
    saved_vocoder = _saved_vocoder(args) if args.resume and args.with_vocoder else None
    _check_same_corpus(args.output, corpus, saved, saved_vocoder)
    from distill_control.cli.support.train_view import TrainingView

    view = TrainingView(as_json=args.json, clip_count=len(corpus.clips))
    with explain_interrupt(args.output), view, stop_requested() as stopped:
        _leave_path_out(args, view)
        reserve = reserved_seconds(args, config, corpus, view)
        if saved is None or not _model_stays(args, saved, view):
            _train_model(args, config, corpus, model_end_time(args, began, reserve), view, stopped)
        if args.with_vocoder and (saved_vocoder is not None or not leaves_vocoder_out(args, view)):
            options = _vocoder_options(args, end_time(args, began, reserve), resume=saved_vocoder is not None)
            _train_vocoder(corpus, args.output, options, view, stopped)
    if not args.no_analysis:
        _analyse(args, corpus)
    return report(args, args.output)


def _model_config(args: argparse.Namespace, saved: SavedTraining | None) -> ModelConfig:
    """Return the configuration asked for; that of the training to resume where none is.

    Raises ConfigError.
    """
    from distill_engine.models.model_config import SKELETON_LATENT_DIM, ModelConfig, skeleton_config

    if saved is not None and args.latent_dim is None:
        return ModelConfig.from_dict(saved.options["config"])
    return skeleton_config(SKELETON_LATENT_DIM if args.latent_dim is None else args.latent_dim)


def _leave_path_out(args: argparse.Namespace, listen: Callable[[Warned], None]) -> None:
    """Set `no_corpus` where the file to resume has no path, and say what stays in the file."""
    from distill_engine.analysis.stretches.path import LEFT
    from distill_engine.modelfile import ModelFile
    from distill_engine.training.events import Warned

    if args.resume:
        with ModelFile.open(args.output) as file:
            args.no_corpus = args.no_corpus or bool(file.manifest.analysis.get("forgotten"))
    if args.no_corpus:
        listen(Warned(LEFT))


def _load_corpus(folder: Path, seed: int) -> Corpus:
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.library.folders import cache_dir

    return load_corpus(folder, seed=seed, cache_dir=cache_dir())


def _saved_vocoder(args: argparse.Namespace) -> SavedTraining | None:
    """Return the vocoder's training to resume, its options checked; None if there is none.

    Raises TrainingError.
    """
    saved = read_saved_training(args.output, f"training/vocoder/{args.kind}")
    if saved is not None:
        check_vocoder_options(args, saved)
    return saved


def _check_same_corpus(
    output: Path, corpus: Corpus, model: SavedTraining | None, vocoder: SavedTraining | None
) -> None:
    """Check, before hours of training, that both were begun with this corpus.

    Raises TrainingError.
    """
    from distill_engine.training.storage import check_corpus

    for what, saved in (("model", model), ("vocoder", vocoder)):
        if saved is not None:
            check_corpus(output, what, saved.options, corpus.digest)


def _model_stays(args: argparse.Namespace, saved: SavedTraining, listen: Callable[[Warned], None]) -> bool:
    """Return whether a completed model stays: the time goes to the vocoder, or none is given."""
    from distill_engine.training.events import Warned

    if not saved.completed or (not args.with_vocoder and (args.epochs or args.minutes or args.preset)):
        return False
    listen(Warned(f"the model is completed (step {saved.step}) and stays as it is"))
    return True


def _train_model(
    args: argparse.Namespace,
    config: ModelConfig,
    corpus: Corpus,
    deadline: float | None,
    listen: Listener,
    stopped: Callable[[], bool],
) -> None:
    """Train the latent model. Raises Cancelled if the user stopped it."""
    from distill_engine.training.latent.train_model import ModelOptions, train_model

    options = ModelOptions(
        config=config,
        preset=args.preset,
        epochs=args.epochs,
        deadline=deadline,
        seed=args.seed,
        device=args.device,
        resume=args.resume,
        fresh=not args.resume,
        checkpoint_seconds=args.checkpoint_interval,
        keep_path=not args.no_corpus,
    )
    _raise_if_stopped(train_model(corpus, args.output, options, listen=listen, stopped=stopped))


def _vocoder_options(args: argparse.Namespace, deadline: float | None, *, resume: bool) -> VocoderOptions:
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


def _train_vocoder(
    corpus: Corpus, model: Path, options: VocoderOptions, listen: Listener, stopped: Callable[[], bool]
) -> None:
    """Train a vocoder into a model file. Raises Cancelled if the user stopped it."""
    from distill_engine.training.vocoder.train_vocoder import train_vocoder

    _raise_if_stopped(train_vocoder(corpus, model, options, listen=listen, stopped=stopped))


def run_train_vocoder(args: argparse.Namespace) -> int:
    """Train a vocoder into an existing model. Raises DistillError."""
    check_output_folder(args.model.resolve())
    with training_lock(args.model):
        return _run_train_vocoder(args)


def _run_train_vocoder(args: argparse.Namespace) -> int:
    began = time.monotonic()
    resume, saved = _vocoder_to_resume(args)
    args.seed = chosen_seed(args, saved if resume else None)
    if resume and saved is not None:
        check_vocoder_options(args, saved)
    corpus = _load_corpus(args.corpus, args.seed)
    from distill_control.cli.support.train_view import TrainingView

    view = TrainingView(as_json=args.json, clip_count=len(corpus.clips))
    with explain_interrupt(args.model), view, stop_requested() as stopped:
        options = _vocoder_options(args, end_time(args, began, 0.0), resume=resume)
        _train_vocoder(corpus, args.model, options, view, stopped)
    return report(args, args.model)


def _vocoder_to_resume(args: argparse.Namespace) -> tuple[bool, SavedTraining | None]:
    """Return whether to resume the vocoder's training, and that training.

    Raises TrainingError where a finished vocoder would be replaced and the user does not agree.
    """
    from distill_engine.modelfile import ModelFile

    part = f"training/vocoder/{args.kind}"
    with ModelFile.open(args.model) as file:
        row = file.manifest.vocoders.get(args.kind)
    saved = read_saved_training(args.model, part)
    unfinished = saved is not None and not saved.completed
    resume = bool(args.resume)
    if not resume and not args.fresh and unfinished:
        resume = resume_or_fresh(args, part, args.model)
    if row is not None and not resume and not args.force and not unfinished:
        question = f"This model already has a trained {args.kind} vocoder ({row.get('epochs', 0)} epochs). Replace it?"
        if not ask(question):
            raise TrainingError(
                f"{args.model} keeps its {args.kind} vocoder: --resume with --epochs or --minutes continues it, "
                "--force replaces it"
            )
    return resume, saved


def _raise_if_stopped(done: Finished) -> None:
    """Raise Cancelled if the user stopped a training."""
    if not done.completed and not done.steps:
        raise Cancelled("Stopped before the first step: no checkpoint was written.")
    if not done.completed:
        raise Cancelled(f"Checkpoint saved at epoch {done.epochs}. Resume anytime (--resume).")


def _analyse(args: argparse.Namespace, corpus: Corpus) -> None:
    """Find the controls of the model that has just been trained. Raises DistillError."""
    from distill_control.cli.analyse import analyse_model

    state = f"is trained and saved; `distill analyse {args.output} {args.corpus}` finds its controls"
    with explain_interrupt(args.output, state):
        analyse_model(args.output, corpus, seed=args.seed, as_json=args.json, keep_path=not args.no_corpus)
