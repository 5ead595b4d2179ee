"""How much of what a prior plays stands in its corpus, and how much the corpus repeats itself.

A gram is a sequence of so many codes of level 0, one a column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy.typing as npt

GRAMS = (4, 8, 16)  # columns of the grams that are counted: 0.19, 0.37 and 0.74 s

Clips = Sequence[npt.NDArray[Any]]
"""Codes [C] of level 0 of each clip."""


def found_in(codes: npt.NDArray[Any], clips: Clips) -> dict[str, Any]:
    """Return how much of codes [C] stands in clips: longest `run` of columns, shares of `grams`."""
    played, texts = _text(codes), [_text(clip) for clip in clips]

    def share(length: int) -> float:
        known = {gram for text in texts for gram in _grams(text, length)}
        grams = _grams(played, length)
        return sum(gram in known for gram in grams) / max(1, len(grams))

    return _figures(share, len(played))


def repeated_in(clips: Clips) -> dict[str, Any]:
    """Return how much of each clip stands in another one, as `found_in` does."""
    texts = [_text(clip) for clip in clips]

    def share(length: int) -> float:
        owner: dict[str, int] = {}  # -1: several clips
        for clip, text in enumerate(texts):
            for gram in _grams(text, length):
                owner[gram] = clip if owner.get(gram, clip) == clip else -1
        grams = [gram for text in texts for gram in _grams(text, length)]
        return sum(owner[gram] < 0 for gram in grams) / max(1, len(grams))

    return _figures(share, max(map(len, texts), default=0))


def _figures(share: Callable[[int], float], most: int) -> dict[str, Any]:
    """Return the longest gram of which any is found, at most `most`, and the shares of GRAMS."""
    run = 0
    while run < most:  # halving: where a long gram is found, its parts are
        middle = (run + most + 1) // 2
        run, most = (middle, most) if share(middle) > 0 else (run, middle - 1)
    return {"run": run, "grams": [round(share(length), 3) for length in GRAMS]}


def _text(codes: npt.NDArray[Any]) -> str:
    return "".join(map(chr, codes.tolist()))


def _grams(text: str, length: int) -> list[str]:
    return [text[start : start + length] for start in range(len(text) - length + 1)]
