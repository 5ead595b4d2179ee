"""What a model's table of codes says, in plain words. Old and damaged tables say less."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NO_PRIOR = "no source prior: the file holds no path of its sounds; `distill analyse MODEL CORPUS` makes one"


def codes_text(row: Any) -> str:
    """Return what each level of codes carries; "" for a model without codes."""
    from distill_engine.codes.codebooks import LEVEL_NAMES

    values = row if isinstance(row, Mapping) else {}
    names = LEVEL_NAMES.get(values.get("levels", 0), ())
    shares = [values.get(key) for key in ("loudness", "spectrum", "error")]
    if not names or not all(isinstance(one, list) and len(one) == len(names) for one in shares):
        return f"{values.get('size')} a level; `distill analyse` finds what each carries" if names else ""
    parts = [
        f"{names[level]} {loudness:.0%} of the loudness, {spectrum:.0%} of the spectrum, "
        f"{_fine(values, level)}{error:.2f} nat off"
        for level, (loudness, spectrum, error) in enumerate(zip(*shares, strict=True))
        if all(isinstance(value, int | float) for value in (loudness, spectrum, error))
    ]
    return f"{values.get('size')} a level; through " + "; through ".join(parts)


def _fine(values: Mapping[str, Any], level: int) -> str:
    """Return the share of the fine structure as a phrase; "" where an older table has none."""
    shares = values.get("fine")
    known = isinstance(shares, list) and level < len(shares) and isinstance(shares[level], int | float)
    return f"{shares[level]:.0%} of its fine structure, " if known and shares else ""


def fit_summary(table: dict[str, Any]) -> str:
    """Return what each level carries, in plain words."""
    from distill_engine.codes.codebooks import LEVEL_NAMES

    names = LEVEL_NAMES[table["levels"]]
    lines = [f"{table['levels']} levels of {table['size']} codes for {table['columns']} columns of the corpus"]
    for level, error in enumerate(table["error"]):
        loudness, spectrum = table["loudness"][level], table["spectrum"][level]
        lines.append(
            f"  to level {level} ({names[level]}): {error:.2f} nat from the sound, "
            f"{loudness:.0%} of its loudness, {spectrum:.0%} of its spectrum and {table['fine'][level]:.0%} of its fine "
            f"structure; {table['used'][level]:.0%} of the codes used"
        )
    return "\n".join([*lines, memorisation_text(table) or NO_PRIOR])


def memorisation_text(row: Any) -> str:
    """Return what the prior repeats of its corpus, beside the corpus itself; "" if unknown."""
    from distill_engine.audio.mel_config import DEFAULT_MEL
    from distill_engine.codes.columns import COLUMN_HOPS
    from distill_engine.codes.memorisation import GRAMS

    column = COLUMN_HOPS / DEFAULT_MEL.frame_rate
    try:
        found = row["memorisation"]
        seconds, copied = found["seconds"], found["copied"] * column
        shares = [_shares(found[whose]["grams"], len(GRAMS)) for whose in ("prior", "corpus")]
        runs = [f"{found[whose]['run'] * column:.1f} s" for whose in ("prior", "corpus")]
    except (KeyError, TypeError, ValueError):
        return ""
    lengths = ", ".join(f"{length * column:.1f}" for length in GRAMS)
    return (
        f"in {seconds:.0f} s it copies at most {copied:.1f} s of a sound; of its sequences of codes over {lengths} s "
        f"{shares[0]} are those of a sound, the longest over {runs[0]} "
        f"(of a sound's own {shares[1]} are those of another sound, the longest over {runs[1]})"
    )


def _shares(shares: Any, count: int) -> str:
    """Return shares as per cent. Raises ValueError unless there are so many."""
    if len(shares) != count:
        raise ValueError
    return ", ".join(f"{share:.0%}" for share in shares)
