"""`distill codes`: sound as codes, to be looked at, edited, mixed and made sound again."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.codes.view import fit_summary
from distill_control.cli.support.options import integer_in, integer_of, number_in, seed_number
from distill_engine.codes import CODES_SUFFIX
from distill_engine.codes.edit_words import EDITS
from distill_engine.codes.sizes import LEVELS, SIZES
from distill_engine.system.counting import counted

if TYPE_CHECKING:
    from distill_engine.codes.sequence import CodeSequence
    from distill_engine.modelfile.code_file import CodeFile
    from distill_engine.rendering.coding.coder import Coder


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `codes` with its actions."""
    command = subparsers.add_parser("codes", parents=[common])
    actions = command.add_subparsers(metavar="ACTION", required=True)
    fit = actions.add_parser("fit", parents=[common], help="make a model's codes (`distill train` does at its end)")
    _add_model(fit)
    fit.add_argument("corpus", nargs="?", type=Path, metavar="CORPUS", help="its sounds; default: those in the file")
    fit.add_argument("--levels", type=integer_of(LEVELS), default=3, metavar="N", help="2, 3 or 4 (default 3)")
    sizes = "codes of a level: 64, 128 or 256 (default by the corpus)"
    fit.add_argument("--codes", type=integer_of(SIZES), metavar="N", help=sizes)
    fit.add_argument("--seed", type=seed_number, default=0, metavar="S", help="of the fit (default 0)")
    fit.set_defaults(run=run_fit)
    encode = actions.add_parser("encode", parents=[common], help="a sound file to codes")
    _add_model(encode)
    encode.add_argument("input", type=Path, metavar="IN", help="the sound file")
    _add_output(encode, "the codes, NAME.distillcodes", required=False)
    encode.set_defaults(run=run_encode)
    decode = actions.add_parser("decode", parents=[common], help="codes to a sound file")
    _add_model(decode)
    _add_codes(decode)
    _add_output(decode, "the sound file", required=True)
    _add_part(decode)
    decode.add_argument("--vocoder", default="auto", metavar="V", help="vocoder to play through (default auto)")
    decode.set_defaults(run=run_decode)
    show = actions.add_parser("show", parents=[common], help="codes as a table, and as a picture with -o")
    _add_model(show)
    _add_codes(show)
    _add_output(show, "picture to write: .png, .svg or .pdf", required=False)
    show.set_defaults(run=run_show)
    _register_changes(actions, common)


def _register_changes(actions: Any, common: argparse.ArgumentParser) -> None:
    """Add the actions that make codes from codes."""
    edit = actions.add_parser(
        "edit",
        parents=[common],
        help="change codes",
        description="Change codes, one EDIT after the other. " + "; ".join(EDITS.values()) + ". A RANGE is FIRST:END "
        "in columns of 46 ms, END not included; `:` is all. Columns that move keep their sound exactly.",
    )
    _add_model(edit)
    _add_codes(edit)
    edit.add_argument("edits", nargs="+", metavar="EDIT", help='such as "set 0 10:20 64"')
    _add_output(edit, "the changed codes", required=True)
    edit.set_defaults(run=run_edit)
    blend = actions.add_parser("blend", parents=[common], help="mix two sounds and snap the mix to codes")
    _add_model(blend)
    blend.add_argument("first", type=Path, metavar="A", help=f"a {CODES_SUFFIX} file")
    blend.add_argument("second", type=Path, metavar="B", help=f"another {CODES_SUFFIX} file")
    blend.add_argument("share", type=number_in(0.0, 1.0, ""), metavar="SHARE", help="of B, 0 to 1")
    _add_output(blend, "the mix", required=True)
    blend.set_defaults(run=run_blend)
    transfer = actions.add_parser("transfer", parents=[common], help="one sound's movement with another's sound")
    _add_model(transfer)
    transfer.add_argument("movement", type=Path, metavar="A", help=f"a {CODES_SUFFIX} file whose movement counts")
    transfer.add_argument("--like", type=Path, required=True, metavar="B", help="one whose columns sound")
    _add_output(transfer, "the result", required=True)
    transfer.set_defaults(run=run_transfer)


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a .distillgan file, or its name in the library")


