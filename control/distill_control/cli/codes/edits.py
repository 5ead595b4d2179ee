"""Edits of codes as words of the command line, such as "set 0 10:20 64" or "reverse 0:8"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from distill_engine.codes.edit_words import EDITS, FILE_EDITS
from distill_engine.errors import CodesError

if TYPE_CHECKING:
    from distill_engine.codes.edits import Range
    from distill_engine.codes.fitting import CorpusCodes
    from distill_engine.codes.sequence import CodeSequence
    from distill_engine.rendering.coding.coder import Coder


def apply_edits(coder: Coder, sequence: CodeSequence, edits: Sequence[str]) -> CodeSequence:
    """Return a sequence after edits, one after the other.

    Raises CodesError for an edit that is not one, or that does not fit the sequence.
    """
    for edit in edits:
        name = (edit.split() or [""])[0]
        if name not in EDITS:
            raise CodesError(f"edit '{name}' is unknown; there are {', '.join(EDITS)}")
        words = edit.split(maxsplit=FILE_EDITS.get(name, -1))[1:]
        try:
            sequence = _EDITS[name](coder, sequence, words)
        except CodesError as error:
            raise CodesError(f"edit '{edit}': {error}") from None
        except (ValueError, IndexError):
            raise CodesError(
                f"edit '{edit}' is not understood: {EDITS[name]}; a RANGE is FIRST:END in columns, a SEED 0 or more"
            ) from None
    return sequence


def range_of(sequence: CodeSequence, text: str) -> Range:
    """Read FIRST:END in columns; a part that is left out is the sequence's own end.

    Raises ValueError.
    """
    first, sign, end = text.partition(":")
    if not sign:
        return int(first), int(first) + 1
    return int(first or 0), int(end) if end else sequence.columns


def checked_range_of(sequence: CodeSequence, text: str) -> Range:
    """Read FIRST:END in columns. Raises CodesError, also for one beyond the sequence."""
    from distill_engine.codes.edits import checked_range

    try:
        return checked_range(sequence, range_of(sequence, text))
    except ValueError:
        raise CodesError(f"{text[:40]!r} is no range: give FIRST:END in columns, such as 10:20") from None


def _exactly(words: Sequence[str], least: int, most: int | None = None) -> None:
    if not least <= len(words) <= (most or least):
        raise ValueError


def _on_level(name: str) -> Callable[[Coder, CodeSequence, Sequence[str]], CodeSequence]:
    """Return an edit of one level whose further words are whole numbers."""

    def edit(coder: Coder, sequence: CodeSequence, words: Sequence[str]) -> CodeSequence:
        from distill_engine.codes import edits

        _exactly(words, {"replace": 4, "nearest": 2}.get(name, 3), 3 if name == "nearest" else None)
        numbers = [int(word) for word in words[2:]]
        functions: dict[str, Callable[..., CodeSequence]] = {
            "set": edits.set_codes,
            "shift": edits.shift_codes,
            "replace": edits.replace_code,
            "nearest": edits.nearest_codes,
        }
        columns = range_of(sequence, words[1])
        return functions[name](sequence, coder.stored.books, int(words[0]), columns, *numbers)

    return edit


def _random(coder: Coder, sequence: CodeSequence, words: Sequence[str]) -> CodeSequence:
    from distill_engine.codes.edits import randomise

    _exactly(words, 2, 3)
    corpus, seed = _corpus_of(coder), int(words[2]) if len(words) > 2 else 0
    return randomise(sequence, corpus, int(words[0]), range_of(sequence, words[1]), seed)


def _fill(coder: Coder, sequence: CodeSequence, words: Sequence[str]) -> CodeSequence:
    from distill_engine.codes.prior import PLAYED_STRENGTH, MarkovPrior, filled

    _exactly(words, 1, 2)
    corpus, seed = _corpus_of(coder), int(words[1]) if len(words) > 1 else 0
    codes = filled(MarkovPrior(corpus, PLAYED_STRENGTH), corpus, sequence.codes, range_of(sequence, words[0]), seed)
    return sequence.with_codes(codes)


def _corpus_of(coder: Coder) -> CorpusCodes:
    """Return the codes of the model's corpus. Raises CodesError if the file holds none."""
    if coder.stored.corpus is None:
        raise CodesError(
            "the file holds no codes of its corpus to draw from: `distill analyse MODEL CORPUS` puts them in"
        )
    return coder.stored.corpus


def _swap(coder: Coder, sequence: CodeSequence, words: Sequence[str]) -> CodeSequence:
    from distill_engine.codes.edits import check_level, swap_level

    _exactly(words, 3)
    check_level(coder.stored.books, int(words[0]))
    return swap_level(sequence, _other(coder, words[2]), int(words[0]), range_of(sequence, words[1]))


def _blend(coder: Coder, sequence: CodeSequence, words: Sequence[str]) -> CodeSequence:
    from distill_engine.codes.edits import blend_in

    _exactly(words, 3)
    columns, share = range_of(sequence, words[0]), float(words[1])
    return blend_in(coder.stored.books, sequence, _other(coder, words[2]), columns, share)


def _like(coder: Coder, sequence: CodeSequence, words: Sequence[str]) -> CodeSequence:
    from distill_engine.codes.edits import play_like

    _exactly(words, 2)
    return play_like(coder.stored.books, sequence, _other(coder, words[1]), range_of(sequence, words[0]))


def _other(coder: Coder, path: str) -> CodeSequence:
    """Return the sequence of another file. Raises CodesError."""
    return coder.load(Path(path.rstrip())).sequence


def _copy(coder: Coder, sequence: CodeSequence, words: Sequence[str]) -> CodeSequence:
    from distill_engine.codes.edits import paste

    _exactly(words, 2)
    return paste(sequence, range_of(sequence, words[0]), int(words[1]))


def _repeat(coder: Coder, sequence: CodeSequence, words: Sequence[str]) -> CodeSequence:
    from distill_engine.codes.edits import repeat

    _exactly(words, 2)
    return repeat(sequence, range_of(sequence, words[0]), int(words[1]))


def _reverse(coder: Coder, sequence: CodeSequence, words: Sequence[str]) -> CodeSequence:
    from distill_engine.codes.edits import reverse

    _exactly(words, 1)
    return reverse(sequence, range_of(sequence, words[0]))


_EDITS: dict[str, Callable[[Coder, CodeSequence, Sequence[str]], CodeSequence]] = {
    "set": _on_level("set"),
    "shift": _on_level("shift"),
    "replace": _on_level("replace"),
    "random": _random,
    "swap": _swap,
    "blend": _blend,
    "like": _like,
    "copy": _copy,
    "repeat": _repeat,
    "reverse": _reverse,
    "nearest": _on_level("nearest"),
    "fill": _fill,
}
