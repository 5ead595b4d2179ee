"""The presets of the library: one small JSON file each, in one folder per model.

A preset's number is its position in the list of its model's presets, from 0; program changes and
indices count by it.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from distill_engine.errors import LibraryError, PresetError
from distill_engine.library import folders
from distill_engine.library.history.trash import Trash
from distill_engine.library.presetfiles import read_json, remove, write_json, write_new
from distill_engine.library.presetformat import Preset as Preset
from distill_engine.library.presetformat import Value as Value
from distill_engine.library.presetformat import checked_values as checked_values
from distill_engine.library.presetformat import checked_words, room_at, to_json
from distill_engine.library.presetformat import read_preset as read_preset
from distill_engine.library.presetnames import checked_name, file_stem, model_folder
from distill_engine.system.file_lock import turn
from distill_engine.system.names import printable, same_name
from distill_engine.system.regular_files import Stamp, stamp_of

SUFFIX = ".preset.json"
PRESET_LIMIT = 10_000  # presets of a model


@dataclass(frozen=True)
class DamagedPreset:
    """A file among the presets that cannot be read, and why."""

    path: Path
    reason: str


@dataclass(frozen=True)
class _Known:
    stamp: Stamp
    preset: Preset | DamagedPreset


class PresetStore:
    """All presets below `root` (the library's folder by default); changed files are read again."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else folders.presets_dir()
        self._excluded_path = self.root / "excluded.json"
        self._known: dict[Path, _Known] = {}

    # ---- reading

    def all(self) -> list[Preset]:
        """Return every readable preset, by model and position."""
        presets = [item for item in self._scan().values() if isinstance(item, Preset)]
        return sorted(presets, key=lambda preset: (preset.model, preset.position, preset.name))

    def damaged(self) -> list[DamagedPreset]:
        """Return the files that cannot be read, and why."""
        return [item for item in self._scan().values() if isinstance(item, DamagedPreset)]

    def of_model(self, model: str, digest: str = "") -> list[Preset]:
        """Return the model's presets in the order of their numbers."""
        fitting = [preset for preset in self.all() if preset.fits(model, digest)]
        return sorted(fitting, key=lambda preset: (preset.position, preset.name))

    def find(self, key: str | int, model: str, digest: str = "") -> Preset:
        """Return a preset of the model by name or number.

        Raises:
            PresetError: if it is unknown, damaged, or another model's.
        """
        presets = self.of_model(model, digest)
        for preset in presets:
            if isinstance(key, str) and same_name(preset.name, key):
                return preset
        if isinstance(key, int) or (key.isascii() and key.isdigit() and len(key) < 6):
            if int(key) < len(presets):
                return presets[int(key)]
            there = f"there are 0 to {len(presets) - 1}" if presets else "there are none yet"
            raise PresetError(f"there is no preset {int(key)} for the model {model or '(none)'}; {there}")
        raise self._unknown(key, model, presets)

    # ---- writing

    def save(self, name: str, model: str, digest: str, values: Mapping[str, Value], skeleton: str = "") -> Preset:
        """Save `values` as a preset of the model, without excluded addresses.

        A preset of this name is replaced and keeps its number; its old values go to the trash.
        `skeleton` is the model's.

        Raises:
            PresetError: if the name is not allowed, a value is neither number nor text, or writing
                fails.
        """
        with self._turn(model):
            presets = self.of_model(model, digest)
            old = next((preset for preset in presets if same_name(preset.name, name.strip())), None)
            name = checked_name(name, old.name if old else None)
            if old is None and len(presets) >= PRESET_LIMIT:
                raise PresetError(f"the model {model} has {PRESET_LIMIT} presets already; delete one")
            position = old.position if old else _after(presets)
            excluded = self.excluded()
            kept = {address: value for address, value in values.items() if address not in excluded}
            preset = Preset(name, model, digest, checked_values(kept, name), position, skeleton=skeleton)
            if old is not None:
                preset = replace(preset, folder=old.folder, tags=old.tags, note=old.note)
                self._keep_old(old, preset.values)
            self._write(preset)
            if old is not None and self.path(old) != self.path(preset):
                remove(self.path(old))
            return preset

    def _keep_old(self, preset: Preset, values: Mapping[str, Value]) -> None:
        """Keep a preset that is about to be replaced by other values."""
        if dict(preset.values) != dict(values):
            _trashed(Trash().keep, self.path(preset), preset.name)

    def delete(self, key: str | int, model: str, digest: str = "") -> Preset:
        """Move a preset to the trash; those after it move up. Raises PresetError."""
        with self._turn(model):
            preset = self.find(key, model, digest)
            _trashed(Trash().put, self.path(preset), preset.name)
            return preset

    def rename(self, key: str | int, new_name: str, model: str, digest: str = "") -> Preset:
        """Give a preset another name; it keeps its number.

        Raises:
            PresetError: if there is no such preset, or the new name is taken or not allowed.
        """
        with self._turn(model):
            preset = self.find(key, model, digest)
            renamed = replace(preset, name=checked_name(new_name))
            for other in self.of_model(preset.model, digest):
                if other != preset and same_name(other.name, renamed.name):
                    raise PresetError(f"the preset {other.name} is there already: delete it, or take another name")
            self._write(renamed)
            if self.path(renamed) != self.path(preset):
                remove(self.path(preset))
            return renamed

    def move(self, key: str | int, number: int, model: str, digest: str = "") -> list[Preset]:
        """Give a preset another number, from 0; returns the new list. Raises PresetError."""
        with self._turn(model):
            preset = self.find(key, model, digest)
            others = [other for other in self.of_model(model, digest) if other != preset]
            at = min(max(number, 0), len(others))
            first, positions = room_at([other.position for other in others], at)
            others.insert(at, preset)
            for index, position in enumerate(positions, first):
                if others[index].position != position:
                    others[index] = replace(others[index], position=position)
                    self._write(others[index])
            return others

    def describe(
        self, preset: Preset, *, folder: str | None = None, tags: Iterable[str] | None = None, note: str | None = None
    ) -> Preset:
        """Give a preset a folder ("" for none), tags or a note; what is None stays. PresetError."""
        with self._turn(preset.model):
            now = self.find(preset.name, preset.model, preset.digest)
            words = checked_words(
                now.folder if folder is None else folder, now.tags if tags is None else tags,
                now.note if note is None else note,
            )  # fmt: skip
            described = replace(now, folder=words[0], tags=words[1], note=words[2])
            self._write(described)
            return described

    def rewrite(self, model: str, digest: str, change: Callable[[Preset], Preset]) -> int:
        """Replace each preset of the model by what `change` makes of it; return how many differ.

        `change` keeps name and model. Raises PresetError.
        """
        with self._turn(model):
            pairs = [(preset, change(preset)) for preset in self.of_model(model, digest)]
            changed = [after for before, after in pairs if after != before]
            for preset in changed:
                self._write(preset)
            return len(changed)

    # ---- excluded addresses

    def excluded(self) -> frozenset[str]:
        """Addresses that presets neither store nor recall."""
        path = self._excluded_path
        if not path.exists():
            return frozenset()
        listed = read_json(path)
        if not isinstance(listed, list) or not all(isinstance(address, str) for address in listed):
            raise PresetError(f"{path} is not a list of addresses: correct or delete it")
        return frozenset(listed)

    def exclude(self, address: str, excluded: bool = True) -> frozenset[str]:
        """Exclude an address from presets, or include it again. Returns all excluded addresses."""
        with turn(self._excluded_path, PresetError):
            now = self.excluded() | {address} if excluded else self.excluded() - {address}
            write_json(self._excluded_path, sorted(now))
            return now

    # ---- in and out

    def export(self, preset: Preset, path: Path) -> None:
        """Write a copy of a preset to a new file. Raises PresetError, also if the file exists."""
        write_new(path, to_json(preset))

    def take_in(self, preset: Preset, name: str | None = None) -> Preset:
        """Add a preset after the others of its model.

        Raises PresetError if its name is taken or not allowed.
        """
        preset = replace(preset, name=checked_name(name or preset.name, way=": give another --name"))
        with self._turn(preset.model):
            presets = self.of_model(preset.model, preset.digest)
            if any(same_name(other.name, preset.name) for other in presets):
                raise PresetError(f"the preset {preset.name} of {preset.model} is there already: give another --name")
            preset = replace(preset, position=_after(presets))
            self._write(preset)
            return preset

    def stamps(self, presets: Iterable[Preset]) -> list[Stamp | None]:
        """Return what changes when the files of these presets or the excluded addresses do."""
        return [stamp_of(path) for path in (self._excluded_path, *map(self.path, presets))]

    def path(self, preset: Preset) -> Path:
        """Return the file of a preset."""
        return model_folder(self.root, preset.model) / (file_stem(preset.name) + SUFFIX)

    # ---- inside

    def _turn(self, model: str) -> AbstractContextManager[None]:
        """Hold a model's presets while they change: their numbers depend on each other."""
        return turn(model_folder(self.root, model), PresetError)

    def _write(self, preset: Preset) -> None:
        write_json(self.path(preset), to_json(preset))

    def _unknown(self, key: str, model: str, presets: list[Preset]) -> PresetError:
        for other in self.all():
            if same_name(other.name, key):
                return PresetError(f"the preset {other.name} belongs to the model {other.model}: load that model first")
        for item in self.damaged():
            if item.path.name.casefold() == (file_stem(key) + SUFFIX).casefold():
                return PresetError(item.reason)
        names = ", ".join(preset.name for preset in presets[:20]) or "none yet"
        return PresetError(
            f"there is no preset '{printable(key)}' for the model {model or '(none)'}; there are: {names}"
        )

    def _scan(self) -> dict[Path, Preset | DamagedPreset]:
        """Return every file's preset; reads those that are new or have changed."""
        known: dict[Path, _Known] = {}
        for path in self._files():
            if (stamp := stamp_of(path)) is None:
                continue
            old = self._known.get(path)
            known[path] = old if old and old.stamp == stamp else _Known(stamp, self._read(path))
        self._known = known
        return {path: item.preset for path, item in known.items()}

    def _files(self) -> Iterator[Path]:
        """Return the files of all presets, of each model as many as it may have."""
        paths = sorted(self.root.glob(f"*/*{SUFFIX}"))
        for _, of_model in itertools.groupby(paths, key=lambda path: path.parent):
            yield from itertools.islice(of_model, PRESET_LIMIT)

    def _read(self, path: Path) -> Preset | DamagedPreset:
        try:
            preset = read_preset(path)
        except PresetError as error:
            return DamagedPreset(path, str(error))
        if self.path(preset) != path:
            return DamagedPreset(path, f"{path} holds the preset {preset.name} of {preset.model}: import it instead")
        return preset


def _after(presets: Iterable[Preset]) -> int:
    """Return a position behind those of all these presets."""
    return 1 + max((math.floor(preset.position) for preset in presets), default=-1)


def _trashed(act: Callable[[Path, str, str], object], path: Path, name: str) -> None:
    try:
        act(path, "preset", name)
    except LibraryError as error:
        raise PresetError(str(error)) from None
