"""`distill train`: train a model, its vocoder if asked for, and measure its controls."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.paths import check_output_folder
from distill_control.cli.support.train_corpus import (
    changed_list,
    changes_list,
    corpus_to_resume,
    name_left_out,
)
from distill_control.cli.support.train_options import add_family_options, add_training_options
from distill_control.cli.support.train_report import MORE_MINUTES, report
from distill_control.cli.support.train_start import (
    SavedTraining,
    check_vocoder_options,
    check_writable,
    chosen_codes,
    chosen_seed,
    explain_interrupt,
    keep_old_model,
    read_saved_training,
    resume_or_fresh,
    stop_requested,
    training_lock,
)
from distill_control.cli.support.train_time import (
    divide,
    expected_analysis_seconds,
    leaves_vocoder_out,
    name_unused,
    planned,
)
from distill_control.cli.train_vocoder import raise_if_stopped, train_own_vocoder, vocoder_options
from distill_engine.errors import Cancelled, TrainingError
from distill_engine.rendering.model_corpus import corpus_of, stored_list
from distill_engine.system.extras import need_training
from distill_engine.system.torchrun import need_one_process

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus
    from distill_engine.models.model_config import ModelConfig
    from distill_engine.training.events import Listener, Warned
    from distill_engine.training.latent.model_options import ModelOptions
    from distill_engine.training.latent.settings import CodeShape


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `train`."""
    train = subparsers.add_parser("train", parents=[common])
    train.add_argument("corpus", type=Path, metavar="CORPUS", help="folder with 5 to 500 sound files")
    train.add_argument(
        "-o", "--output", type=Path, required=True, metavar="MODEL", help="the .distillgan file to write"
    )
    add_family_options(train)
    train.add_argument(
        "--preset",
        choices=("auto", "quick", "balanced", "quality"),
        help="length of what is trained (default auto: by the size of the corpus)",
    )
    train.add_argument(
        "--with-vocoder",
        action="store_true",
        help="train the model's own vocoder too; of --minutes it gets nothing below 5, from there on what the controls "
        "leave",
    )
    train.add_argument(
        "--add",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="add sound files to the sounds of the model in -o, and go on",
    )
    train.add_argument(
        "--remove", nargs="+", metavar="NAME", help="take sounds out of those of the model in -o, and go on"
    )
    train.add_argument("--no-analysis", action="store_true", help="leave the controls and the map to `distill analyse`")
    train.add_argument(
        "--no-corpus",
        action="store_true",
        help="leave the path of your sounds out of the file: it cannot play them and has no prior, drift and hold sound dull",
    )
    train.add_argument(
        "--previews", action="store_true", help="write a sound as the model plays it, now and then, into MODEL-previews"
    )
    add_training_options(train)
    train.set_defaults(run=run_train)


def run_train(args: argparse.Namespace) -> int:
    """Train the latent model, then the vocoder if asked for, then measure the controls.

    Raises DistillError.
    """
    need_one_process("distill train")
    check_output_folder(args.output.resolve())
    with training_lock(args.output):
        return _run_train(args)


def _run_train(args: argparse.Namespace) -> int:
    began = time.monotonic()
    args.resume = changes_list(args) or resume_or_fresh(args, "training/model", args.output)
    check_writable(args.output)
    saved = read_saved_training(args.output, "training/model") if args.resume else None
    if args.resume and saved is None and not changes_list(args):
        raise TrainingError(f"{args.output}: holds no checkpoint of a model to resume: train it with --fresh")
    args.seed = chosen_seed(args, saved)
    config = _model_config(args, saved)
    codes = chosen_codes(args, saved, config.family)
    _check_torch(args, config)
    corpus = _corpus(args, saved)
    saved_vocoder = _saved_vocoder(args) if args.resume and args.with_vocoder else None
    _check_same_corpus(args.output, corpus, saved, saved_vocoder)
    if not args.resume:
        keep_old_model(args.output)
    from distill_control.cli.support.train_view import TrainingView
    from distill_engine.training.events import Planned

    view = TrainingView(as_json=args.json, clip_count=len(corpus.clips))
    with explain_interrupt(args.output), view, stop_requested() as stopped:
        name_left_out(corpus, view)
        _leave_path_out(args, view)
        model = saved is None or not _model_stays(args, saved, config, corpus, view)
        with_vocoder = args.with_vocoder and (saved_vocoder is not None or not leaves_vocoder_out(args, view))
        name_unused(args, config, view)
        expected = expected_analysis_seconds(args, config, corpus)
        times = divide(args, began, expected, with_vocoder=with_vocoder, model_trains=model and not config.closed_form)
        view(Planned(planned(args, config, times, model=model, with_vocoder=with_vocoder)))
        if model:
            _train_model(args, corpus, _model_options(args, config, codes, times.model), view, stopped)
        if with_vocoder:
            options = vocoder_options(args, times.vocoder, resume=saved_vocoder is not None)
            train_own_vocoder(corpus, args.output, options, view, stopped)
        if stopped() and not args.no_analysis:
            raise Cancelled(f"Stopped: {args.output} {_found_later(args)}.")
    if not args.no_analysis:
        _analyse(args, corpus, times.analysis, goes_on=model)
    return report(args, args.output)


