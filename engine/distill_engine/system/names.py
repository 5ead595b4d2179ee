"""Names: the rule for identifiers, and one way to show any text from outside.

Identifiers are the names of controls, models, presets, takes, corpora and marks. Names of files,
ports and devices belong to others: they are kept as they are and only shown through `printable`.
"""

from __future__ import annotations

import unicodedata

NAME_CHARACTERS = 64  # of an identifier, at most
PUNCTUATION = "._-()+&'"
SHOWN_CHARACTERS = 120  # of a text from outside that `printable` shows


def normalised(name: str) -> str:
    """Return a name in Unicode's composed form (NFC), so that equal names are equal texts."""
    return unicodedata.normalize("NFC", name)


def name_fault(name: str, *, address: bool = False) -> str | None:
    """Return why `name` cannot be an identifier, None where it can.

    A name has 1 to 64 characters: letters of any script with their marks, digits, the space and
    `._-()+&'`. It does not begin with a full stop, nor begin or end with a space. With `address`
    it becomes part of an OSC address and has no space.
    """
    name = normalised(name)
    if not 1 <= len(name) <= NAME_CHARACTERS:
        return f"it has {len(name)} characters, a name has 1 to {NAME_CHARACTERS}"
    if name[0] in ". " or name[-1] == " ":
        return "it begins with a full stop or a space, or ends with a space"
    for character in name:
        if address and character == " ":
            return "it holds a space, which no OSC address can"
        if not _allowed(character):
            return f"it holds {printable(character)!r}; use letters, digits, space and {PUNCTUATION}"
    return None


def _allowed(character: str) -> bool:
    return (
        character in PUNCTUATION
        or character == " "
        or unicodedata.category(character)[0] in "LM"
        or character.isdecimal()
    )


def printable(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    r"""Return a text from outside in a form that is safe to show, cut at `limit` characters.

    Characters that could control a terminal or reorder the text are written as escapes.

    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    >>> printable("left\u202eright")
    'left\\u202eright'
    """
    shown = "".join(_written(character) for character in text[: limit + 1])
    return shown if len(text) <= limit else shown[: limit - 3] + "..."


def _written(character: str) -> str:
    """The character, or its escape where it is a control, a format character, a separator of
    lines, or half of a pair.
    """
    if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return character
    return character.encode("unicode_escape").decode() if ord(character) > 0x1F else f"\\x{ord(character):02x}"
