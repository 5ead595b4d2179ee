"""Values as TOML: what a text holds cannot end it, nor add keys to a file."""

from typing import Any

from distill_engine.errors import ControlError
from distill_engine.system.names import printable


def toml_value(value: Any) -> str:
    """Return a value as TOML.

    Raises ControlError for a text that no TOML file can hold: one with half a surrogate pair.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, str):
        return f'"{"".join(map(_toml_character, value))}"'
    return repr(value)


def _toml_character(character: str) -> str:
    if character in '\\"':
        return f"\\{character}"
    if character.isprintable():
        return character
    number = ord(character)
    if 0xD800 <= number <= 0xDFFF:  # surrogates
        raise ControlError(f"a MIDI map cannot hold the character {printable(character)}: it is half of a pair")
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
