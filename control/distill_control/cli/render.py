"""`distill render` and `distill resynth`: write sound files that a model plays."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.options import integer_in, seconds, seed_number, value_of, vocoder_name
from distill_control.cli.support.output import vocoder_and_reason
from distill_control.cli.support.paths import check_output_folder
from distill_engine.vocabulary.ranges import RENDER_RATES_HZ, RENDER_SECONDS_LIMIT
from distill_engine.vocabulary.table import VOCODERS, row

if TYPE_CHECKING:
    from distill_engine.rendering.render import RenderResult, RenderTarget
    from distill_engine.rendering.render_progress import RenderProgress
    from distill_engine.synthesis.instrument import Instrument

DEFAULT_SECONDS = 10.0
DEFAULT_WIDTH = float(row("/distill/width").default or 0.0)  # 0 to 1, the same as live
FORMATS = ("wav", "flac", "mp3", "ogg", "opus", "aiff")
SOURCES = ("auto", "walk", "corpus", "drift", "hold")


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the commands `render` and `resynth`."""
    render = subparsers.add_parser("render", parents=[common], help="play a model into a sound file")
    _add_model(render)
    _add_output(render)
    render.add_argument(
        "--duration",
        type=seconds("10", RENDER_SECONDS_LIMIT),
        metavar="S",
        help="length in seconds (default 10; a take has its own length)",
    )
    render.add_argument("--seed", type=seed_number, default=0, metavar="N", help="seed of the performance (default 0)")
    render.add_argument(
        "--source", choices=SOURCES, default="auto", help="auto: walk if the file has its corpus, else drift"
    )
    _add_values(render)
    render.add_argument("--take", type=Path, metavar="TAKE", help="render a recorded performance")
    render.add_argument(
        "--allow-truncated", action="store_true", help="render a take that breaks off, as far as it goes"
    )
    render.set_defaults(run=run_render, usage=render.error)
    resynth = subparsers.add_parser("resynth", parents=[common], help="play a recording through model and vocoder")
    _add_model(resynth)
    resynth.add_argument("input", type=Path, metavar="IN", help="the recording")
    _add_output(resynth)
    resynth.add_argument("--mel-only", action="store_true", help="through the vocoder alone")
    resynth.set_defaults(run=run_resynth)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a .distillgan file, or its name in the library")


def _add_output(parser: argparse.ArgumentParser) -> None:
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


def _add_values(render: argparse.ArgumentParser) -> None:
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
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, such as brightness=0.5") from None


def _latent_and_value(text: str) -> tuple[int, float]:
    """Read I=VALUE, with the number of a latent dimension."""
    name, value = _name_and_value(text)
    if not name.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not I=VALUE with the number of a latent dimension")
    return int(name), value


def run_render(args: argparse.Namespace) -> int:
    """Run `distill render`. Raises DistillError."""
    from distill_control.cli.support.output import emit
    from distill_engine.library.lookup import find_model

    if args.take is not None and args.duration is not None:
        args.usage("--duration and --take exclude each other: a take has its own duration")
    if args.take is not None and args.blend:
        args.usage("--blend and --take exclude each other: a take stores its own blend")
    path = find_model(args.model, allow_paths=True)
    output = _output(args, path, args.take)
    result = _render_take(args, path, output) if args.take is not None else _render_score(args, path, output)
    emit(
        args,
        {**asdict(result), "path": str(result.path)},
        lambda console: console.print(_summary(result), soft_wrap=True, markup=False),
    )
    return 0


def _summary(result: RenderResult) -> str:
    """Return the result in plain words: notes, then the file, then the vocoder."""
    blended = "" if result.blend_space == "one" else f"; blended in {result.blend_space}"
    return (
        "".join(f"note: {note}\n" for note in result.notes)
        + f"{result.path}: {result.seconds:.1f} s at {result.sample_rate} Hz ({result.encoding}), "
        f"peak {result.peak_db:.1f} dB, RMS {result.rms_db:.1f} dB\n"
        f"{_vocoder_line(result.vocoder, result.reason)}; {result.speed:.1f} x real time{blended}"
    )


def _vocoder_line(vocoder: str, reason: str) -> str:
    """Return which vocoder played and why."""
    name, why = vocoder_and_reason(vocoder, reason)
    return f"vocoder {name}: {why}" if name == vocoder else f"played through {name}: {why}"


