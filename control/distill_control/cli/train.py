"""`distill train` and `distill train-vocoder`."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.output import ask, emit
from distill_control.cli.support.train_start import (
    Begun,
    check_kept,
    check_writable,
    chosen_seed,
    read_begun,
    resume_or_fresh,
    stop_requested,
    told,
)
from distill_engine.errors import Cancelled, TrainingError

if TYPE_CHECKING:
    from rich.console import Console

    from distill_control.cli.support.train_view import TrainingView
    from distill_engine.dataset.corpus import Corpus
    from distill_engine.models.model_config import ModelConfig
    from distill_engine.training.events import Finished

Subparsers = Any
VOCODER_SHARE = 2 / 3
FINISH_SECONDS = 5.0  # of a --minutes budget: statistics and graphs at the end, besides the analysis
MOST_RESERVED = 0.6  # of a --minutes budget


def register(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Adds both commands."""
    train = subparsers.add_parser("train", parents=[common], help="train a model on a folder of sounds")
    train.add_argument("corpus", type=Path, metavar="CORPUS", help="folder with 5 to 500 sound files")
    train.add_argument(
        "-o", "--output", type=Path, required=True, metavar="MODEL", help="the .distillgan file to write"
    )
    train.add_argument("--family", choices=("vae",), default="vae", help="kind of latent space (default vae)")
    train.add_argument(
        "--preset", choices=("auto", "quick", "balanced", "quality"),
        help="length and settings (default auto: by the size of the corpus)",
    )  # fmt: skip
    train.add_argument("--latent-dim", type=int, metavar="N", help="latent dimensions, 8 to 64 (default 16)")
    train.add_argument("--with-vocoder", action="store_true", help="train the model's own vocoder too")
    train.add_argument("--no-analysis", action="store_true", help="leave the controls and the map to `distill analyse`")
    _shared(train)
    train.set_defaults(run=run_train)
    vocoder = subparsers.add_parser("train-vocoder", parents=[common], help="train a model's own vocoder")
    vocoder.add_argument("model", type=Path, metavar="MODEL", help="the .distillgan file to train into")
    vocoder.add_argument("corpus", type=Path, metavar="CORPUS", help="folder with the model's sounds")
    vocoder.add_argument("--force", action="store_true", help="replace a trained vocoder without asking")
    _shared(vocoder)
    vocoder.set_defaults(run=run_train_vocoder)


def _shared(parser: argparse.ArgumentParser) -> None:
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=_positive(int), metavar="N", help="passes over the corpus")
    length.add_argument("--minutes", type=_positive(float), metavar="M", help="wall-clock budget of the whole command")
    parser.add_argument("--seed", type=int, metavar="S", help="seed of everything random (default 0)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to train")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="continue the checkpoint in the file without asking")
    again.add_argument("--fresh", action="store_true", help="start again without asking")
    parser.add_argument("--kind", choices=("vocos", "hifigan"), default="vocos", help="kind of vocoder (default vocos)")
    parser.add_argument("--from-scratch", action="store_true", help="do not begin with the shipped base vocoder")
    parser.add_argument("--lr", type=_positive(float), metavar="RATE", help="the vocoder's learning rate")
    parser.add_argument("--batch-size", type=_positive(int), metavar="N", help="clips per vocoder step (default 4)")
    parser.add_argument(
        "--preview-interval", type=_positive(int), default=25, metavar="N", help="vocoder epochs between audio previews"
    )
    parser.add_argument("--width", type=_positive(float), metavar="X", help="discriminator width, 1 is the papers'")
    parser.add_argument(
        "--checkpoint-interval", type=_positive(float), default=120.0, metavar="S", help="seconds between checkpoints"
    )


