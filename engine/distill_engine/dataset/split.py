"""Choose the files held out for validation by seed and sound, not by name or order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence, Set
from dataclasses import dataclass

MINIMUM_SHARE = 0.25  # of the seconds, which held-out files may take even if the share asked for is small


@dataclass(frozen=True)
class Split:
    """Indices of training and held-out files.

    If no file can be spared, `tail_of` is the file whose end is to be held out instead.
    """

    training: tuple[int, ...]
    validation: tuple[int, ...]
    tail_of: int | None = None


def split_files(
    digests: Sequence[str],
    seconds: Sequence[float],
    seed: int,
    validation: float,
    *,
    trained: Set[str] = frozenset(),
    held_out: Set[str] = frozenset(),
) -> Split:
    """Hold out about the share `validation` of the files, but never most of the sound.

    Files are ranked by a hash of seed and sound: the same files give the same split whatever their
    names, and an added file moves few others. A file stays in training if with it the held-out
    seconds would exceed twice the share, or MINIMUM_SHARE if that is more.

    Files of an earlier list that were `trained` on are never held out; those `held_out` come first.
    """
    everything = tuple(range(len(digests)))
    if validation <= 0 or not digests:
        return Split(everything, ())
    wanted = max(1, round(validation * len(digests)))
    limit = max(2 * validation, MINIMUM_SHARE) * sum(seconds)
    held: list[int] = []
    spent = 0.0
    earlier = held_out if trained else frozenset()
    for index in sorted(everything, key=lambda i: (digests[i] not in earlier, _rank(digests[i], seed), i)):
        if digests[index] in trained:
            continue
        if len(held) < wanted and spent + seconds[index] <= limit and len(held) + 1 < len(digests):
            held.append(index)
            spent += seconds[index]
    if not held:
        return Split(everything, (), max(everything, key=lambda i: seconds[i]))
    return Split(tuple(i for i in everything if i not in held), tuple(sorted(held)))


def _rank(digest: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{digest}".encode()).hexdigest()
