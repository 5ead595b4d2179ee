"""The start of `distill train` and `distill train-vocoder`: checks, resuming, stopping."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_control.cli.support.output import can_ask
from distill_control.cli.support.paths import check_output_folder
from distill_engine.errors import Cancelled, ConfigError, TrainingError
from distill_engine.system.file_lock import HeldError, exclusive
from distill_engine.system.names import printable
from distill_engine.system.signals import ending_signals

if TYPE_CHECKING:
    from distill_engine.training.latent.settings import CodeShape

LONGEST_SECONDS = 5  # from the second signal until a training has left what it computes


@dataclass(frozen=True)
class SavedTraining:
    """The training that a model file holds.

    Attributes:
        step: steps done.
        completed: whether it reached its end.
        options: what it was begun with: "settings" (with "seed"), "corpus" (a digest) and, for a
            latent model, "config".
    """

    step: int
    completed: bool
    options: dict[str, Any]


def read_saved_training(path: Path, part: str) -> SavedTraining | None:
    """Return the training in a part of a model file; None if it holds none.

    Raises ModelFileError.
    """
    from distill_engine.training.storage import read_checkpoint

    found = read_checkpoint(path, part)
    if found is None:
        return None
    position = found[0].metadata["position"]
    return SavedTraining(position["step"], position["completed"], found[1])


def chosen_seed(args: argparse.Namespace, saved: SavedTraining | None) -> int:
    """Return the seed: as given, else that of the training to resume, else 0.

    The seed also decides which sounds are kept aside. Raises TrainingError if the two differ.
    """
    seed = int(saved.options["settings"]["seed"]) if saved is not None else None
    if None not in (seed, args.seed) and seed != args.seed:
        raise TrainingError(
            f"the training to resume was begun with --seed {seed}: leave --seed {args.seed} out, or --fresh"
        )
    return next((s for s in (args.seed, seed) if s is not None), 0)


def check_vocoder_options(args: argparse.Namespace, saved: SavedTraining) -> None:
    """Check that the options of a vocoder to resume are those it was begun with.

    Raises TrainingError.
    """
    for option, setting in (("lr", "learning_rate"), ("batch-size", "batch_size"), ("width", "width")):
        given, kept = getattr(args, option.replace("-", "_")), saved.options["settings"].get(setting)
        if given not in (None, kept):
            raise TrainingError(
                f"the vocoder to resume was begun with --{option} {kept}: leave --{option} {given} out, or --fresh"
            )


def chosen_codes(args: argparse.Namespace, saved: SavedTraining | None, family: str) -> CodeShape:
    """Return the shape of codebooks asked for; a training to resume keeps its own.

    Raises ConfigError for another family than rvq, TrainingError if the two differ.
    """
    from distill_engine.training.latent.settings import CodeShape

    given = {name: value for name in ("levels", "codes", "code_dim") if (value := getattr(args, name)) is not None}
    for name, value in given.items():
        option = f"--{name.replace('_', '-')}"
        if family != "rvq":
            raise ConfigError(
                f"{option} is for --family rvq: leave it out; `distill codes fit` makes codes of other sizes afterwards"
            )
        if saved is not None and saved.options["settings"][name] != value:
            kept = saved.options["settings"][name]
            raise TrainingError(
                f"the training to resume was begun with {option} {kept}: leave {option} {value} out, or --fresh"
            )
    return CodeShape(args.levels or CodeShape.levels, args.codes, args.code_dim or CodeShape.dimension)


def resume_or_fresh(args: argparse.Namespace, part: str, output: Path) -> bool:
    """Return whether to resume the training in `output`.

    Without --resume or --fresh the user is asked. Raises TrainingError where there is nothing to
    resume or no terminal to ask on, Cancelled for another answer.
    """
    if args.resume or args.fresh or not output.exists():
        return bool(args.resume)
    saved = read_saved_training(output, part)
    if saved is None:
        raise TrainingError(f"{output} exists: choose another name, or train it again with --fresh")
    if not can_ask():
        raise TrainingError(f"{output} holds a training at step {saved.step}: add --resume or --fresh")
    sys.stderr.write(
        f"{printable(str(output))} holds a training at step {saved.step}: resume it, or start fresh? [resume/fresh] "
    )
    sys.stderr.flush()
    answer = sys.stdin.readline().strip().lower()
    if answer not in ("r", "resume", "f", "fresh"):
        raise Cancelled(f"{output} stays as it is: answer resume or fresh, or add --resume or --fresh")
    return answer[0] == "r"


def keep_old_model(output: Path) -> None:
    """Put the model that a fresh training replaces into the trash. Raises LibraryError."""
    from distill_engine.library.history.trash import Trash

    if output.is_file():
        item = Trash().keep(output.resolve(), "model", output.stem)
        sys.stderr.write(f"note: the model of before stays in the trash: distill trash restore {item.id}\n")


def check_writable(output: Path) -> None:
    """Check, before hours of training, that a model file can be written to `output`.

    Raises ConfigError, LibraryError if the name of a new file cannot be a model's.
    """
    from distill_engine.library.lookup import new_name

    if output.suffix != ".distillgan":
        raise ConfigError(f"{output}: a model file is named NAME.distillgan")
    check_output_folder(output.resolve())
    if not output.exists():
        new_name(output)


@contextmanager
def stop_requested() -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether SIGINT, SIGTERM or SIGHUP came.

    A checkpoint is saved then. The second such signal raises KeyboardInterrupt, and the system ends
    the process if that has not done so after LONGEST_SECONDS; the third ends it at once.
    """
    with contextlib.ExitStack() as signals:
        requests: list[int] = []

        def request(number: int) -> None:
            requests.append(number)
            if len(requests) > 1:
                if sys.platform != "win32":
                    signals.callback(signal.alarm, 0)
                    signal.alarm(LONGEST_SECONDS)
                raise KeyboardInterrupt
            signals.enter_context(ending_signals(request))

        signals.enter_context(ending_signals(request))
        yield lambda: bool(requests)


@contextmanager
def training_lock(output: Path) -> Iterator[None]:
    """Hold a model file for one training.

    Raises ConfigError with the holder where another process trains it.
    """
    lock = output.with_name(f".{output.name}.training")
    try:
        with exclusive(lock, f"distill train -o {output.name}"):
            yield
    except HeldError as error:
        raise ConfigError(f"{output} is being trained by {error.holder}: wait for it, or choose another -o") from None


@contextmanager
def explain_interrupt(path: Path, state: str = "holds what its last checkpoint saved") -> Iterator[None]:
    """Turn KeyboardInterrupt into Cancelled with one line on the `state` of the model file."""
    try:
        yield
    except KeyboardInterrupt:
        raise Cancelled(f"stopped at once: {path} {state}.") from None