def _add_codes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("codes", type=Path, metavar="CODES", help=f"a {CODES_SUFFIX} file")


def _add_part(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--columns", metavar="RANGE", help="only these: FIRST:END in columns of 46 ms, END not included"
    )
    parser.add_argument(
        "--level",
        type=integer_in(0, LEVELS[-1] - 1, "a level"),
        action="append",
        metavar="N",
        help="this level without the others, from 0; may be repeated",
    )


def _add_output(parser: argparse.ArgumentParser, what: str, *, required: bool) -> None:
    parser.add_argument("-o", "--output", type=Path, required=required, metavar="FILE", help=what)


def _coder(args: argparse.Namespace) -> Coder:
    """Load the model with its codes. Raises DistillError."""
    from distill_engine.library.lookup import find_model
    from distill_engine.rendering.coding.coder import coder_of
    from distill_engine.rendering.loaded_model import load_model

    path = find_model(args.model, allow_paths=True)
    return coder_of(load_model(path, vocoder=getattr(args, "vocoder", "auto")))


def run_fit(args: argparse.Namespace) -> int:
    """Run `distill codes fit`. Raises DistillError."""
    from distill_control.cli.support.output import emit
    from distill_engine.errors import CodesError
    from distill_engine.inference.stored_codes import stored_route
    from distill_engine.library.lookup import find_model
    from distill_engine.rendering.coding.coder import route_of
    from distill_engine.rendering.coding.fitted_codes import fit_model_codes
    from distill_engine.rendering.model_corpus import corpus_of_model
    from distill_engine.system.torchrun import need_one_process

    need_one_process("distill codes fit")
    path = find_model(args.model, allow_paths=True)
    stored = stored_route(path)
    route = stored if args.corpus is None else route_of(path, corpus_of_model(args.corpus, 0, path), stored)
    if route is None:
        raise CodesError(f"{path.name} holds no path of its sounds: `distill codes fit {args.model} CORPUS`")
    keep = stored is not None
    table = fit_model_codes(
        path, route, levels=args.levels, size=args.codes, seed=args.seed, keep_corpus=keep, kept=stored
    )
    emit(args, table, lambda console: console.print(fit_summary(table), markup=False, soft_wrap=True))
    return 0


def run_encode(args: argparse.Namespace) -> int:
    """Run `distill codes encode`. Raises DistillError."""
    coder = _coder(args)
    return _save(
        args, coder.encode_file(args.input), args.output or args.input.with_suffix(CODES_SUFFIX), (args.input,)
    )


def run_decode(args: argparse.Namespace) -> int:
    """Run `distill codes decode`. Raises DistillError."""
    from distill_control.cli.codes.edits import checked_range_of
    from distill_control.cli.support.output import emit
    from distill_control.cli.support.paths import check_output_folder
    from distill_engine.audio.encoding import write_audio

    check_output_folder(args.output)
    coder = _coder(args)
    file = coder.load(args.codes)
    columns = None if args.columns is None else checked_range_of(file.sequence, args.columns)
    samples = coder.decode(file, columns=columns, levels=args.level)
    written = write_audio(args.output, samples, coder.model.sample_rate)
    seconds = len(samples) / coder.model.sample_rate
    data = {"path": str(written.path), "seconds": seconds}
    emit(args, data, lambda console: console.print(f"{written.path}: {seconds:.2f} s", markup=False, soft_wrap=True))
    return 0


