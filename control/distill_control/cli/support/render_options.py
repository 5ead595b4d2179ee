"""Options that `distill render` and `resynth` share, and those of a performance's values."""

from __future__ import annotations

import argparse
from pathlib import Path

from distill_control.cli.keeping.record import add_keep
from distill_control.cli.support.options import add_space, integer_in, value_of, vocoder_name
from distill_engine.system.names import printable
from distill_engine.vocabulary.ranges import RENDER_RATES_HZ
from distill_engine.vocabulary.table import VOCODERS, row

DEFAULT_WIDTH = float(row("/distill/width").default or 0.0)  # 0 to 1, the same as live
FORMATS = ("wav", "flac", "mp3", "ogg", "opus", "aiff", "caf")


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the options of the sound file that is written."""
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the sound file to write")
    parser.add_argument(
        "--vocoder", type=vocoder_name, metavar="NAME", help=f"{', '.join(VOCODERS)} or an added one (default auto)"
    )
    rate = integer_in(*RENDER_RATES_HZ, "a sample rate")
    parser.add_argument("--sample-rate", type=rate, metavar="HZ", help="of the file (default: the engine's, 44100)")
    parser.add_argument("--bit-depth", choices=("16", "24", "32f"), help="default 24")
    parser.add_argument("--format", choices=FORMATS, help="default: from the ending of FILE")
    parser.add_argument(
        "--torch-device", choices=("auto", "cpu", "cuda", "mps"), help="compute in torch instead of ONNX Runtime"
    )
    add_keep(parser)


def add_values(render: argparse.ArgumentParser) -> None:
    """Add the options that set parameters of the performance."""
    render.add_argument(
        "--control",
        type=_name_and_value,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a named control, -1 to 1 (`distill model info` lists them)",
    )
    render.add_argument(
        "--latent",
        type=_latent_and_value,
        action="append",
        default=[],
        metavar="I=VALUE",
        help="hold latent dimension I at VALUE, in standard deviations of the corpus",
    )
    render.add_argument(
        "--set",
        type=_name_and_value,
        action="append",
        default=[],
        metavar="ADDRESS=VALUE",
        dest="parameters",
        help="any parameter, such as source/speed=0.5 (`distill send --list` lists them)",
    )
    render.add_argument(
        "--blend",
        type=_name_and_value,
        action="append",
        default=[],
        metavar="MODEL=WEIGHT",
        help="a model that plays together with the first, with a weight of 0 to 1; at most three",
    )
    add_space(render, None)
    text = f"stereo width, 0 to 1 (default {DEFAULT_WIDTH:g})"
    render.add_argument(
        "--gain", type=value_of("/distill/gain"), default=0.0, metavar="DB", help="level in dB (default 0)"
    )
    render.add_argument("--width", type=value_of("/distill/width"), default=DEFAULT_WIDTH, metavar="W", help=text)


def _name_and_value(text: str) -> tuple[str, float]:
    """Read NAME=VALUE."""
    name, sign, value = text.rpartition("=")
    try:
        if not sign or not name:
            raise ValueError
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{printable(text)}' is not NAME=VALUE, such as brightness=0.5") from None


def _latent_and_value(text: str) -> tuple[int, float]:
    """Read I=VALUE, with the number of a latent dimension."""
    name, value = _name_and_value(text)
    try:
        if not name.isdecimal():
            raise ValueError
        return int(name), value
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{printable(text)}' is not I=VALUE with the number of a latent dimension"
        ) from None
