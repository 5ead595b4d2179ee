"""`distill render` and `distill resynth`: write sound files that a model plays."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.batches.batch_options import add_batch, add_variations
from distill_control.cli.keeping.record import finish
from distill_control.cli.sounds.finish_options import add_finish, finish_of, make_folder, write_sidecar
from distill_control.cli.sounds.heard import begun_of, heard_in, hearing_of
from distill_control.cli.support.options import seconds, seed_number
from distill_control.cli.support.output import vocoder_and_reason, with_progress
from distill_control.cli.support.paths import check_output_folder
from distill_control.cli.support.render_options import add_output, add_values
from distill_engine.vocabulary.ranges import RENDER_SECONDS_LIMIT
from distill_engine.vocabulary.table import full_address

if TYPE_CHECKING:
    from distill_engine.rendering.render import RenderResult, RenderTarget
    from distill_engine.rendering.resynth import ResynthResult
    from distill_engine.synthesis.instrument import Instrument

DEFAULT_SECONDS = 10.0
SOURCES = ("auto", "walk", "codes", "prior", "corpus", "drift", "hold")  # that need no recording


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the commands `render` and `resynth`."""
    render = subparsers.add_parser("render", parents=[common])
    _add_model(render)
    add_output(render)
    render.add_argument(
        "--duration",
        type=seconds("10", RENDER_SECONDS_LIMIT),
        metavar="S",
        help="length in seconds (default 10, with --input its length, with --continue after IN; a take has its own)",
    )
    render.add_argument("--seed", type=seed_number, default=0, metavar="N", help="seed of the performance (default 0)")
    render.add_argument(
        "--source",
        choices=(*SOURCES, "input"),
        default="auto",
        help="auto: walk if the file has its corpus, else drift",
    )
    render.add_argument("--input", type=Path, metavar="IN", help="a recording that the source `input` hears")
    render.add_argument(
        "--continue", dest="begun", type=Path, metavar="IN", help="a sound that plays first, and the prior goes on from"
    )
    add_values(render)
    add_finish(render)
    add_variations(render)
    add_batch(render)
    render.add_argument(
        "--take", type=Path, metavar="TAKE", help="render a recorded performance: its file, or its name in the library"
    )
    render.add_argument(
        "--allow-truncated", action="store_true", help="render a take that breaks off, as far as it goes"
    )
    render.set_defaults(run=run_render, usage=render.error)
    resynth = subparsers.add_parser("resynth", parents=[common])
    _add_model(resynth)
    resynth.add_argument("input", type=Path, metavar="IN", help="the recording, or a folder of recordings")
    add_output(resynth)
    add_batch(resynth)
    resynth.add_argument("--mel-only", action="store_true", help="through the vocoder alone")
    resynth.set_defaults(run=run_resynth)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a .distillgan file, or its name in the library")


def run_render(args: argparse.Namespace) -> int:
    """Run `distill render`. Raises DistillError."""
    _check_score(args)
    _check_batch(args)
    if args.count is not None:
        return _render_many(args)
    result = make_render(args)
    write_sidecar(args, result)
    return finish(args, result, _summary(result))


def make_render(args: argparse.Namespace) -> RenderResult:
    """Render the sound that the options describe. Raises DistillError."""
    from distill_engine.library.lookup import find_model, find_take

    if args.take is not None:
        args.take = find_take(args.take)
    path = find_model(args.model, allow_paths=True)
    output = _output(args, path, args.take, args.input, args.begun)
    return _render_take(args, path, output) if args.take is not None else _render_score(args, path, output)


def _check_score(args: argparse.Namespace) -> None:
    """End with a usage error for options that exclude each other."""
    if args.take is not None and args.duration is not None:
        args.usage("--duration and --take exclude each other: a take has its own duration")
    if args.take is not None and args.blend:
        args.usage("--blend and --take exclude each other: a take stores its own blend")
    if args.begun is not None and (args.take or args.input or args.source not in ("auto", "prior")):
        args.usage("--continue goes on by itself: leave --take, --input and --source out")
    if args.take is not None and args.input is not None:
        args.usage("--input and --take exclude each other: a take stores what it heard")
    if args.take is None and (args.source == "input") != (args.input is not None) and args.source != "auto":
        args.usage("--source input and --input IN belong together")


def _check_batch(args: argparse.Namespace) -> None:
    """End with a usage error for options that a batch excludes, or that need one."""
    if args.count is None and (args.vary or args.grid or args.skip_existing or args.workers or args.cluster):
        args.usage("--vary, --grid, --skip-existing, --workers and --cluster need --count N, the number of files")
    if args.count is not None and (args.take or args.input or args.begun or args.blend or args.source == "input"):
        args.usage("--count renders variations: leave --take, --input, --continue and --blend out")
    if args.count is not None and (args.parts or args.sidecar):
        args.usage(
            "--count writes a file for each variation, manifest.jsonl and presets for samplers: leave --stems, "
            "--control-stems, --slices and --sidecar out"
        )
    if args.parts == "controls" and args.lufs is not None:
        args.usage("--control-stems keeps how loud each control makes the sound: leave --lufs out")
    if args.grid and not args.vary:
        args.usage("--grid needs --vary NAME=LOW:HIGH")


