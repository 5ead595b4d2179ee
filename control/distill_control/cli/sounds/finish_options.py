"""Options that say how a rendered sound is finished: single sounds, loops, fades, levels, tags."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from distill_control.cli.support.options import number_in
from distill_control.cli.support.paths import output_folder
from distill_control.cli.support.render_options import FORMATS
from distill_engine.errors import AudioFileError, ConfigError
from distill_engine.system.atomic_write import write_or_refuse

if TYPE_CHECKING:
    from distill_engine.audio.finishing.finish import Finish
    from distill_engine.rendering.render import RenderResult
    from distill_engine.synthesis.space.layout import Layout

NOT_SETTINGS = ("run", "usage", "json", "command")  # of what the command line holds


def add_finish(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    group = parser.add_argument_group("the finished sound")
    group.add_argument("--one-shot", action="store_true", help="one sound: from its attack until it has died")
    group.add_argument("--loop", action="store_true", help="loop without a seam; WAV and AIFF get loop points")
    for side in ("in", "out"):
        text = f"fade {side} over S seconds"
        group.add_argument(f"--fade-{side}", type=number_in(0.0, 600.0, "s"), default=0.0, metavar="S", help=text)
    loudness = "loudness to reach, such as -14 (BS.1770); the true peak stays below --ceiling"
    group.add_argument("--lufs", type=number_in(-60.0, -5.0, "LUFS"), metavar="LUFS", help=loudness)
    ceiling = "true peak that nothing passes, such as -1 (the default with --lufs)"
    group.add_argument("--ceiling", type=number_in(-40.0, 0.0, "dBTP"), metavar="DB", help=ceiling)
    quality = "of mp3 (variable bit rate), ogg and opus: 0 to 1 (default: high; mp3 at a constant bit rate)"
    group.add_argument("--quality", type=number_in(0.0, 1.0, ""), metavar="Q", help=quality)
    parts = group.add_mutually_exclusive_group()
    stems = "write a folder with a file for each blend slot, all of one length"
    parts.add_argument("--stems", action="store_const", const="stems", dest="parts", help=stems)
    controls = "write a folder with the sound without controls and with each of them alone, all of one length"
    parts.add_argument("--control-stems", action="store_const", const="controls", dest="parts", help=controls)
    slices = "write a folder with a file for each attack, and presets for samplers (SFZ, Decent Sampler)"
    parts.add_argument("--slices", action="store_const", const="slices", dest="parts", help=slices)
    group.add_argument("--sidecar", action="store_true", help="write what was rendered and how into FILE.json")
    tags = "a tag: title, artist, album, genre, date, tracknumber, comment, bpm, or a name of your own"
    group.add_argument("--tag", type=_tag, action="append", default=[], metavar="NAME=TEXT", help=tags)


def finish_of(options: argparse.Namespace) -> Finish:
    """Return what the options of `add_finish` ask for. Raises ConfigError."""
    from distill_engine.audio.finishing.finish import Finish

    how = {name: getattr(options, name) for name in ("one_shot", "loop", "fade_in", "fade_out", "lufs")}
    return Finish(**how, ceiling_db=options.ceiling, tags=dict(options.tag))


def make_folder(path: Path) -> None:
    """Make the folder of stems or slices. Raises ConfigError."""
    if path.suffix.lower().lstrip(".") in FORMATS:
        raise ConfigError(f"{path} names a file: stems and slices go into a folder, give one with -o (and --format)")
    output_folder(path)


def stems_layout(options: argparse.Namespace) -> Layout:
    """Return outputs with a pair for each slot. Raises ConfigError for a space that mixes them."""
    from distill_engine.synthesis.space.layout import MOST_OUTPUTS, Layout

    if options.space == "ambisonic":
        raise ConfigError("--space ambisonic mixes all slots: leave --stems out, or choose another space")
    return Layout(2 * (1 + len(options.blend)) if options.take is None else MOST_OUTPUTS)


def write_sidecar(options: argparse.Namespace, result: RenderResult) -> None:
    """Write what was rendered, and how, beside it if that is asked for. Raises AudioFileError."""
    if not options.sidecar:
        return
    settings = {name: value for name, value in vars(options).items() if name not in NOT_SETTINGS}
    path = result.path.with_name(f"{result.path.name}.json")
    text = json.dumps({"result": asdict(result), "settings": settings}, indent=1, default=str, ensure_ascii=False)
    write_or_refuse(path, f"{text}\n".encode(), AudioFileError)


def _tag(text: str) -> tuple[str, str]:
    """Read NAME=TEXT."""
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is not NAME=TEXT, such as title=Rain")
    return name, value
