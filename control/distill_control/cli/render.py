"""`distill render` and `distill resynth`: sound files out of a model."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.options import vocoder_name
from distill_engine.vocabulary.table import VOCODERS

if TYPE_CHECKING:
    from distill_engine.rendering.render import RenderProgress, RenderResult, RenderTarget
    from distill_engine.synthesis.instrument import Instrument

FORMATS = ("wav", "flac", "mp3", "ogg", "opus", "aiff")
SOURCES = ("auto", "corpus", "drift", "hold")


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Adds both commands."""
    render = subparsers.add_parser("render", parents=[common], help="play a model into a sound file")
    _model(render)
    _output_options(render)
    render.add_argument("--duration", type=float, metavar="S", help="seconds (default 10; a take has its own)")
    render.add_argument("--seed", type=int, default=0, metavar="N", help="another seed is another performance")
    render.add_argument("--source", choices=SOURCES, default="auto", help="auto: a path through the corpus, or a drift")
    render.add_argument(
        "--control", type=_named, action="append", default=[], metavar="NAME=VALUE", help="a named control, -1 to 1"
    )
    render.add_argument(
        "--latent", type=_indexed, action="append", default=[], metavar="I=VALUE", help="hold a latent there (sigma)"
    )
    render.add_argument(
        "--set", type=_named, action="append", default=[], metavar="ADDRESS=VALUE", dest="parameters",
        help="any parameter, such as source/speed=0.5",
    )  # fmt: skip
    render.add_argument(
        "--blend", type=_named, action="append", default=[], metavar="MODEL=WEIGHT",
        help="a model that plays together with the first, 0 to 1; up to three",
    )  # fmt: skip
    render.add_argument("--gain", type=float, default=0.0, metavar="DB", help="level in dB (default 0)")
    render.add_argument("--width", type=float, default=0.3, metavar="W", help="stereo width, 0 to 1 (default 0.3)")
    render.add_argument("--take", type=Path, metavar="TAKE", help="render a recorded performance instead")
    render.add_argument("--allow-truncated", action="store_true", help="render a take that breaks off, up to there")
    render.set_defaults(run=run_render, usage=render.error)
    resynth = subparsers.add_parser("resynth", parents=[common], help="send a recording through model and vocoder")
    _model(resynth)
    resynth.add_argument("input", type=Path, metavar="IN", help="the recording")
    _output_options(resynth)
    resynth.add_argument("--mel-only", action="store_true", help="through the vocoder alone")
    resynth.set_defaults(run=run_resynth)


def _model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a .distillgan file, or its name in the library")


def _output_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the sound file to write")
    parser.add_argument(
        "--vocoder", type=vocoder_name, metavar="NAME", help=f"{', '.join(VOCODERS)} or an added one; default: auto"
    )
    parser.add_argument("--sample-rate", type=int, default=44100, metavar="HZ", help="default 44100")
    parser.add_argument("--bit-depth", choices=("16", "24", "32f"), help="default 24")
    parser.add_argument("--format", choices=FORMATS, help="default: what the file's name says")
    parser.add_argument("--torch-device", choices=("auto", "cpu", "cuda", "mps"), help="compute in torch instead")


def _named(text: str) -> tuple[str, float]:
    name, sign, value = text.rpartition("=")
    try:
        if not sign or not name:
            raise ValueError
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE") from None


def _indexed(text: str) -> tuple[int, float]:
    name, value = _named(text)
    if not name.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not I=VALUE with a latent's number")
    return int(name), value


def run_render(args: argparse.Namespace) -> int:
    """`distill render`."""
    from distill_control.cli.support.output import emit
    from distill_engine.library.lookup import find_model

    if args.take is not None and args.duration is not None:
        args.usage("--duration and --take exclude each other: a take has its own duration")
    if args.take is not None and args.blend:
        args.usage("--blend and --take exclude each other: a take says itself what plays together")
    path = find_model(args.model, allow_paths=True)
    output = _output(args, path, args.take)
    result = _render_take(args, path, output) if args.take is not None else _render_score(args, path, output)
    emit(
        args,
        {**asdict(result), "path": str(result.path)},
        lambda console: console.print(_sentence(result), soft_wrap=True),
    )
    return 0