def _render_many(args: argparse.Namespace) -> int:
    """Render the variations that the options describe."""
    from distill_control.cli.batches.rendering import render_many
    from distill_engine.library.lookup import find_model
    from distill_engine.rendering.score import Score

    parameters = {full_address(name): value for name, value in args.parameters}
    score = Score(
        args.duration or DEFAULT_SECONDS, args.seed, args.source, args.gain, args.width, dict(args.latent),
        dict(args.control), parameters, hearing=hearing_of(args),
    )  # fmt: skip
    path = find_model(args.model, allow_paths=True)
    return render_many(args, path, score, _output(args, path))


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
    from distill_engine.audio.mel_config import DEFAULT_MEL
    from distill_engine.errors import ConfigError
    from distill_engine.rendering.render import RenderTarget

    for path in inputs:
        if path is not None and args.output.exists() and path.exists() and args.output.samefile(path):
            raise ConfigError(f"{args.output} is an input of this command: give another name with -o")
    parts = getattr(args, "parts", None)
    if parts is not None:
        make_folder(args.output)
    check_output_folder(args.output / "part" if parts is not None or args.output.is_dir() else args.output)
    kind = (args.format or ("wav" if parts is not None else args.output.suffix.lstrip("."))).lower()
    lossless = kind not in ("mp3", "ogg", "opus")
    if args.bit_depth is not None and not lossless:
        raise ConfigError(f"{kind} has no bit depth: leave --bit-depth out, or write wav, aiff or flac")
    rate_hz = DEFAULT_MEL.sample_rate if args.sample_rate is None else args.sample_rate
    finished, quality = (finish_of(args), args.quality) if "tag" in args else (None, None)
    if quality is not None and lossless:
        raise ConfigError(f"{kind} has no --quality: it is lossless; leave it out, or write mp3, ogg or opus")
    form = args.format if parts is None else kind
    target = RenderTarget(args.output, rate_hz, args.bit_depth or "24", form, quality=quality, parts=parts)
    return target if finished is None else replace(target, finish=finished)


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
    instrument = _prepare(args, path, args.vocoder or "auto")
    heard = heard_in(args.input, instrument.sample_rate) if args.input is not None else None
    length = DEFAULT_SECONDS if heard is None else len(heard) / instrument.sample_rate
    begun = begun_of(args, path, instrument) if args.begun is not None else None
    before = 0.0 if begun is None else begun.latents.shape[1] / instrument.frame_rate
    score = Score(
        before + (args.duration if args.duration is not None else length),
        args.seed,
        args.source if heard is None else "input",
        args.gain,
        args.width,
        dict(args.latent),
        dict(args.control),
        {full_address(name): value for name, value in args.parameters},
        tuple(others),
        heard,
        begun,
        hearing_of(args),
    )
    return with_progress(lambda progress: render_score(instrument, score, output, progress), as_json=args.json)


def _render_take(args: argparse.Namespace, path: Path, output: RenderTarget) -> RenderResult:
    """Render a take, through the vocoder that it names unless another is given."""
    from distill_control.cli.support.output import console_err
    from distill_engine.rendering.render import render_take
    from distill_engine.rendering.resolve import model_finder, played_file
    from distill_engine.takes.take_file import read_take

    take = read_take(args.take, allow_truncated=args.allow_truncated)
    given, path = path, played_file(path, take.header.main)
    if path != given:
        console_err().print(f"note: {given.name} has changed since this take; its version of then is played")
    instrument = _prepare(args, path, args.vocoder or take.header.main.vocoder)
    if args.vocoder is None and instrument.vocoder_digest != take.header.main.digest("vocoder"):
        console_err().print(
            f"note: the {take.header.main.vocoder} vocoder has changed since this take; it will sound different"
        )
    resolve = model_finder(path, lambda found, vocoder: _prepare(args, found, vocoder))
    return with_progress(
        lambda progress: render_take(
            instrument, take, output, resolve, vocoder=args.vocoder, hearing=hearing_of(args), progress=progress
        ),
        as_json=args.json,
    )


def run_resynth(args: argparse.Namespace) -> int:
    """Run `distill resynth`. Raises DistillError."""
    from distill_engine.audio.levels import nats_to_db
    from distill_engine.errors import ConfigError
    from distill_engine.library.lookup import find_model

    if args.input.is_dir():
        from distill_control.cli.batches.rendering import resynth_folder

        path = find_model(args.model, allow_paths=True)
        return resynth_folder(args, path, _output(args, path, args.input))
    if args.workers or args.skip_existing or args.cluster:
        raise ConfigError("--workers, --cluster and --skip-existing are for a folder of recordings: leave them out")
    result = make_resynth(args)
    summary = (
        f"{result.path}: {result.seconds:.1f} s at {result.sample_rate} Hz, peak {result.peak_db:.1f} dB, "
        f"log-mel distance from the input {result.log_mel_error:.2f} nat ({nats_to_db(result.log_mel_error):.1f} dB)\n"
        f"{_vocoder_line(result.vocoder, result.reason)}; {result.speed:.1f} x real time"
    )
    return finish(args, result, "\n".join([*(f"note: {note}" for note in result.notes), summary]))


def make_resynth(args: argparse.Namespace) -> ResynthResult:
    """Resynthesise the recording that the options name. Raises DistillError."""
    from distill_control.cli.support.output import write_event
    from distill_engine.library.lookup import find_model
    from distill_engine.rendering.loaded_model import load_model
    from distill_engine.rendering.resynth import resynth

    path = find_model(args.model, allow_paths=True)
    output = _output(args, path, args.input)
    if args.json:
        write_event("progress", stage="resynthesising", text=args.input.name)
    model = load_model(path, vocoder=args.vocoder or "auto", torch_device=args.torch_device)
    return resynth(model, args.input, output, mel_only=args.mel_only)
