"""The options that `distill train` and `distill train-vocoder` share."""

from __future__ import annotations

import argparse

from distill_control.cli.support.options import positive_integer, positive_number, seed_number


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of both commands."""
    count = positive_integer("a whole number", "50")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=count, metavar="N", help="passes over the corpus")
    length.add_argument(
        "--minutes",
        type=positive_number("a number of minutes", "4 or 0.5"),
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
        type=positive_number("a number of seconds", "120"),
        default=120.0,
        metavar="S",
        help="seconds between checkpoints (default 120)",
    )


def _add_vocoder_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a vocoder's training."""
    count, number = positive_integer("a whole number", "4"), positive_number("a number", "0.0002")
    parser.add_argument("--kind", choices=("vocos", "hifigan"), default="vocos", help="kind of vocoder (default vocos)")
    parser.add_argument("--from-scratch", action="store_true", help="do not begin with the shipped vocoder")
    parser.add_argument("--lr", type=number, metavar="RATE", help="the vocoder's learning rate")
    parser.add_argument("--batch-size", type=count, metavar="N", help="clips per vocoder step (default 4)")
    parser.add_argument(
        "--preview-interval",
        type=count,
        default=25,
        metavar="N",
        help="vocoder epochs between audio previews (default 25)",
    )
    parser.add_argument(
        "--width", type=number, metavar="X", help="width of the discriminators; 1 is that of the HiFi-GAN paper"
    )
