"""Presets: the values of all parameters under a name, one small JSON file each, in a folder per model.

A preset's number is its place in the list of its model's presets: that is what program changes and indices count, from 0.
Files come from strangers too: sizes, types, numbers and names are checked before anything is believed.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from distill_engine.errors import PresetError
from distill_engine.library import folders
from distill_engine.library.presetfiles import read_json, remove, write_json

FORMAT = "distill-preset"
VERSION = 1
SUFFIX = ".preset.json"
NAME_LIMIT = 100
VALUE_LIMIT = 1000
PRESET_LIMIT = 10_000

Value = float | int | str


@dataclass(frozen=True)
class Preset:
    """One preset. `values` by address; `digest` is that of the model it was made with; `position` orders the list."""

    name: str
    model: str
    digest: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    position: int = 0

    def fits(self, model: str, digest: str) -> bool:
        """Whether it was made with this model: the same file under any name, or a later training of the same name."""
        return self.model == model or bool(digest and self.digest == digest)


@dataclass(frozen=True)
class DamagedPreset:
    """A file among the presets that is none."""

    path: Path
    reason: str


@dataclass(frozen=True)
class _Known:
    stamp: tuple[int, int, int]
    preset: Preset | DamagedPreset


class PresetStore:
    """All presets under `root` (the library's folder, if none is given). Files are read again when they have changed."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else folders.presets_dir()
        self._known: dict[Path, _Known] = {}

    # ---- reading

    def all(self) -> list[Preset]:
        """Every readable preset of every model, by model, then in order."""
        presets = [item for item in self._scan().values() if isinstance(item, Preset)]
        return sorted(presets, key=lambda preset: (preset.model, preset.position, preset.name))

    def damaged(self) -> list[DamagedPreset]:
        """The files that cannot be read, and why."""
        return [item for item in self._scan().values() if isinstance(item, DamagedPreset)]

    def of_model(self, model: str, digest: str = "") -> list[Preset]:
        """The model's presets in the order of their numbers."""
        fitting = [preset for preset in self.all() if preset.fits(model, digest)]
        return sorted(fitting, key=lambda preset: (preset.position, preset.name))

    def find(self, key: str | int, model: str, digest: str = "") -> Preset:
        """A preset of the model by name or number.

        Raises:
            PresetError: if it is unknown, damaged, or another model's.
        """
        presets = self.of_model(model, digest)
        for preset in presets:
            if isinstance(key, str) and preset.name.casefold() == key.casefold():
                return preset
        if isinstance(key, int) or (key.isascii() and key.isdigit() and len(key) < 6):
            if int(key) < len(presets):
                return presets[int(key)]
            there = f"there are 0 to {len(presets) - 1}" if presets else "there are none yet"
            raise PresetError(f"there is no preset {int(key)} for the model {model or '(none)'}; {there}")
        raise self._unknown(key, model, presets)

    # ---- writing

    def save(self, name: str, model: str, digest: str, values: Mapping[str, Value]) -> Preset:
        """Keep `values` as a preset of the model, without what is excluded; one of this name is replaced in its place.

        Raises:
            PresetError: if the name cannot be one, a value is no number or text, or the file cannot be written.
        """
        name = checked_name(name)
        presets = self.of_model(model, digest)
        old = next((preset for preset in presets if preset.name.casefold() == name.casefold()), None)
        if old is None and len(presets) >= PRESET_LIMIT:
            raise PresetError(f"the model {model} has {PRESET_LIMIT} presets already; delete one")
        position = old.position if old else 1 + max((preset.position for preset in presets), default=-1)
        excluded = self.excluded()
        kept = {address: value for address, value in values.items() if address not in excluded}
        preset = Preset(name, model, digest, checked_values(kept, name), position)
        self._write(preset)
        if old is not None and self.path(old) != self.path(preset):
            remove(self.path(old))
        return preset

    def delete(self, key: str | int, model: str, digest: str = "") -> Preset:
        """Remove a preset; those after it move up. Raises PresetError if there is none such."""
        preset = self.find(key, model, digest)
        remove(self.path(preset))
        return preset

    def rename(self, key: str | int, new_name: str, model: str, digest: str = "") -> Preset:
        """Give a preset another name, at the same place.

        Raises:
            PresetError: if there is none such, or the new name is taken or cannot be one.
        """
        preset = self.find(key, model, digest)
        renamed = replace(preset, name=checked_name(new_name))
        for other in self.of_model(preset.model, digest):
            if other != preset and other.name.casefold() == renamed.name.casefold():
                raise PresetError(f"the preset {other.name} is there already: delete it, or take another name")
        self._write(renamed)
        if self.path(renamed) != self.path(preset):
            remove(self.path(preset))
        return renamed

    def move(self, key: str | int, number: int, model: str, digest: str = "") -> list[Preset]:
        """Put a preset at another place in the list, counted from 0; returns the new list. Raises PresetError."""
        preset = self.find(key, model, digest)
        others = [other for other in self.of_model(model, digest) if other != preset]
        others.insert(min(max(number, 0), len(others)), preset)
        ordered = [replace(other, position=place) for place, other in enumerate(others)]
        for before, after in zip(others, ordered, strict=True):
            if before != after:
                self._write(after)
        return ordered

    # ---- what presets leave alone

    def excluded(self) -> frozenset[str]:
        """Addresses that presets neither store nor recall."""
        path = self.root / "excluded.json"
        if not path.exists():
            return frozenset()
        listed = read_json(path)
        if not isinstance(listed, list) or not all(isinstance(address, str) for address in listed):
            raise PresetError(f"{path} is no list of addresses: correct or delete it")
        return frozenset(listed)

    def exclude(self, address: str, excluded: bool = True) -> frozenset[str]:
        """Leave an address out of presets, or take it in again. Returns all that are left out."""
        now = self.excluded() | {address} if excluded else self.excluded() - {address}
        write_json(self.root / "excluded.json", sorted(now))
        return now

    # ---- in and out

    def export(self, preset: Preset, path: Path) -> None:
        """Write a copy of a preset anywhere; an existing file is not replaced. Raises PresetError."""
        if path.exists():
            raise PresetError(f"{path} exists already: choose another name")
        write_json(path, _to_json(preset))

    def bring_in(self, path: Path, name: str | None = None) -> Preset:
        """Take a preset file into the library. Raises PresetError if it is none, or one of that name is there."""
        return self.take_in(read_preset(path), name)

    def take_in(self, preset: Preset, name: str | None = None) -> Preset:
        """Add a preset after the others of its model. Raises PresetError if one of that name is there."""
        preset = replace(preset, name=checked_name(name)) if name else preset
        presets = self.of_model(preset.model, preset.digest)
        if any(other.name.casefold() == preset.name.casefold() for other in presets):
            raise PresetError(f"the preset {preset.name} of {preset.model} is there already: give another --name")
        preset = replace(preset, position=1 + max((other.position for other in presets), default=-1))
        self._write(preset)
        return preset

    def path(self, preset: Preset) -> Path:
        """The file of a preset."""
        return self.root / file_stem(preset.model or "no model") / (file_stem(preset.name) + SUFFIX)

    # ---- inside

    def _write(self, preset: Preset) -> None:
        write_json(self.path(preset), _to_json(preset))

    def _unknown(self, key: str, model: str, presets: list[Preset]) -> PresetError:
        for other in self.all():
            if other.name.casefold() == key.casefold():
                return PresetError(f"the preset {other.name} belongs to the model {other.model}: load that model first")
        for item in self.damaged():
            if item.path.name.casefold() == (file_stem(key) + SUFFIX).casefold():
                return PresetError(item.reason)
        names = ", ".join(preset.name for preset in presets[:20]) or "none yet"
        return PresetError(f"there is no preset {key[:60]!r} for the model {model or '(none)'}; there are: {names}")

    def _scan(self) -> dict[Path, Preset | DamagedPreset]:
        """Every file, read unless it is known as it stands."""
        known: dict[Path, _Known] = {}
        for path in sorted(self.root.glob(f"*/*{SUFFIX}"))[:PRESET_LIMIT]:
            try:
                status = path.stat()
            except OSError:
                continue
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            old = self._known.get(path)
            known[path] = old if old and old.stamp == stamp else _Known(stamp, self._read(path))
        self._known = known
        return {path: item.preset for path, item in known.items()}

    def _read(self, path: Path) -> Preset | DamagedPreset:
        try:
            preset = read_preset(path)
        except PresetError as error:
            return DamagedPreset(path, str(error))
        if self.path(preset) != path:
            return DamagedPreset(path, f"{path} holds the preset {preset.name} of {preset.model}: import it instead")
        return preset


def read_preset(path: Path) -> Preset:
    """Read one preset file.

    Raises:
        PresetError: if it is none, damaged or too new.
    """
    data = read_json(path)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise PresetError(f"{path} is no preset")
    version = data.get("version")
    if not isinstance(version, int) or not 1 <= version <= VERSION:
        raise PresetError(f"{path} has format version {version!r:.20}, this Distill reads up to {VERSION}: update it")
    texts = [data.get(key, "") for key in ("name", "model", "digest")]
    position = data.get("position", 0)
    if not all(isinstance(text, str) and len(text) <= 200 for text in texts) or type(position) is not int:
        raise PresetError(f"{path} is damaged: its name, model, digest or position is wrong")
    values = data.get("values")
    if not isinstance(values, dict):
        raise PresetError(f"{path} is damaged: it has no values")
    position = min(max(position, 0), 10 * PRESET_LIMIT)
    return Preset(checked_name(texts[0]), texts[1], texts[2], checked_values(values, str(path)), position)


def checked_name(name: str) -> str:
    """A preset's name, stripped. Raises PresetError if it is empty, too long or cannot be shown."""
    name = name.strip()
    if not name or len(name) > NAME_LIMIT or not name.isprintable() or len(file_stem(name)) > 200:
        raise PresetError(f"a preset's name is 1 to {NAME_LIMIT} characters that can be shown, not {name[:40]!r}")
    return name


def checked_values(values: Mapping[str, object], where: str) -> dict[str, Value]:
    """Values as a preset may have them. Raises PresetError for anything but finite numbers and short texts."""
    if len(values) > VALUE_LIMIT:
        raise PresetError(f"{where}: {len(values)} values, {VALUE_LIMIT} are the most")
    checked: dict[str, Value] = {}
    for address, value in values.items():
        number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
        text = isinstance(value, str) and len(value) <= 1000
        if not re.fullmatch(r"/distill/[^\s]{1,200}", address) or not (number or text):
            raise PresetError(f"{where} is damaged: {address[:60]!r} = {value!r:.60}")
        checked[address] = value  # type: ignore[assignment]
        if isinstance(value, float) and not math.isfinite(value):
            raise PresetError(f"{where} is damaged: {address[:60]!r} is not a finite number")
    return checked


def file_stem(name: str) -> str:
    """A name as a file name on every system: what could mean something to one is written %XX.

    >>> file_stem("dusk/dawn?"), file_stem("con"), file_stem("plain name")
    ('dusk%2Fdawn%3F', '%63on', 'plain name')
    """
    stem = quote(name, safe=" -_,()+=@#!'", errors="backslashreplace")
    stem = re.sub(r"^[ .]|[ .]$", lambda found: f"%{ord(found.group()):02X}", stem)
    if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)", stem):
        stem = f"%{ord(stem[0]):02X}{stem[1:]}"
    return stem


def _to_json(preset: Preset) -> dict[str, object]:
    return {"format": FORMAT, "version": VERSION, **asdict(replace(preset, values=dict(preset.values)))}
