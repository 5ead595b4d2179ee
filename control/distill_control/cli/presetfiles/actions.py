"""`distill preset folder|tag|note|export-set|picture`."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from distill_control.cli.support.output import emit
from distill_engine.errors import PresetError
from distill_engine.library.folders import cache_dir, ensure
from distill_engine.system.counting import counted
from distill_engine.system.names import normalised, printable_line

if TYPE_CHECKING:
    from distill_engine.library.presets import Preset, PresetStore
    from distill_engine.rendering.score import Score

Chosen = Callable[[argparse.Namespace], "tuple[PresetStore, Preset]"]
PICTURE_SECONDS = 3.0  # of sound that a preset's picture shows


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose presets by folder, tag and words."""
    parser.add_argument("--folder", metavar="NAME", help="only presets of this folder")
    parser.add_argument("--tag", metavar="TAG", help="only presets with this tag")
    parser.add_argument("--search", default="", metavar="WORDS", help="words of name, folder, tags or note")


def fits(preset: Preset, args: argparse.Namespace) -> bool:
    """Return whether a preset is one that the options choose."""
    text = _folded(" ".join((preset.name, preset.folder, preset.note, *preset.tags)))
    return (
        (args.folder is None or _folded(preset.folder) == _folded(args.folder))
        and (args.tag is None or args.tag in preset.tags)
        and all(word in text for word in _folded(args.search).split())
    )


def describe(args: argparse.Namespace, chosen: Chosen) -> int:
    """Run `distill preset folder`, `tag` or `note`. Raises PresetError."""
    store, preset = chosen(args)
    folder, note = getattr(args, "name", None), getattr(args, "text", None)
    tags = None
    if getattr(args, "tags", None):
        old = preset.tags
        tags = [tag for tag in old if tag not in args.tags] if args.remove else [*old, *args.tags]
    if (folder, note, tags) != (None, None, None):
        preset = store.describe(preset, folder=folder, tags=tags, note=note)
    data = {"name": preset.name, "folder": preset.folder, "tags": list(preset.tags), "note": preset.note}
    words = [f"folder {preset.folder or '(none)'}", f"tags {', '.join(preset.tags) or '(none)'}", preset.note]
    text = f"{preset.name}: {'; '.join(filter(None, words))}"
    emit(args, data, lambda out: out.print(printable_line(text), markup=False, soft_wrap=True))
    return 0


def export_set(args: argparse.Namespace, store: PresetStore, model: str | None) -> int:
    """Run `distill preset export-set`. Raises PresetError."""
    from distill_engine.library.presetsets import write_set

    presets = store.all() if model is None else store.of_model(model)
    count = write_set(args.file, [preset for preset in presets if fits(preset, args)])
    emit(
        args,
        {"path": str(args.file), "presets": count},
        lambda out: out.print(f"{counted(count, 'preset')} in {args.file}"),
    )
    return 0


def import_set(args: argparse.Namespace, store: PresetStore, model: str | None) -> int:
    """Take all presets of a set in; those whose name is taken are named. Raises PresetError."""
    from dataclasses import replace

    from distill_engine.library.presetsets import read_set

    taken_in, left_out = list[str](), dict[str, str]()
    for preset in read_set(args.file):
        try:
            one = replace(preset, model=model, digest="") if model else preset
            taken_in.append(store.take_in(one).name)
        except PresetError as error:
            left_out[preset.name] = str(error)
    if left_out and not taken_in:
        raise PresetError(f"none of {len(left_out)} presets was taken in: {next(iter(left_out.values()))}")
    lines = [
        f"{counted(len(taken_in), 'preset')} taken into the library",
        *(f"left out: {why}" for why in left_out.values()),
    ]
    data = {"presets": taken_in, "left_out": left_out}
    emit(args, data, lambda out: out.print("\n".join(map(printable_line, lines)), markup=False, soft_wrap=True))
    return 0


def picture_path(preset: Preset) -> Path:
    """Return where a preset's picture is kept: by its values, so that it is never out of date."""
    key = json.dumps([preset.model, preset.digest, dict(preset.values)], sort_keys=True)
    return cache_dir() / "presets" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.png"


def draw(args: argparse.Namespace, chosen: Chosen) -> int:
    """Run `distill preset picture`: draw the spectrum of a preset's sound. Raises DistillError."""
    from distill_engine.library.lookup import find_model
    from distill_engine.library.pictures import Spectrogram
    from distill_engine.rendering.performance import play_score
    from distill_engine.rendering.shared_networks import offline_settings
    from distill_engine.synthesis.instrument import prepare_instrument
    from distill_engine.system.atomic_write import write_or_refuse

    _, preset = chosen(args)
    path = args.output or picture_path(preset)
    if args.output is not None or not path.exists():
        instrument = prepare_instrument(find_model(preset.model, allow_paths=False), settings=offline_settings(1))
        score = score_of(preset, instrument.source_names)
        drawn = Spectrogram(round(score.seconds * instrument.sample_rate), instrument.sample_rate)
        for block in play_score(instrument, score):
            drawn.process(block)
        ensure(path.parent)
        write_or_refuse(path, drawn.png(), PresetError)
    emit(args, {"name": preset.name, "picture": str(path)}, lambda out: out.print(str(path), soft_wrap=True))
    return 0


def score_of(preset: Preset, sources: tuple[str, ...]) -> Score:
    """Return a short score that sounds as a preset does, for a model with these `sources`."""
    from distill_engine.rendering.score import Score
    from distill_engine.vocabulary.table import is_parameter

    head = "/distill/control/"
    numbers = {address: float(value) for address, value in preset.values.items() if not isinstance(value, str)}
    controls = {address.removeprefix(head): value for address, value in numbers.items() if address.startswith(head)}
    others = {
        address: value for address, value in numbers.items() if not address.startswith(head) and is_parameter(address)
    }
    source = str(preset.values.get("/distill/source", "auto"))
    playable = source if source in sources and source != "input" else "auto"
    return Score(PICTURE_SECONDS, source=playable, controls=controls, parameters=others)


def _folded(text: str) -> str:
    return normalised(text).casefold()
