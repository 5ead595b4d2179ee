"""What `distill train` and `distill train-vocoder` find out before they begin, and how they are stopped."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distill_engine.errors import Cancelled, ConfigError, TrainingError


@dataclass(frozen=True)
class Begun:
    """Where the training in a file stands, and what was said `about` it when it began."""

    step: int
    completed: bool
    about: dict[str, Any]


def read_begun(path: Path, part: str) -> Begun | None:
    """Of the checkpoint in a part; None where there is none."""
    from distill_engine.training.storage import read_checkpoint

    found = read_checkpoint(path, part)
    if found is None:
        return None
    position = found[0].metadata["position"]
    return Begun(position["step"], position["completed"], found[1])


def chosen_seed(args: argparse.Namespace, begun: Begun | None) -> int:
    """The seed given, else the one that the training to resume was begun with: it also decides what is held out."""
    seed = int(begun.about["settings"]["seed"]) if begun is not None else None
    if None not in (seed, args.seed) and seed != args.seed:
        raise TrainingError(
            f"the training to resume was begun with --seed {seed}: leave --seed {args.seed} out, or --fresh"
        )
    return next((s for s in (args.seed, seed) if s is not None), 0)


def check_kept(args: argparse.Namespace, begun: Begun) -> None:
    """What a vocoder was begun with and keeps is not given otherwise. Raises TrainingError."""
    for option, setting in (("lr", "learning_rate"), ("batch-size", "batch_size"), ("width", "width")):
        given, kept = getattr(args, option.replace("-", "_")), begun.about["settings"].get(setting)
        if given not in (None, kept):
            raise TrainingError(
                f"the vocoder to resume was begun with --{option} {kept}: leave --{option} {given} out, or --fresh"
            )


def resume_or_fresh(args: argparse.Namespace, part: str, output: Path) -> bool:
    """Whether to resume. A finished file is not overwritten unless told so."""
    if args.resume or args.fresh or not output.exists():
        return bool(args.resume)
    begun = read_begun(output, part)
    if begun is None:
        raise TrainingError(f"{output} exists: choose another name, or --fresh to train it anew")
    if not sys.stdin.isatty():
        raise TrainingError(f"{output} holds a training at step {begun.step}: say --resume or --fresh")
    sys.stderr.write(f"{output} holds a training at step {begun.step}: resume it, or start fresh? [resume/fresh] ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip().lower()
    if answer not in ("r", "resume", "f", "fresh"):
        raise Cancelled(f"{output} stays as it is: answer resume or fresh, or say --resume or --fresh")
    return answer[0] == "r"


def check_writable(output: Path) -> None:
    """Finds out before the training, not after it, that its result cannot be written."""
    import os

    folder = output.resolve().parent
    if output.suffix != ".distillgan":
        raise ConfigError(f"{output}: a model file is named NAME.distillgan")
    if not folder.is_dir():
        raise ConfigError(f"{folder} does not exist: create it, or choose another place for {output.name}")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"{folder} cannot be written: choose another place for {output.name}")


@contextmanager
def stop_requested() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM ask for a stop instead of raising, so that the checkpoint is saved; a second one raises."""
    asked = False

    def ask(signum: int, frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    old = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


@contextmanager
def told(path: Path, what: str = "holds what its last checkpoint saved") -> Iterator[None]:
    """Says what a file holds that is being trained into when the user stops everything at once."""
    try:
        yield
    except KeyboardInterrupt:
        raise Cancelled(f"stopped at once: {path} {what}.") from None
