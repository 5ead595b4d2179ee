"""The corpus of a training: a folder, and the list of sounds in the file that is trained on."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from distill_engine.errors import ConfigError, MissingSoundsError, TrainingError
from distill_engine.rendering.model_corpus import corpus_of, stored_list
from distill_engine.system.names import printable

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus
    from distill_engine.dataset.listing import SoundList
    from distill_engine.training.events import Warned

MOST_NAMED = 10  # files that are left out, which a note names


def corpus_to_resume(folder: Path, seed: int, model: Path, listing: SoundList, fresh: str) -> Corpus:
    """Load the sounds of a model's list. `fresh` is the command that starts again.

    Raises CorpusError, which names every sound that is gone, changed or unreadable.
    """
    try:
        return corpus_of(folder, seed, listing)
    except MissingSoundsError as error:
        raise MissingSoundsError(
            f"{error}: nothing is changed; put it back, go on without it (`distill train {folder} -o {model} "
            f"--remove NAME`), or start again with `{fresh}`"
        ) from error


def changes_list(args: argparse.Namespace) -> bool:
    """Return whether --add or --remove asks for another list; check that they can.

    Raises ConfigError.
    """
    if not args.add and not args.remove:
        return False
    if args.fresh:
        raise ConfigError("--fresh takes what is in the folder: leave --add and --remove out, or --fresh")
    if not args.output.exists():
        raise ConfigError(f"{args.output} does not exist: --add and --remove change the sounds of a trained model")
    return True


def changed_list(args: argparse.Namespace) -> SoundList:
    """Return the list of the model with the files of --add and without the sounds of --remove.

    Raises CorpusError, TrainingError for a model without a list.
    """
    from distill_engine.modelfile import ModelFile

    with ModelFile.open(args.output) as file:
        version, digest = file.manifest.model.get("version"), str(file.manifest.corpus.get("digest", ""))
    listing = stored_list(args.output)
    if version != 2 or not listing.sounds:
        raise TrainingError(f"{args.output} was trained by an earlier Distill: train it again with --fresh")
    return listing.changed(args.corpus, digest, args.add or (), args.remove or ())


def name_left_out(corpus: Corpus, listen: Callable[[Warned], None]) -> None:
    """Name the files that are not used, and say what else should be known of the corpus."""
    from distill_engine.training.events import Warned

    skipped = [file for file in corpus.report.files if not file.usable]
    if skipped:
        named = "; ".join(f"{printable(file.name)} ({file.reason})" for file in skipped[:MOST_NAMED])
        more = f"; and {len(skipped) - MOST_NAMED} more" if len(skipped) > MOST_NAMED else ""
        listen(Warned(f"left out: {named}{more}"))
    for remark in corpus.remarks:
        listen(Warned(remark))
