"""The rule for names that Distill uses as identifiers, and how to show any text from outside.

Identifiers are the names of controls, models, presets, takes, corpora and marks. Names of files,
ports and devices belong to others: they are kept as they are and shown through `printable`.
"""

from __future__ import annotations

import unicodedata

NAME_CHARACTERS = 64  # at most, of a name
PUNCTUATION = "._-()+&'"
SHOWN_CHARACTERS = 120  # at most, of a text that is shown
LINE_CHARACTERS = 2000  # at most, of a whole line, such as an error's


def normalised(name: str) -> str:
    """Return a name in Unicode's composed form (NFC), so that equal names are equal texts."""
    return unicodedata.normalize("NFC", name)


def same_name(one: str, other: str) -> bool:
    """Return whether two names differ in case and Unicode form at most.

    >>> same_name("E\u0301tude", "\u00e9tude")
    True
    """
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return normalised(normalised(name).casefold())


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
            return f"it holds '{printable(character)}'; use letters, digits, space and {PUNCTUATION}"
    return None


def _allowed(character: str) -> bool:
    return (
        character in PUNCTUATION
        or character == " "
        or unicodedata.category(character)[0] in "LM"
        or character.isdecimal()
    )


def printable(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    r"""Return a text from outside, safe to show: cut at `limit`, control characters escaped.

    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    >>> printable("left\u202eright")
    'left\\u202eright'
    >>> printable("\u5168\u3000\u89d2") == "\u5168\u3000\u89d2"  # the spaces of other scripts stay
    True
    """
    shown = "".join(_written(character) for character in text[: limit + 1])
    return shown if len(text) <= limit else shown[: limit - 3] + "..."


def printable_line(text: str) -> str:
    """Return a message as one line that is safe to show; line breaks in it become spaces."""
    return printable(" ".join(text.splitlines()), LINE_CHARACTERS)


def _written(character: str) -> str:
    """Return a character, or its escape if it controls a terminal or is half a surrogate pair."""
    if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return character
    return character.encode("unicode_escape").decode() if ord(character) > 0x1F else f"\\x{ord(character):02x}"
