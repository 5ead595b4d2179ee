"""The tags by which a sound file tells what made it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distill_engine.system.regular_files import open_regular

KEY_CHARACTERS = 16  # of a recipe's key, and of a digest in a comment: 64 bits
SEARCHED_BYTES = 1 << 20  # at the beginning and at the end of a file, where its tags lie
_KEY = re.compile(r"\bkey ([0-9a-f]{16})\b")
_MODEL = re.compile(r"\bmodel ([0-9a-f]{16})\b")
_OWN = re.compile(rb"DISTILL_(KEY|MODEL)=?(?:\xff\xfe|\xfe\xff)?([0-9a-f]{16})")  # without zeros: also in UTF-16


def tags_of(recipe: Mapping[str, Any], title: str) -> dict[str, str]:
    """Return the tags that a sound file made by a recipe gets.

    Those named DISTILL_ stay where a comment of the user's own takes the place of the comment.
    """
    model, vocoder = recipe["model"], recipe["vocoder"]
    comment = f"vocoder {vocoder['name']}; model {model['digest'][:KEY_CHARACTERS]}; key {recipe['key']}"
    seed = recipe.get("seed")
    own = {
        "DISTILL_KEY": recipe["key"],
        "DISTILL_MODEL": model["digest"],
        "DISTILL_VOCODER": vocoder["name"],
        "DISTILL_SEED": "" if seed is None else str(seed),
        "DISTILL_TAKE": recipe.get("take", ""),
    }
    return {
        "title": title,
        "software": "Distill",
        "comment": comment,
        **{name: text for name, text in own.items() if text},
    }


def read_tags(tags: Mapping[str, str]) -> tuple[str, str]:
    """Return the recipe's key and the first digits of the model's digest from tags, "" if none."""
    text = "\n".join(tags.values())
    key, model = _KEY.search(text), _MODEL.search(text)
    return key[1] if key else "", model[1] if model else ""


def read_own_tags(path: Path) -> tuple[str, str]:
    """Return what `read_tags` returns, from the tags DISTILL_KEY and DISTILL_MODEL of a file.

    They are found in the bytes of every format's scheme, which libsndfile does not read. Raises
    OSError.
    """
    with open_regular(path) as file:
        size = file.seek(0, 2)
        file.seek(0)
        data = file.read(SEARCHED_BYTES)
        file.seek(max(len(data), size - SEARCHED_BYTES))
        data += file.read(SEARCHED_BYTES)
    found = {name: digits.decode() for name, digits in _OWN.findall(data.replace(b"\0", b""))}
    return found.get(b"KEY", ""), found.get(b"MODEL", "")
