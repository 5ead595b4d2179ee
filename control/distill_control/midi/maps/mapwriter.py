"""Write MIDI map files (TOML): whole files, or edits that keep the rest and its comments."""

from pathlib import Path

from distill_control.client_patches.toml_values import toml_value
from distill_control.midi.maps.binding import Binding, MidiMap
from distill_control.midi.maps.mapfile import BINDING_KEYS, MAP_KEYS, binding_lines
from distill_engine.errors import ControlError
from distill_engine.system.atomic_write import write_advice, write_file


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