def _positive(kind: type) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        value = kind(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    return parse


def _corpus(folder: Path, seed: int) -> Corpus:
    from distill_engine.dataset.corpus import load_corpus
    from distill_engine.library.folders import cache_dir

    return load_corpus(folder, seed=seed, cache_dir=cache_dir())


def run_train(args: argparse.Namespace) -> int:
    """Trains the latent model, then the vocoder if asked, then measures the controls."""
    began = time.monotonic()
    resume = resume_or_fresh(args, "training/model", args.output)
    check_writable(args.output)
    from distill_control.cli.support.train_view import TrainingView
    from distill_engine.models.model_config import ModelConfig

    begun = read_begun(args.output, "training/model") if resume else None
    args.seed = chosen_seed(args, begun)
    config = ModelConfig(family=args.family, latent_dim=16 if args.latent_dim is None else args.latent_dim)
    if begun is not None and args.latent_dim is None:
        config = ModelConfig.from_dict(begun.about["config"])
    corpus = _corpus(args.corpus, args.seed)
    voice = read_begun(args.output, f"training/vocoder/{args.kind}") if resume and args.with_vocoder else None
    if voice is not None:
        check_kept(args, voice)
    from distill_engine.training.storage import check_corpus
    from distill_engine.training.train_model import ModelOptions, train_model

    for what, one in (("model", begun), ("vocoder", voice)):
        if one is not None:  # found out before hours of training, not after them
            check_corpus(args.output, what, one.about, corpus.digest)
    with told(args.output), TrainingView(as_json=args.json) as view, stop_requested() as stopped:
        reserve = _reserve(args, config, corpus, view)
        options = ModelOptions(
            config=config, preset=args.preset, epochs=args.epochs,
            deadline=_deadline(args, began, reserve, VOCODER_SHARE if args.with_vocoder else 0.0), seed=args.seed,
            device=args.device, resume=resume, fresh=not resume, checkpoint_seconds=args.checkpoint_interval,
        )  # fmt: skip
        if begun is None or not _left_alone(args, begun, view):
            _cancelled(train_model(corpus, args.output, options, listen=view, stopped=stopped))
        if args.with_vocoder:
            deadline = _deadline(args, began, reserve, 0.0)
            _cancelled(_vocoder(args, corpus, args.output, deadline, voice is not None, view, stopped))
    if not args.no_analysis:
        _analyse(args, corpus)
    return _report(args, args.output)


def _left_alone(args: argparse.Namespace, begun: Begun, view: TrainingView) -> bool:
    """Whether a resumed model is completed and stays: what is asked for goes to the vocoder, or nothing more is asked for."""
    from distill_engine.training.events import Warned

    if not begun.completed or (not args.with_vocoder and (args.epochs or args.minutes or args.preset)):
        return False
    view(Warned(f"the model is completed (step {begun.step}) and stays as it is"))
    return True


def _reserve(args: argparse.Namespace, config: ModelConfig, corpus: Corpus, view: TrainingView) -> float:
    """Seconds of the budget kept for what follows the training: what the analysis will take here, from a short measurement."""
    if not args.minutes:
        return 0.0
    if args.no_analysis:
        return FINISH_SECONDS
    from distill_engine.audio.mel import DEFAULT_MEL
    from distill_engine.rendering.analysis_cost import expected_seconds
    from distill_engine.training.events import Warned

    sound = sum(len(clip.samples) for clip in corpus.clips) / DEFAULT_MEL.sample_rate
    wanted = FINISH_SECONDS + expected_seconds(config, sound, args.kind if args.with_vocoder else None)
    most = MOST_RESERVED * args.minutes * 60
    if wanted > most:
        enough, longer = math.ceil(wanted / MOST_RESERVED / 60), math.ceil((wanted - most) / 60)
        text = f"finding the controls takes up to {wanted:.0f} s here, so all of it up to {longer} min longer than was given"
        view(Warned(f"{text}: give --minutes {enough} or more, or --no-analysis"))
    return float(min(wanted, most))


def _deadline(args: argparse.Namespace, began: float, reserve: float, kept: float) -> float | None:
    """When --minutes are over, less the reserve and the share kept for later; an instant of `time.monotonic`."""
    if not args.minutes:
        return None
    now, end = time.monotonic(), began + args.minutes * 60 - reserve
    return float(now + (end - now) * (1 - kept))


def _vocoder(
    args: argparse.Namespace, corpus: Corpus, model: Path, deadline: float | None, resume: bool,
    view: TrainingView, stopped: Callable[[], bool],
) -> Finished:  # fmt: skip
    from dataclasses import replace

    from distill_engine.training.train_vocoder import VocoderOptions, train_vocoder
    from distill_engine.training.vocoder_settings import default_settings

    settings = default_settings(args.kind, args.device, seed=args.seed)
    changes = {"learning_rate": args.lr, "batch_size": args.batch_size, "width": args.width}
    settings = replace(settings, **{name: value for name, value in changes.items() if value is not None})
    options = VocoderOptions(
        settings=settings, epochs=args.epochs, deadline=deadline, device=args.device, resume=resume,
        warm_start=not args.from_scratch, checkpoint_seconds=args.checkpoint_interval,
        preview_epochs=args.preview_interval,
    )  # fmt: skip
    return train_vocoder(corpus, model, options, listen=view, stopped=stopped)


def run_train_vocoder(args: argparse.Namespace) -> int:
    """Trains a vocoder into an existing model."""
    began = time.monotonic()
    from distill_control.cli.support.train_view import TrainingView
    from distill_engine.modelfile import ModelFile

    with ModelFile.open(args.model) as file:
        row = file.manifest.vocoders.get(args.kind)
    begun = read_begun(args.model, f"training/vocoder/{args.kind}")
    unfinished = begun is not None and not begun.completed
    resume = bool(args.resume)
    if not resume and not args.fresh and unfinished:
        resume = resume_or_fresh(args, f"training/vocoder/{args.kind}", args.model)
    if row is not None and not resume and not args.force and not unfinished:
        question = f"This model already has a trained {args.kind} vocoder ({row.get('epochs', 0)} epochs). Replace it?"
        if not ask(question):
            raise TrainingError(
                f"{args.model} keeps its {args.kind} vocoder: --resume with --epochs or --minutes continues it, --force replaces it"
            )
    args.seed = chosen_seed(args, begun if resume else None)
    if resume and begun is not None:
        check_kept(args, begun)
    corpus = _corpus(args.corpus, args.seed)
    with told(args.model), TrainingView(as_json=args.json) as view, stop_requested() as stopped:
        _cancelled(_vocoder(args, corpus, args.model, _deadline(args, began, 0.0, 0.0), resume, view, stopped))
    return _report(args, args.model)


def _cancelled(done: Finished) -> None:
    if not done.completed and not done.steps:
        raise Cancelled("Stopped before the first step: no checkpoint was written.")
    if not done.completed:
        raise Cancelled(f"Checkpoint saved at epoch {done.epochs}. Resume anytime (--resume).")


def _analyse(args: argparse.Namespace, corpus: Corpus) -> None:
    from distill_control.cli.analyse import analyse_model

    with told(args.output, f"is trained and saved; `distill analyse {args.output} {args.corpus}` finds its controls"):
        analyse_model(args.output, corpus, seed=args.seed, as_json=args.json)


def _report(args: argparse.Namespace, path: Path) -> int:
    from distill_engine.modelfile import ModelFile

    with ModelFile.open(path) as file:
        manifest = file.manifest
    data = {"model": str(path), "digest": manifest.digest, "training": manifest.training, "vocoders": manifest.vocoders}

    def say(console: Console) -> None:
        for kind, row in manifest.vocoders.items():
            console.print(f"{kind}: {row.get('reason', '')}", markup=False)
        if manifest.family and not manifest.analysis:
            console.print(f"no controls yet: `distill analyse {path} CORPUS` finds them", markup=False)
        console.print(f"{path}: ready. Try: distill render {path} -o out.wav", markup=False)

    emit(args, data, say)
    return 0
