"""`distill demo`: the built-in starter, played where there is a sound device, rendered to demo.wav where there is none."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

SECONDS = 20.0


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Adds `demo`."""
    command = subparsers.add_parser("demo", parents=[common], help="hear the built-in starter model")
    command.add_argument("-o", "--output", type=Path, default=Path("demo.wav"), metavar="WAV", help="default demo.wav")
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Plays for 20 seconds, or renders as long to a file."""
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
    """Whether PortAudio is installed and finds something to play through."""
    from distill_engine.audio_io.devices import AudioSystem
    from distill_engine.errors import DeviceError

    try:
        return bool(AudioSystem().devices())
    except DeviceError:
        return False
