"""`distill history again`: run an entry's command anew, and compare the samples."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli import render
from distill_control.cli.keeping.record import VERDICTS, made_by, quality_line, same_samples, title_of
from distill_control.cli.support.guard import CommandParser
from distill_control.cli.support.output import common_parser, console_err, emit
from distill_control.cli.support.paths import check_output_folder
from distill_engine.errors import LibraryError, RenderingError

if TYPE_CHECKING:
    from distill_engine.library.renders import RenderEntry, RenderStore
    from distill_engine.rendering.render import RenderResult
    from distill_engine.rendering.resynth import ResynthResult

MAKERS = ("render", "resynth")  # the commands that an entry can hold


def make_again(args: argparse.Namespace, store: RenderStore) -> int:
    """Make an entry's sound anew, as a new entry; return exit code 0.

    Raises RenderingError if all settings are those of then and the samples are not.
    """
    old = store.find(args.entry)
    words = parsed(old)
    if args.output is not None:
        check_output_folder(args.output)
    adapted(words, old, vocoder=args.vocoder, seed=args.seed, as_json=args.json)
    in_folder = getattr(words, "count", None) is not None or getattr(words, "parts", None) is not None
    if in_folder or (words.run is render.run_resynth and words.input.is_dir()):
        return _batch_again(args, words, old)
    words.output = _place(store, args.output, words)
    try:
        result = made_anew(words)
        made = made_by(words, result.made, _figures(result)) | {"again": old.id, "folder": old.made.get("folder")}
        entry = _kept(store, args, words.output, _title(old, args), made)
    finally:
        if args.output is None:
            words.output.unlink(missing_ok=True)
    same = same_samples(old, entry)
    _report(args, store, old, entry, same)
    return 0


def parsed(entry: RenderEntry) -> argparse.Namespace:
    """Return an entry's command as options. Raises LibraryError if it has none that is known."""
    command = [str(word) for word in entry.made.get("command", ())][1:]
    if not command or command[0] not in MAKERS:
        raise LibraryError(f"{entry.title}: its entry holds no command that can be run again")
    parser = CommandParser(prog="distill")
    render.register(parser.add_subparsers(required=True), common_parser())
    try:
        options = parser.parse_args(command)
    except SystemExit:
        made_with = entry.made.get("version", "another version")
        raise LibraryError(f"{entry.title}: this Distill does not know its command (made with {made_with})") from None
    options.words = command
    return options


def adapted(
    options: argparse.Namespace,
    entry: RenderEntry,
    *,
    vocoder: str | None = None,
    seed: int | None = None,
    as_json: bool = False,
) -> None:
    """Put what is asked for into the options of then; paths are those of the folder of then.

    Raises LibraryError.
    """
    folder = Path(str(entry.made.get("folder") or "."))
    for name in ("input", "begun", "take"):
        path = getattr(options, name, None)
        if path is not None and (name != "take" or (folder / path).exists()):
            setattr(options, name, folder / path)
    options.json = as_json
    options.model = str(model_of(entry, folder / options.model))
    if vocoder is not None:
        options.vocoder = vocoder
        options.words = [*options.words, "--vocoder", vocoder]  # the last one counts: the new entry makes the same
    if seed is not None:
        if options.run is not render.run_render or options.take is not None:
            raise LibraryError(f"{entry.title}: nothing in it follows from a seed: leave --seed out")
        options.seed = seed
        options.words = [*options.words, "--seed", str(seed)]


def made_anew(options: argparse.Namespace) -> RenderResult | ResynthResult:
    """Render or resynthesise what the options of an entry say. Raises DistillError."""
    return render.make_render(options) if options.run is render.run_render else render.make_resynth(options)


def model_of(entry: RenderEntry, at_hand: Path) -> Path:
    """Return the model file that an entry was made with, wherever it lies by now.

    Raises LibraryError if no file of the library, and none where it was, has its digest.
    """
    from distill_engine.catalogue.facts import find_digest
    from distill_engine.errors import DistillError
    from distill_engine.library.lookup import find_model
    from distill_engine.modelfile import ModelFile

    model = entry.made.get("model") or {}
    name, digest = str(model.get("name", "")), str(model.get("digest", ""))
    for place in (str(at_hand), name):
        try:
            path = find_model(place, allow_paths=True)
            with ModelFile.open(path) as file:
                if file.digest == digest:
                    return path
        except DistillError:
            continue
    if found := find_digest(digest):
        return found
    raise LibraryError(
        f"{entry.title}: its model {name!r} ({digest[:16]}) is gone or has changed: put its file of then into the "
        "library with `distill model import`"
    )


def _place(store: RenderStore, asked: Path | None, options: argparse.Namespace) -> Path:
    """Return where the new sound is written: as asked, or for the entry alone."""
    from distill_engine.library.folders import ensure

    if asked is not None:
        return asked
    suffix = options.output.suffix or f".{options.format or 'wav'}"
    return ensure(store.root) / f".{secrets.token_hex(6)}{suffix}"


def _kept(store: RenderStore, args: argparse.Namespace, sound: Path, title: str, made: dict[str, Any]) -> RenderEntry:
    """Make the entry of the new sound. Raises LibraryError, which says that an asked file stays."""
    try:
        return store.add(sound, title, made, "copy" if args.output else "move")
    except LibraryError as error:
        if args.output is None:
            raise
        raise LibraryError(f"{sound} is written, but the history has no entry of it: {error}") from None


def _title(old: RenderEntry, args: argparse.Namespace) -> str:
    """Return a title that tells the new sound from the old one."""
    from distill_engine.library.renders import TITLE_CHARACTERS

    if args.output is not None:
        return title_of(args.output)
    changes = [f"through {args.vocoder}"] if args.vocoder else []
    changes += [f"with seed {args.seed}"] if args.seed is not None else []
    added = " ".join(changes or ["again"])
    return f"{old.title[: TITLE_CHARACTERS - len(added) - 1]} {added}"[:TITLE_CHARACTERS]


def _figures(result: RenderResult | ResynthResult) -> dict[str, Any]:
    names = ("seconds", "sample_rate", "peak_db", "rms_db", "speed", "vocoder", "reason", "notes")
    return {name: getattr(result, name) for name in names}


def _batch_again(args: argparse.Namespace, options: argparse.Namespace, old: RenderEntry) -> int:
    if args.output is None:
        raise LibraryError(f"{old.title}: its files need a folder: add -o DIR")
    options.output, options.again, options.same_samples = args.output, old, None
    code = int(options.run(options))
    if options.same_samples is False:
        raise _unlike(old)
    return code


def _unlike(old: RenderEntry) -> RenderingError:
    then = f"Distill {old.made.get('version', '?')} on {old.made.get('machine', '?')}"
    return RenderingError(f"the settings are those of then, the samples are not: it was made with {then}")


def _report(
    args: argparse.Namespace, store: RenderStore, old: RenderEntry, entry: RenderEntry, same: bool | None
) -> None:
    lies = args.output or store.sound(entry.id)
    quality = entry.made["figures"]["quality"]
    data = {"id": entry.id, "again": old.id, "path": str(lies), "same_samples": same, "quality": quality}
    verdict = VERDICTS[same]
    lines = (
        f"{lies}: {entry.seconds:.1f} s{', ' if verdict else ''}{verdict}\n{quality_line(quality)}\nhistory: {entry.id}"
    )
    emit(args, data, lambda console: console.print(lines, soft_wrap=True, markup=False))
    if same is False:
        raise _unlike(old)
    if same is None and not args.json and args.vocoder is None and args.seed is None:
        console_err().print("note: its analysis, its vocoder or the input has changed since")
