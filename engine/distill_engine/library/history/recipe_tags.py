"""The tags by which a sound file tells what made it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

KEY_CHARACTERS = 16  # of a recipe's key, and of a digest in a tag: 64 bits
_KEY = re.compile(r"\bkey ([0-9a-f]{16})\b")
_MODEL = re.compile(r"\bmodel ([0-9a-f]{16})\b")


def tags_of(recipe: Mapping[str, Any], title: str) -> dict[str, str]:
    """Return the tags that a sound file made by a recipe gets."""
    model, vocoder = recipe["model"], recipe["vocoder"]
    comment = f"vocoder {vocoder['name']}; model {model['digest'][:KEY_CHARACTERS]}; key {recipe['key']}"
    return {"title": title, "software": "Distill", "comment": comment}


def read_tags(tags: Mapping[str, str]) -> tuple[str, str]:
    """Return the recipe's key and the first digits of the model's digest from tags, "" if none."""
    text = "\n".join(tags.values())
    key, model = _KEY.search(text), _MODEL.search(text)
    return key[1] if key else "", model[1] if model else ""
