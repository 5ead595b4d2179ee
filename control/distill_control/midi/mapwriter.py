"""Write MIDI map files (TOML): whole files, or edits that keep the rest and its comments."""

from pathlib import Path
from typing import Any

from distill_control.midi.binding import Binding, MidiMap
from distill_control.midi.mapfile import BINDING_KEYS, MAP_KEYS, binding_lines
from distill_engine.errors import ControlError
from distill_engine.system.atomic_write import write_advice, write_file
from distill_engine.system.names import printable


def format_binding(binding: Binding) -> str:
    """Return a binding as a `[[bind]]` table."""
    lines = ["[[bind]]", f"control = {toml_value(binding.control.name)}"]
    if binding.control.channel:
        lines.append(f"channel = {binding.control.channel}")
    lines.append(f"target = {toml_value(binding.target)}")
    if binding.low is not None and binding.high is not None:
        lines.append(f"range = {toml_value([binding.low, binding.high])}")
    plain = Binding.__dataclass_fields__
    for key, (name, _) in BINDING_KEYS.items():
        if name in plain and name not in ("control", "target") and getattr(binding, name) != plain[name].default:
            lines.append(f"{key} = {toml_value(getattr(binding, name))}")
    return "\n".join(lines) + "\n"


def format_map(midi_map: MidiMap) -> str:
    """Return a map as the text of a map file."""
    plain = MidiMap.__dataclass_fields__
    lines = [
        f"{key} = {toml_value(getattr(midi_map, name))}"
        for key, (name, _) in MAP_KEYS.items()
        if key == "name" or getattr(midi_map, name) != plain[name].default
    ]
    return "\n\n".join(["\n".join(lines) + "\n", *(format_binding(binding) for binding in midi_map.bindings)]).replace(
        "\n\n\n", "\n\n"
    )


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


def with_binding(text: str, binding: Binding) -> str:
    """Return a file's text with one more binding at its end."""
    return (text.rstrip("\n") + "\n\n" if text.strip() else "") + format_binding(binding)


def without_bindings(text: str, indices: set[int]) -> str:
    """Return a file's text without the bindings of these indices; all else stays, comments too."""
    lines = text.splitlines(keepends=True)
    starts = binding_lines(text)
    for index in sorted(indices, reverse=True):
        first = starts[index] - 1
        last = _end_of_table(lines, first)
        del lines[first:last]
    return "".join(lines)


def _end_of_table(lines: list[str], first: int) -> int:
    """Return the index of the line after a table's last key and the blank lines that follow it.

    Comments before the next table belong to that one.
    """
    following = next((n for n in range(first + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))
    end = following
    while end > first + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    while end < following and not lines[end].strip():
        end += 1
    return end


def save_text(path: Path, text: str) -> None:
    """Replace a map file by `text`: whole, or not at all.

    Raises:
        ControlError: if it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text.encode())
    except OSError as error:
        raise ControlError(f"{path} cannot be written: {write_advice(error, path)}") from None
