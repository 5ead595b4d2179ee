"""The map files of all controllers: found by port, reloaded after changes, written by learning."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from distill_control.client_patches import Panel
from distill_control.client_patches.midimaps import LAYOUTS, Layout, midi_map
from distill_control.midi.maps.binding import Binding, MidiMap
from distill_control.midi.maps.mapfile import binding_lines, parse_map, read_text
from distill_control.midi.maps.mapwriter import format_map, save_text, with_binding, without_bindings
from distill_engine.errors import ControlError
from distill_engine.system.file_lock import turn
from distill_engine.system.regular_files import Stamp, stamp_of

Notify = Callable[[str, str], None]

POLL_SECONDS = 0.5
"""Least time between two looks for changed files."""


@dataclass
class _Entry:
    """A map file: its stamp when it was read, and its map (None if it never was valid)."""

    stamp: Stamp | None
    map: MidiMap | None


class MapStore:
    """The map files in `folder`, one per controller; `explicit` (`--map`) has priority."""

    def __init__(self, folder: Path, explicit: Path | None, notify: Notify) -> None:
        self.folder = folder
        self.explicit = explicit
        self._notify = notify
        self._entries: dict[Path, _Entry] = {}
        self._polled = float("-inf")
        self.reload()

    def poll(self, now: float) -> bool:
        """Reload changed files, at most twice a second; return whether a map has changed."""
        if now - self._polled < POLL_SECONDS:
            return False
        self._polled = now
        return self.reload()

    def reload(self) -> bool:
        """Read new and changed files; return whether a map has changed.

        A file with an error is reported once; its last valid map stays in use.
        """
        paths = self._paths()
        gone = [self._entries.pop(path) for path in list(self._entries) if path not in paths]
        changed = any(entry.map is not None for entry in gone)
        for path in paths:
            changed = self._read(path) or changed
        return changed

    def for_port(self, port: str) -> MidiMap:
        """Return the map for a port.

        It is the explicit one, else the first whose `port` is part of the port's name, else the one
        that is shipped for this controller, else an empty one.
        """
        return self._find(port)[1]

    def learned(self, port: str, binding: Binding) -> Path:
        """Save a learned binding in the port's map file, replacing those of its target or control.

        Returns the file's path.

        Raises:
            ControlError: if the file cannot be read or written.
        """
        with self._current(port) as (path, midi_map):
            replaced = replaced_by(midi_map, binding)
            text = self._text(path, midi_map)
            self._write(path, with_binding(without_bindings(text, replaced), binding))
            return path

    def forget(self, port: str, target: str) -> None:
        """Remove all bindings of an address from the port's map file.

        Raises:
            ControlError: if the file cannot be read or written.
        """
        with self._current(port) as (path, midi_map):
            indices = {index for index, binding in enumerate(midi_map.bindings) if binding.target == target}
            if indices:
                self._write(path, without_bindings(self._text(path, midi_map), indices))

    @contextmanager
    def _current(self, port: str) -> Iterator[tuple[Path, MidiMap]]:
        """Hold the port's map file, as it is now, while it is changed: other processes wait.

        Raises:
            ControlError: if another process keeps it for too long.
        """
        path = self._find(port)[0]
        with turn(path, ControlError):
            self.reload()
            yield path, self._find(port)[1]

    def _paths(self) -> list[Path]:
        try:
            found = sorted(self.folder.glob("*.toml"))
        except OSError:
            found = []
        explicit = [self.explicit] if self.explicit is not None else []
        return explicit + [path for path in found if path != self.explicit]

    def _read(self, path: Path) -> bool:
        stamp = stamp_of(path)
        entry = self._entries.get(path)
        if entry is not None and entry.stamp == stamp:
            return False
        before = entry.map if entry else None
        try:
            now: MidiMap | None = parse_map(read_text(path), str(path))
        except ControlError as error:
            self._notify("error", str(error))
            now = before
        self._entries[path] = _Entry(stamp, now)
        return now != before

    def _find(self, port: str) -> tuple[Path, MidiMap]:
        for path, entry in self._entries.items():
            if entry.map is None:
                continue
            wanted = entry.map.port.casefold()
            if (wanted and wanted in port.casefold()) or (path == self.explicit and not wanted):
                return path, entry.map
        known = known_map(port)
        name = known.name if known else _plain_name(port)
        stem = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "controller"
        path = self.folder / f"{stem}.toml"
        if path in self._entries:
            path = self.folder / f"{stem}-learned.toml"
        return path, known or MidiMap(name=name, port=name)

    def _text(self, path: Path, midi_map: MidiMap) -> str:
        """Return the text of the file that `midi_map` was read from, or of a new file.

        Raises:
            ControlError: if the file has changed since, or has bindings that are not under
                [[bind]].
        """
        if path not in self._entries:
            return format_map(midi_map)
        text = read_text(path)
        if parse_map(text, str(path)) != midi_map:
            raise ControlError(f"{path} has just been changed; try again")
        if len(binding_lines(text)) != len(midi_map.bindings):
            raise ControlError(f"{path} cannot be changed here: write each of its bindings under [[bind]]")
        return text

    def _write(self, path: Path, text: str) -> None:
        read = parse_map(text, str(path))
        save_text(path, text)
        self._entries[path] = _Entry(stamp_of(path), read)


def known_map(port: str) -> MidiMap | None:
    """Return the map that is shipped for a controller with this port name, or None."""
    for layout in LAYOUTS.values():
        if layout.port.casefold() in port.casefold():
            return _built_in(layout)
    return None


@lru_cache
def _built_in(layout: Layout) -> MidiMap:
    return parse_map(midi_map(layout, Panel()), layout.name)


def replaced_by(midi_map: MidiMap, binding: Binding) -> set[int]:
    """Return the indices of the bindings that a learned one replaces: of its target or control."""
    return {
        index
        for index, other in enumerate(midi_map.bindings)
        if other.target == binding.target or other.control.covers(binding.control)
    }


def with_learned(midi_map: MidiMap, binding: Binding) -> MidiMap:
    """Return the map with a learned binding."""
    gone = replaced_by(midi_map, binding)
    kept = tuple(other for index, other in enumerate(midi_map.bindings) if index not in gone)
    return replace(midi_map, bindings=(*kept, binding))


def _plain_name(port: str) -> str:
    """Return a port's name without the numbers that ALSA appends (`nanoKONTROL2 MIDI 1 24:0`)."""
    return re.sub(r"(\s+\d+:\d+|\s+\d+)$", "", port).strip() or "controller"