def _check_torch(args: argparse.Namespace, config: ModelConfig) -> None:
    """Check that what computes is there, before the plan is printed. Raises DistillError."""
    if args.with_vocoder or not config.closed_form:
        need_training("distill train --with-vocoder" if args.with_vocoder else "this `distill train`")
    if args.device != "auto":
        from distill_engine.training.device import training_device

        training_device(args.device)


def _model_config(args: argparse.Namespace, saved: SavedTraining | None) -> ModelConfig:
    """Return the configuration asked for; that of the training to resume where none is.

    Raises ConfigError or TrainingError.
    """
    from distill_engine.models.model_config import SKELETON_LATENT_DIM, ModelConfig, skeleton_config

    kept = ModelConfig.from_dict(saved.options["config"]) if saved is not None else None
    if kept is not None and args.family not in (None, kept.family):
        raise TrainingError(
            f"the training to resume is of family {kept.family}: leave --family {args.family} out, or --fresh"
        )
    if kept is not None and args.latent_dim not in (None, kept.latent_dim):
        raise TrainingError(
            f"the training to resume has {kept.latent_dim} latents: leave --latent-dim {args.latent_dim} out, or --fresh"
        )
    if kept is not None:
        return kept
    latent_dim = SKELETON_LATENT_DIM if args.latent_dim is None else args.latent_dim
    return skeleton_config(latent_dim, family=args.family or "vae")


def _corpus(args: argparse.Namespace, saved: SavedTraining | None) -> Corpus:
    """Load the sounds: those of the file's list, changed if asked for, else those of the folder.

    Raises CorpusError.
    """
    if saved is None and not args.add and not args.remove:
        return corpus_of(args.corpus, args.seed)
    listing = changed_list(args) if args.add or args.remove else stored_list(args.output)
    return corpus_to_resume(args.corpus, args.seed, args.output, listing, "distill train --fresh")


def _leave_path_out(args: argparse.Namespace, listen: Callable[[Warned], None]) -> None:
    """Set `no_corpus` where the file to resume has no path, and say what stays in the file."""
    from distill_engine.analysis.stretches.path import LEFT
    from distill_engine.modelfile import ModelFile
    from distill_engine.training.events import Warned

    if args.resume and args.output.exists():
        with ModelFile.open(args.output) as file:
            args.no_corpus = args.no_corpus or bool(file.manifest.analysis.get("forgotten"))
    if args.no_corpus:
        listen(Warned(LEFT))
    if args.remove:
        listen(Warned("what is removed plays no more, but skeleton and weights keep what they took from it"))


def _saved_vocoder(args: argparse.Namespace) -> SavedTraining | None:
    """Return the vocoder's training to resume, its options checked; None if there is none.

    A completed one gets MORE_MINUTES where no length is given. Raises TrainingError.
    """
    saved = read_saved_training(args.output, f"training/vocoder/{args.kind}")
    if saved is not None:
        check_vocoder_options(args, saved)
        args.minutes = args.minutes or (MORE_MINUTES if saved.completed and not args.epochs else None)
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
            check_corpus(output, what, saved.options, corpus)


def _model_stays(
    args: argparse.Namespace,
    saved: SavedTraining,
    config: ModelConfig,
    corpus: Corpus,
    listen: Callable[[Warned], None],
) -> bool:
    """Return whether a completed model stays: the time goes to the vocoder, or none is given."""
    from distill_engine.training.events import Warned

    relisted = saved.options["corpus"] != corpus.digest
    goes_on = not config.closed_form and not args.with_vocoder and (args.epochs or args.minutes or args.preset)
    if not saved.completed or relisted or goes_on:
        return False
    at = "" if config.closed_form else f" (step {saved.step})"
    listen(Warned(f"the model is completed{at} and stays as it is"))
    return True


def _model_options(
    args: argparse.Namespace, config: ModelConfig, codes: CodeShape, deadline: float | None
) -> ModelOptions:
    """Return what to train, of which shape and until when."""
    from distill_engine.training.latent.model_options import ModelOptions

    return ModelOptions(
        config=config,
        codes=codes,
        preset=args.preset,
        epochs=args.epochs,
        deadline=deadline,
        seed=args.seed,
        device=args.device,
        resume=args.resume,
        fresh=not args.resume,
        checkpoint_seconds=args.checkpoint_interval,
        keep_path=not args.no_corpus,
        previews=args.previews,
    )


def _train_model(
    args: argparse.Namespace,
    corpus: Corpus,
    options: ModelOptions,
    listen: Listener,
    stopped: Callable[[], bool],
) -> None:
    """Train the latent model. Raises Cancelled if the user stopped it."""
    from distill_engine.training.latent.train_model import train_model

    raise_if_stopped(train_model(corpus, args.output, options, listen=listen, stopped=stopped))


def _found_later(args: argparse.Namespace) -> str:
    """Return what the file holds before its controls are measured, and how to measure them."""
    return f"is trained and saved; `distill analyse {args.output} {args.corpus}` finds its controls"


def _analyse(args: argparse.Namespace, corpus: Corpus, deadline: float | None, *, goes_on: bool) -> None:
    """Find the controls of the model that has just been trained. Raises DistillError."""
    from distill_control.cli.analyse import analyse_model
    from distill_engine.rendering.analysing import AnalysisOptions

    with explain_interrupt(args.output, _found_later(args)):
        end = math.inf if deadline is None else deadline
        options = AnalysisOptions(args.seed, keep_path=not args.no_corpus, deadline=end, goes_on=goes_on)
        analyse_model(args.output, corpus, options, as_json=args.json)
