"""Read MIDI map files (TOML).

An error names the file, the line and the key. The tables are::

    name = "Akai MIDImix"
    port = "MIDI Mix"               # part of the port's name
    takeover = "pickup"             # none, pickup, scaling

    [[bind]]
    control = "cc 16"               # cc, cc14, nrpn, bend, pressure, note
    target = "/distill/control/0"
    range = [-1.0, 1.0]
"""

import difflib
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from distill_control.midi.controls import CHANNELS, parse_control
from distill_control.midi.maps.binding import ACTIONS, CURVES, ENCODINGS, Binding, MidiMap
from distill_control.midi.maps.takeover import TAKEOVER_MODES
from distill_engine.errors import ControlError
from distill_engine.system.names import printable
from distill_engine.system.regular_files import read_small
from distill_engine.vocabulary.table import GLIDE_LIMIT_SECONDS

FILE_LIMIT_BYTES = 1_000_000
BINDING_LIMIT = 2_000  # bindings of a file
NUMBER_LIMIT = 1e12  # magnitude of a number
DOT_LIMIT = 200
"""Most dots in a line: the TOML reader would need minutes for a key of thousands of parts."""
TEXT_LIMIT = 200  # characters of a text
WORD_LIMIT = 8  # elements of `arguments` and `release`

Check = Callable[[Any], Any]
"""Returns a checked value, or raises ValueError with what is expected ("true or false")."""


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > TEXT_LIMIT:
        raise ValueError("a text in quotes")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _choice(choices: tuple[str, ...]) -> Check:
    def check(value: Any) -> Any:
        if value not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return value

    return check


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= NUMBER_LIMIT:
        raise ValueError(f"a number up to {NUMBER_LIMIT:g}")
    return float(value)


def _seconds(value: Any) -> float:
    seconds = _number(value)
    if not 0.0 <= seconds <= GLIDE_LIMIT_SECONDS:
        raise ValueError(f"0 to {GLIDE_LIMIT_SECONDS:g} seconds")
    return seconds