def _output(args: argparse.Namespace, *inputs: Path | None) -> RenderTarget:
    """Return the file to write.

    Raises ConfigError if it is an input too, if its folder cannot be written, or if its format has
    no bit depth and one is given.
    """
    from distill_engine.audio.mel import DEFAULT_MEL
    from distill_engine.errors import ConfigError
    from distill_engine.rendering.render import RenderTarget

    for path in inputs:
        if path is not None and args.output.exists() and path.exists() and args.output.samefile(path):
            raise ConfigError(f"{args.output} is an input of this command: give another name with -o")
    check_output_folder(args.output)
    kind = (args.format or args.output.suffix.lstrip(".")).lower()
    lossless = kind not in ("mp3", "ogg", "opus")
    if args.bit_depth is not None and not lossless:
        raise ConfigError(f"{kind} has no bit depth: leave --bit-depth out, or write wav, aiff or flac")
    rate_hz = DEFAULT_MEL.sample_rate if args.sample_rate is None else args.sample_rate
    return RenderTarget(args.output, rate_hz, args.bit_depth or "24", args.format)


def _prepare(args: argparse.Namespace, path: Path, vocoder: str) -> Instrument:
    """Load a model for offline rendering through `vocoder`."""
    from distill_engine.rendering.shared_networks import offline_settings
    from distill_engine.synthesis.instrument import prepare_instrument

    return prepare_instrument(path, vocoder, settings=offline_settings(), torch_device=args.torch_device)


def _render_score(args: argparse.Namespace, path: Path, output: RenderTarget) -> RenderResult:
    """Render what the options describe."""
    from distill_engine.library.lookup import find_model
    from distill_engine.rendering.render import render_score
    from distill_engine.rendering.score import Score

    others = [
        (_prepare(args, find_model(name, allow_paths=True), args.vocoder or "auto"), weight)
        for name, weight in args.blend
    ]
    score = Score(
        args.duration if args.duration is not None else DEFAULT_SECONDS,
        args.seed,
        args.source,
        args.gain,
        args.width,
        dict(args.latent),
        dict(args.control),
        {_address(name): value for name, value in args.parameters},
        tuple(others),
    )
    instrument = _prepare(args, path, args.vocoder or "auto")
    return _with_progress(lambda progress: render_score(instrument, score, output, progress))


def _address(name: str) -> str:
    """Complete a parameter's name to its address."""
    return name if name.startswith("/") else f"/distill/{name}"


def _render_take(args: argparse.Namespace, path: Path, output: RenderTarget) -> RenderResult:
    """Render a take, through the vocoder that it names unless another is given."""
    from distill_control.cli.support.output import console_err
    from distill_engine.rendering.render import render_take
    from distill_engine.rendering.resolve import model_finder
    from distill_engine.takes.take_file import read_take

    take = read_take(args.take, allow_truncated=args.allow_truncated)
    instrument = _prepare(args, path, args.vocoder or take.header.main.vocoder)
    if args.vocoder is None and instrument.vocoder_digest != take.header.main.digest("vocoder"):
        console_err().print(
            f"note: the {take.header.main.vocoder} vocoder has changed since this take; it will sound different"
        )
    resolve = model_finder(path, lambda found, vocoder: _prepare(args, found, vocoder))
    return _with_progress(
        lambda progress: render_take(instrument, take, output, resolve, vocoder=args.vocoder, progress=progress)
    )


def _with_progress(work: Callable[[Callable[[RenderProgress], None]], RenderResult]) -> RenderResult:
    """Run `work` with a progress bar on stderr: seconds of sound done, and the time left."""
    from rich.progress import BarColumn, Progress, TextColumn

    from distill_control.cli.support.output import console_err

    columns = (
        TextColumn("rendering"),
        BarColumn(),
        TextColumn("{task.completed:.1f} of {task.total:.1f} s, {task.fields[left]:.0f} s left"),
    )
    console = console_err()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("rendering", total=None, left=0.0, visible=False)

        def show(progress: Any) -> None:
            done, total, left = progress.done_seconds, progress.total_seconds, progress.remaining_seconds
            bar.update(task, completed=done, total=total, left=left, visible=True)

        return work(show)


def run_resynth(args: argparse.Namespace) -> int:
    """Run `distill resynth`. Raises DistillError."""
    from distill_control.cli.support.output import emit
    from distill_engine.audio.levels import nats_to_db
    from distill_engine.library.lookup import find_model
    from distill_engine.rendering.loaded_model import load_model
    from distill_engine.rendering.resynth import resynth

    path = find_model(args.model, allow_paths=True)
    output = _output(args, path, args.input)
    model = load_model(path, vocoder=args.vocoder or "auto", torch_device=args.torch_device)
    result = resynth(model, args.input, output, mel_only=args.mel_only)
    summary = (
        f"{result.path}: {result.seconds:.1f} s at {result.sample_rate} Hz, peak {result.peak_db:.1f} dB, "
        f"log-mel distance from the input {result.log_mel_error:.2f} nat ({nats_to_db(result.log_mel_error):.1f} dB)\n"
        f"{_vocoder_line(result.vocoder, result.reason)}; {result.speed:.1f} x real time"
    )
    lines = "\n".join([*(f"note: {note}" for note in result.notes), summary])
    emit(
        args,
        {**asdict(result), "path": str(result.path)},
        lambda console: console.print(lines, soft_wrap=True, markup=False),
    )
    return 0
