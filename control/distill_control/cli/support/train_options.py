"""The options that `distill train` and `distill train-vocoder` share."""

from __future__ import annotations

import argparse

from distill_control.cli.support.options import (
    YEAR_SECONDS,
    integer_in,
    integer_of,
    positive_integer,
    positive_number,
    seconds,
    seed_number,
)
from distill_engine.codes.sizes import COMPONENTS, LEAST_COMPONENTS, LEVELS, SIZES
from distill_engine.models.model_config import FAMILIES, MAXIMUM_LATENT_DIMS, MINIMUM_LATENT_DIM
from distill_engine.training.vocoder.settings import BATCH_LIMIT, RATE_LIMIT, WIDTH_LIMIT

EPOCHS_LIMIT = 10_000_000  # passes over a corpus: months even with the smallest


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of both commands."""
    epochs = positive_integer("a whole number", "50", EPOCHS_LIMIT)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=epochs, metavar="N", help="passes over the corpus")
    length.add_argument(
        "--minutes",
        type=positive_number("a number of minutes", "4 or 0.5", YEAR_SECONDS / 60.0),
        metavar="M",
        help="wall-clock time of the whole command",
    )
    parser.add_argument("--seed", type=seed_number, metavar="S", help="seed of all random numbers (default 0)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="where to train")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="continue the training in the file without asking")
    again.add_argument("--fresh", action="store_true", help="start again without asking")
    _add_vocoder_options(parser)
    parser.add_argument(
        "--checkpoint-interval",
        type=seconds("120"),
        default=120.0,
        metavar="S",
        help="seconds between checkpoints (default 120)",
    )


class NoPrior(argparse.Action):
    """Ends `--with-prior`: a prior needs no training."""

    def __call__(self, parser: argparse.ArgumentParser, *args: object, **options: object) -> None:
        parser.error(
            "--with-prior: leave it out; every model that holds its sounds has a prior, counted from its codes: "
            "hear it with `distill render MODEL --source prior -o out.wav`"
        )


def add_family_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose what kind of latent model is trained."""
    parser.add_argument(
        "--family",
        choices=FAMILIES,
        help="vae: found at once, codes are fitted afterwards (default); rvq: codes are trained",
    )
    parser.add_argument("--with-prior", nargs=0, action=NoPrior, help=argparse.SUPPRESS)
    dimensions = integer_in(MINIMUM_LATENT_DIM, MAXIMUM_LATENT_DIMS[2])
    parser.add_argument("--latent-dim", type=dimensions, metavar="N", help="latent dimensions, 8 to 128 (default 128)")
    parser.add_argument(
        "--levels", type=integer_of(LEVELS), choices=LEVELS, help="levels of codes, with --family rvq (default 3)"
    )
    parser.add_argument(
        "--codes",
        type=integer_of(SIZES),
        choices=SIZES,
        help="codes of a level, with --family rvq (default by the sounds' length)",
    )
    code_dim = integer_in(LEAST_COMPONENTS, COMPONENTS)
    parser.add_argument(
        "--code-dim", type=code_dim, metavar="N", help="dimensions of codes, with --family rvq, 8 to 128 (default 128)"
    )


def _add_vocoder_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a vocoder's training."""
    count = positive_integer("a whole number", "4", BATCH_LIMIT)
    rate, width = positive_number("a rate", "0.0002", RATE_LIMIT), positive_number("a number", "0.25", WIDTH_LIMIT)
    parser.add_argument("--kind", choices=("vocos", "hifigan"), default="vocos", help="kind of vocoder (default vocos)")
    parser.add_argument("--from-scratch", action="store_true", help="do not begin with the shipped vocoder")
    parser.add_argument("--lr", type=rate, metavar="RATE", help="the vocoder's learning rate")
    parser.add_argument("--batch-size", type=count, metavar="N", help="clips per vocoder step (default 4)")
    parser.add_argument(
        "--preview-interval",
        type=positive_integer("a whole number", "25", EPOCHS_LIMIT),
        default=25,
        metavar="N",
        help="vocoder epochs between audio previews (default 25)",
    )
    parser.add_argument(
        "--width", type=width, metavar="X", help="width of the discriminators; 1 is that of the HiFi-GAN paper"
    )