def _sentence(result: RenderResult) -> str:
    blended = "" if result.blend_space == "one" else f"; blended in {result.blend_space}"
    return (
        "".join(f"note: {note}\n" for note in result.notes)
        + f"{result.path}: {result.seconds:.1f} s at {result.sample_rate} Hz ({result.encoding}), "
        f"peak {result.peak_db:.1f} dB, RMS {result.rms_db:.1f} dB\n"
        f"vocoder {result.vocoder}: {result.reason}; {result.speed:.1f} x real time{blended}"
    )


def _output(args: argparse.Namespace, *inputs: Path | None) -> RenderTarget:
    """The file to write; never one of the files that are read."""
    from distill_engine.errors import ConfigError
    from distill_engine.rendering.render import RenderTarget

    for path in inputs:
        if path is not None and args.output.exists() and path.exists() and args.output.samefile(path):
            raise ConfigError(f"{args.output} is read for this: give another name with -o")
    lossless = (args.format or args.output.suffix.lstrip(".")).lower() not in ("mp3", "ogg", "opus")
    return RenderTarget(args.output, args.sample_rate, (args.bit_depth or "24") if lossless else "24", args.format)


def _prepare(args: argparse.Namespace, path: Path, vocoder: str) -> Instrument:
    from distill_engine.rendering.loaded_model import offline_settings
    from distill_engine.synthesis.instrument import prepare_instrument

    return prepare_instrument(path, vocoder, settings=offline_settings(), torch_device=args.torch_device)


def _render_score(args: argparse.Namespace, path: Path, output: RenderTarget) -> RenderResult:
    from distill_engine.library.lookup import find_model
    from distill_engine.rendering.performance import Score
    from distill_engine.rendering.render import render_score

    others = [
        (_prepare(args, find_model(name, allow_paths=True), args.vocoder or "auto"), weight)
        for name, weight in args.blend
    ]
    score = Score(
        args.duration if args.duration is not None else 10.0,
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
    return name if name.startswith("/") else f"/distill/{name}"


def _render_take(args: argparse.Namespace, path: Path, output: RenderTarget) -> RenderResult:
    from distill_control.cli.support.output import console_err
    from distill_engine.rendering.render import render_take
    from distill_engine.rendering.resolve import model_finder
    from distill_engine.takes.take_file import read_take

    take = read_take(args.take, allow_truncated=args.allow_truncated)
    instrument = _prepare(args, path, args.vocoder or take.header.main.vocoder)
    if args.vocoder is None and instrument.vocoder_digest != take.header.main.digest("vocoder"):
        console_err().print(
            f"note: the {take.header.main.vocoder} vocoder was changed since this take; it will sound different"
        )
    resolve = model_finder(path, lambda found, vocoder: _prepare(args, found, vocoder))
    return _with_progress(
        lambda progress: render_take(instrument, take, output, resolve, vocoder=args.vocoder, progress=progress)
    )


def _with_progress(work: Callable[[Callable[[RenderProgress], None]], RenderResult]) -> RenderResult:
    """Runs `work` with a progress bar on stderr: seconds of sound done, and the time that remains."""
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
            bar.update(
                task,
                completed=progress.done_seconds,
                total=progress.total_seconds,
                left=progress.remaining_seconds,
                visible=True,
            )

        return work(show)


def run_resynth(args: argparse.Namespace) -> int:
    """`distill resynth`."""
    from distill_control.cli.support.output import emit
    from distill_engine.library.lookup import find_model
    from distill_engine.rendering.loaded_model import load_model
    from distill_engine.rendering.resynth import resynth

    path = find_model(args.model, allow_paths=True)
    output = _output(args, path, args.input)
    model = load_model(path, vocoder=args.vocoder or "auto", torch_device=args.torch_device)
    result = resynth(model, args.input, output, mel_only=args.mel_only)
    sentence = (
        f"{result.path}: {result.seconds:.1f} s at {result.sample_rate} Hz, peak {result.peak_db:.1f} dB, "
        f"log-mel distance from the input {result.log_mel_error:.2f} nat\n"
        f"vocoder {result.vocoder}: {result.reason}; {result.speed:.1f} x real time"
    )
    lines = "\n".join([*(f"note: {note}" for note in result.notes), sentence])
    emit(args, {**asdict(result), "path": str(result.path)}, lambda console: console.print(lines, soft_wrap=True))
    return 0
