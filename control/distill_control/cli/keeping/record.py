"""Every sound that a command has made joins the history; where that fails, the sound stays."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.output import console_err, emit
from distill_engine import __version__
from distill_engine.errors import DistillError

if TYPE_CHECKING:
    from distill_engine.library.renders import Keep, RenderEntry
    from distill_engine.rendering.render import RenderResult
    from distill_engine.rendering.resynth import ResynthResult

SWITCH = "DISTILL_HISTORY"  # "off": nothing that is rendered leaves an entry
VERDICTS = {True: "the same samples as then", None: "made with other settings than then", False: ""}
KEEPS = ("copy", "link", "path", "none")


def add_keep(parser: argparse.ArgumentParser) -> None:
    """Add the option that says how the history keeps the sound."""
    text = (
        "how the history keeps the sound: a copy, a second name of the same file (link), where it lies (path), "
        "or not at all (none); default copy"
    )
    parser.add_argument("--keep", choices=KEEPS, default="copy", help=text)


def finish(args: argparse.Namespace, result: RenderResult | ResynthResult, summary: str) -> int:
    """Keep what was made, and print the result with its quality; return exit code 0."""
    data = {**asdict(result), "path": str(result.path.absolute())}
    data |= {"files": [str(path.absolute()) for path in data["files"]]} if "files" in data else {}
    figures = {key: value for key, value in data.items() if key != "made"}
    if result.path.is_dir():  # stems, slices
        facts, said = keep_batch(args, result.path, result.made, figures, map(Path, data["files"]))
        data |= facts
        summary += said
    elif (entry := keep(args, result.path, result.made, figures)) is not None:
        quality = entry.made["figures"]["quality"]
        data |= {"entry": entry.id, "quality": quality}
        summary += f"\n{quality_line(quality)}\nhistory: {entry.id}"
    emit(args, data, lambda console: console.print(summary, soft_wrap=True, markup=False))
    return 0


def keep(
    args: argparse.Namespace, path: Path, recipe: Mapping[str, Any], figures: Mapping[str, Any]
) -> RenderEntry | None:
    """Make an entry of a sound file; a note says why there is none, or which sounds had to go."""
    from distill_engine.library.history.identities import clock_went_back
    from distill_engine.library.renders import RenderStore

    kept: Keep = args.keep
    if os.environ.get(SWITCH) == "off":
        return None
    try:
        entry = RenderStore().add(path, title_of(path), made_by(args, recipe, figures), kept)
    except (DistillError, OSError) as error:
        _note(f"the history has no entry of {path.name}: {error}")
        return None
    if clock_went_back(entry.id, entry.created):
        _note("the clock went back: some entries of the history are dated later than this one; their order stays")
    _make_room(entry.id)
    return entry


def keep_batch(
    args: argparse.Namespace,
    folder: Path,
    recipe: Mapping[str, Any],
    figures: Mapping[str, Any],
    sounds: Iterable[Path],
) -> tuple[dict[str, Any], str]:
    """Make one entry of a whole batch, without a sound; return facts for programs, and lines.

    The entry has one digest of all `sounds`. Where an entry is made again (`args.again`), both are
    compared, and `args.same_samples` says how. Nothing is returned if there is no entry.
    """
    from distill_engine.library.renders import RenderStore

    if os.environ.get(SWITCH) == "off":
        return {}, ""
    made = made_by(args, recipe, figures) | {"output": {"path": str(folder.absolute()), "keep": "folder"}}
    old: RenderEntry | None = getattr(args, "again", None)
    made |= {} if old is None else {"again": old.id}
    try:
        entry = RenderStore().note(title_of(folder.absolute()), made | _samples_of(sounds))
    except (DistillError, OSError) as error:
        _note(f"the history has no entry of {folder.name}: {error}")
        return {}, ""
    line = f"\nhistory: {entry.id}"
    if old is None:
        return {"entry": entry.id}, line
    args.same_samples = same_samples(old, entry)
    verdict = VERDICTS[args.same_samples]
    said = f"\n{verdict}{line}" if verdict else line
    return {"entry": entry.id, "same_samples": args.same_samples}, said


def _samples_of(sounds: Iterable[Path]) -> dict[str, str]:
    """Return the digest of all samples; nothing if a file cannot be read."""
    from distill_engine.library.history.listening import digest_of_all

    try:
        return {"samples": digest_of_all(sounds)}
    except (DistillError, OSError):
        return {}


def same_samples(old: RenderEntry, new: RenderEntry) -> bool | None:
    """Return whether both have the same samples; None if the settings differ or are not known."""
    if not old.made.get("key") or old.made["key"] != new.made["key"] or not old.made.get("samples"):
        return None
    return bool(old.made["samples"] == new.made["samples"])


def made_by(args: argparse.Namespace, recipe: Mapping[str, Any], figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that is needed to make a sound again."""
    return {
        "command": ["distill", *getattr(args, "words", ())],
        "folder": os.getcwd(),
        **recipe,
        "parameters": recipe.get("settings", {}),
        "version": __version__,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "figures": dict(figures),
    }


def title_of(path: Path) -> str:
    """Return a file's name as the title of its entry."""
    from distill_engine.library.renders import TITLE_CHARACTERS
    from distill_engine.system.names import printable

    return printable(path.stem, TITLE_CHARACTERS) or "sound"


def quality_line(quality: Mapping[str, Any]) -> str:
    """Return the quality badge in plain words."""
    figures = f"{quality['lufs']:.1f} LUFS, up to {quality['bandwidth_hz'] / 1000:.1f} kHz"
    return f"quality: {'; '.join(quality['remarks']) or 'good'} ({figures})"


def _make_room(identity: str) -> None:
    """Let the oldest sounds go where the history is larger than its limit, and say so."""
    from distill_engine.library.history.limit import VARIABLE, drop_sounds, limit_bytes
    from distill_engine.library.renders import RenderStore
    from distill_engine.system.counting import counted

    try:
        limit = limit_bytes()
        dropped = drop_sounds(RenderStore(), limit, spare=identity if limit else "")
    except (DistillError, OSError) as error:
        _note(str(error))
        return
    if dropped.entries:
        _note(
            f"{counted(len(dropped.entries), 'old sound')} left the history ({dropped.size / 1e6:.0f} MB), their entries "
            f"stay: {VARIABLE} is {limit / 1e9:g}; star what is to stay"
        )


def _note(text: str) -> None:
    console_err().print(f"note: {text}", markup=False, soft_wrap=True)
