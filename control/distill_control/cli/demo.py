"""`distill demo`: play the built-in starter, or render it to a file without a sound device."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SECONDS = 20.0
NEXT_STEPS = """  distill-engine                       play it until Ctrl-C; in a second terminal:
  distill send /distill/control/brightness 1
  distill train MY_SOUNDS -o mine.distillgan
docs/start/first-sound.md goes on from here"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `distill-audio`: `distill demo` without arguments, `distill` with them."""
    from distill_control.cli.main import main as distill

    words = sys.argv[1:] if arguments is None else list(arguments)
    return distill(words or ["demo"])


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `demo`."""
    command = subparsers.add_parser("demo", parents=[common])
    command.add_argument("-o", "--output", type=Path, default=Path("demo.wav"), metavar="WAV", help="default demo.wav")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Play for 20 seconds, or render as long to a file; then say what comes next."""
    code = _play_or_render(args)
    if code == 0 and not args.json:
        sys.stderr.write(f"{next_steps()}\n")
    return code


def next_steps() -> str:
    """Return what to do after the demo, beginning with what this installation still lacks."""
    from distill_engine.system.extras import install_command, training_installed

    lines, prefix = ["next:"], sys.prefix.replace("\\", "/")
    by_uvx = "/uv/" in prefix and "/uv/tools/" not in prefix  # an environment that only this command has
    if by_uvx or shutil.which("distill") is None:
        activate = Path(sys.prefix) / "bin" / "activate"
        how = f"source {activate}" if activate.exists() and "/uv/" not in prefix else install_command("")
        lines += [f"  {how}", "                                       until then the commands are not found"]
    if not training_installed():
        lines += [f"  {install_command()}", "                                       for a vocoder of your own"]
    return "\n".join([*lines, NEXT_STEPS])


def _play_or_render(args: argparse.Namespace) -> int:
    from distill_control.cli.support.output import console_err, emit
    from distill_engine.library.assets import starter_path

    say = console_err()
    if has_device():
        from distill_control.cli.engine import main as engine

        say.print("playing the starter for 20 s; steer it: distill send /distill/control/brightness 1", markup=False)
        code = engine(["--seconds", str(SECONDS)])
        if code == 0:
            emit(args, {"model": str(starter_path()), "played": True}, lambda console: None)
        return code
    from distill_control.cli.main import main

    say.print(f"no sound device here: rendering the starter to {args.output}", markup=False, soft_wrap=True)
    words = ["render", str(starter_path()), "-o", str(args.output), "--duration", str(SECONDS), "--seed", "8"]
    return main([*words, "--json"] if args.json else words)


def has_device() -> bool:
    """Return whether PortAudio is installed and finds an output device."""
    from distill_engine.audio_io.devices import AudioSystem
    from distill_engine.errors import DeviceError

    try:
        with AudioSystem() as system:
            return bool(system.devices())
    except DeviceError:
        return False