def run_show(args: argparse.Namespace) -> int:
    """Run `distill codes show`. Raises DistillError."""
    from distill_control.cli.support.output import emit
    from distill_control.cli.support.paths import check_picture

    if args.output is not None:
        check_picture(args.output)
    coder = _coder(args)
    file = coder.load(args.codes)
    if args.output is not None:
        from distill_engine.rendering.coding.picture import draw_codes

        draw_codes(coder, file, args.output)
    emit(args, _about(coder, file), lambda console: _show(console, coder, file))
    return 0


def _about(coder: Coder, file: CodeFile) -> dict[str, Any]:
    names = coder.stored.books.names
    return {
        "name": file.name,
        "seconds": file.frames / coder.model.mel.frame_rate,
        "columns": file.sequence.columns,
        "levels": dict(zip(names, file.sequence.codes.tolist(), strict=True)),
    }


def _show(console: Any, coder: Coder, file: CodeFile) -> None:
    """Print the codes, twelve columns a row."""
    from rich.table import Table

    names, row = coder.stored.books.names, 12
    table = Table("column", "level", *(str(i) for i in range(row)), box=None)
    for start in range(0, file.sequence.columns, row):
        for level, name in enumerate(names):
            codes = file.sequence.codes[level, start : start + row]
            table.add_row("" if level else str(start), name, *map(str, codes))
    console.print(f"{file.name}: {counted(file.sequence.columns, 'column')} of 46 ms", markup=False)
    console.print(table)


def run_edit(args: argparse.Namespace) -> int:
    """Run `distill codes edit`. Raises DistillError."""
    from distill_control.cli.codes.edits import apply_edits

    coder = _coder(args)
    file = coder.load(args.codes)
    return _save_sequence(args, file, apply_edits(coder, file.sequence, args.edits))


def run_blend(args: argparse.Namespace) -> int:
    """Run `distill codes blend`. Raises DistillError."""
    from distill_engine.codes.edits import blend

    coder = _coder(args)
    first, second = coder.load(args.first), coder.load(args.second)
    mixed = blend(coder.stored.books, first.sequence, second.sequence, args.share)
    named = replace(second if args.share == 1 else first, name=f"{first.name} and {second.name}")
    return _save_sequence(args, named, mixed)


def run_transfer(args: argparse.Namespace) -> int:
    """Run `distill codes transfer`. Raises DistillError."""
    from distill_engine.codes.edits import transfer

    coder = _coder(args)
    movement, sound = coder.load(args.movement), coder.load(args.like)
    made = transfer(coder.stored.books, movement.sequence, sound.sequence)
    return _save_sequence(args, replace(sound, name=f"{movement.name} like {sound.name}"), made)


def _save_sequence(args: argparse.Namespace, file: CodeFile, sequence: CodeSequence) -> int:
    from distill_engine.rendering.coding.coder import with_sequence

    return _save(args, with_sequence(file, sequence), args.output, ())


def _save(args: argparse.Namespace, file: CodeFile, output: Path, inputs: tuple[Path, ...]) -> int:
    """Write codes and say so. Raises CodesError for a name that is not one of codes."""
    from distill_control.cli.support.output import emit
    from distill_control.cli.support.paths import check_output_folder
    from distill_engine.errors import CodesError
    from distill_engine.modelfile.code_file import save_codes

    if output.suffix != CODES_SUFFIX:
        raise CodesError(f"{output}: a file of codes is named NAME{CODES_SUFFIX}")
    if args.output is None and output.exists():
        raise CodesError(f"{output} exists already: give another name with -o")
    check_output_folder(output)
    save_codes(output, file)
    columns = file.sequence.columns
    data = {
        "path": str(output),
        "name": file.name,
        "columns": columns,
        "frames": file.frames,
        "levels": file.sequence.codes.tolist(),
        "inputs": [str(path) for path in inputs],
    }
    emit(
        args,
        data,
        lambda console: console.print(f"{output}: {counted(columns, 'column')} of 46 ms", markup=False, soft_wrap=True),
    )
    return 0