def _channel(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= CHANNELS:
        raise ValueError("a channel 1 to 16, or 0 for all")
    return value


def _range(value: Any) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("two numbers: [low, high]")
    return _number(value[0]), _number(value[1])


def _words(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) > WORD_LIMIT:
        raise ValueError(f"a list of up to {WORD_LIMIT} texts and numbers")
    for word in value:
        if isinstance(word, str):
            _text(word)
        else:
            _number(word)
    return tuple(value)


MAP_KEYS: dict[str, tuple[str, Check]] = {
    "name": ("name", _text),
    "port": ("port", _text),
    "output": ("output", _text),
    "channel": ("channel", _channel),
    "takeover": ("takeover", _choice(TAKEOVER_MODES)),
    "glide": ("glide_seconds", _seconds),
    "clock": ("clock", _flag),
    "transport": ("transport", _flag),
    "programs": ("programs", _flag),
    "preset_glide": ("preset_glide_seconds", _seconds),
    "notes": ("notes", _flag),
    "mpe": ("mpe", _flag),
    "feedback": ("feedback", _flag),
}
BINDING_KEYS: dict[str, tuple[str, Check]] = {
    "control": ("control", _text),
    "channel": ("channel", _channel),
    "target": ("target", _text),
    "action": ("action", _choice(ACTIONS)),
    "range": ("range", _range),
    "curve": ("curve", _choice(CURVES)),
    "invert": ("invert", _flag),
    "takeover": ("takeover", _choice(TAKEOVER_MODES)),
    "glide": ("glide_seconds", _seconds),
    "velocity": ("velocity", _flag),
    "encoding": ("encoding", _choice(ENCODINGS)),
    "arguments": ("arguments", _words),
    "release": ("release", _words),
    "feedback": ("feedback", _flag),
}


def read_text(path: Path) -> str:
    """Return the text of a map file.

    Raises:
        ControlError: if it cannot be read, is too long or is not UTF-8.
    """
    try:
        return read_small(path, FILE_LIMIT_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ControlError(f"{path} is not UTF-8 text: save it as UTF-8") from None
    except OSError as error:
        raise ControlError(f"{path} cannot be read: {error.strerror or error}") from None


def parse_map(text: str, where: str = "map") -> MidiMap:
    """Read a map from its text; `where` is the file's name in errors.

    Raises:
        ControlError: if it has an error; names the line and key of the first one.
    """
    _check_dots(text, where)
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ControlError(f"{where}: {_reason(error)}; correct the file, until then the map in use stays") from None
    bindings = tables.pop("bind", [])
    if not isinstance(bindings, list) or not all(isinstance(table, dict) for table in bindings):
        raise ControlError(f"{where}, line {_line_of(text, 'bind')}, key `bind`: write each binding under [[bind]]")
    if len(bindings) > BINDING_LIMIT:
        raise ControlError(f"{where}: {len(bindings)} bindings; the limit is {BINDING_LIMIT}")
    values = _checked(tables, MAP_KEYS, where, lambda key: _line_of(text, key))
    starts = binding_lines(text)
    read = []
    for index, table in enumerate(bindings):
        start = starts[index] if index < len(starts) else 1
        read.append(_binding(table, where, text, start))
    return MidiMap(**values, bindings=tuple(read))


def _binding(table: dict[str, Any], where: str, text: str, start: int) -> Binding:
    def line(key: str) -> int:
        return _line_of(text, key, start)

    values = _checked(table, BINDING_KEYS, where, line)
    for key in ("control", "target"):
        if key not in values:
            raise ControlError(f"{where}, line {start}, key `{key}`: a binding needs one")
    if "range" in values:
        values["low"], values["high"] = values.pop("range")
    try:
        values["control"] = parse_control(values["control"], values.pop("channel", 0))
    except ControlError as error:
        raise ControlError(f"{where}, line {line('control')}, key `control`: {error}") from None
    try:
        return Binding(**values)
    except ControlError as error:
        raise ControlError(f"{where}, line {line('target')}, key `target`: {error}") from None


def _checked(
    table: dict[str, Any], keys: dict[str, tuple[str, Check]], where: str, line: Callable[[str], int]
) -> dict[str, Any]:
    values = {}
    for key, value in table.items():
        if key not in keys:
            near = difflib.get_close_matches(key, keys, 1)
            hint = f"did you mean `{near[0]}`?" if near else "the keys are " + ", ".join(keys)
            raise ControlError(f"{where}, line {line(key)}, key `{printable(key, 40)}`: there is no such key; {hint}")
        name, check = keys[key]
        try:
            values[name] = check(value)
        except ValueError as error:
            raise ControlError(f"{where}, line {line(key)}, key `{key}`: {_shown(value)} is not {error}") from None
    return values


def _check_dots(text: str, where: str) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        if line.count(".") > DOT_LIMIT:
            raise ControlError(f"{where}, line {number}: over {DOT_LIMIT} dots in one line: split it into several")


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error).replace("\n", " ") if isinstance(error, tomllib.TOMLDecodeError) else "a number is too long"


def _shown(value: Any) -> str:
    try:
        return f"{value!r:.60}"
    except (ValueError, RecursionError):
        return "the value"


def binding_lines(text: str) -> list[int]:
    """Return the line number, from 1, of every `[[bind]]`."""
    return [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line.split("#")[0].replace(" ", "").strip() == "[[bind]]"
    ]


def _line_of(text: str, key: str, start: int = 1) -> int:
    """Return the line of `key` in the table that starts at `start`; `start` if it is not found."""
    for number, line in enumerate(text.splitlines()[start - 1 :], start):
        stripped = line.strip()
        if stripped.startswith("[") and number > start and key != "bind":
            break
        name = stripped.lstrip("[").split("=")[0].split("]")[0].strip().strip("\"'")
        if name == key:
            return number
    return start
