"""A preset: named values of a model's parameters, and the small JSON file that holds them.

Preset files may come from strangers: sizes, types, numbers and names are checked before use.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from distill_engine.errors import PresetError
from distill_engine.library.presetfiles import read_json
from distill_engine.library.presetnames import old_name
from distill_engine.system.names import normalised, printable

FORMAT = "distill-preset"
VERSION = 1
VALUE_LIMIT = 1000  # values of a preset
PRESET_LIMIT = 10_000  # presets of a model

Value = float | int | str


@dataclass(frozen=True)
class Preset:
    """One preset: `values` by address, the model's `digest`, and its `position` in the list.

    `skeleton` is the digest of the model's skeleton, which says what latents by number mean. It is
    empty for a model of version 1, and in the files of an earlier Distill.
    """

    name: str
    model: str
    digest: str = ""
    values: Mapping[str, Value] = field(default_factory=dict)
    position: int = 0
    skeleton: str = ""

    def fits(self, model: str, digest: str) -> bool:
        """Return whether it belongs to this model: the same file, or one of the same name.

        The same file may have another name; a file of the same name may be a later training.
        """
        return normalised(self.model) == normalised(model) or bool(digest and self.digest == digest)


def read_preset(path: Path) -> Preset:
    """Read one preset file.

    Raises:
        PresetError: if it is not a preset, damaged or too new.
    """
    data = read_json(path)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise PresetError(f"{path} is not a preset")
    version = data.get("version")
    if not isinstance(version, int) or not 1 <= version <= VERSION:
        raise PresetError(f"{path} has format version {version!r:.20}, this Distill reads up to {VERSION}: update it")
    texts = [data.get(key, "") for key in ("name", "model", "digest", "skeleton")]
    position = data.get("position", 0)
    if not all(isinstance(text, str) and len(text) <= 200 for text in texts) or type(position) is not int:
        raise PresetError(f"{path} is damaged: its name, model, digest, skeleton or position is wrong")
    values = data.get("values")
    if not isinstance(values, dict):
        raise PresetError(f"{path} is damaged: it has no values")
    position = min(max(position, 0), 10 * PRESET_LIMIT)
    name, model, digest, skeleton = texts
    return Preset(old_name(name), model, digest, checked_values(values, str(path)), position, skeleton)


def checked_values(values: Mapping[str, object], where: str) -> dict[str, Value]:
    """Return the values, checked. Raises PresetError for all but finite numbers and short texts."""
    if len(values) > VALUE_LIMIT:
        raise PresetError(f"{where}: {len(values)} values, at most {VALUE_LIMIT} are allowed")
    checked: dict[str, Value] = {}
    for address, value in values.items():
        number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
        text = isinstance(value, str) and len(value) <= 1000
        if not re.fullmatch(r"/distill/[^\s]{1,200}", address) or not (number or text):
            raise PresetError(f"{where} is damaged: '{printable(address, 60)}' = {value!r:.60}")
        checked[address] = value  # type: ignore[assignment]
        if isinstance(value, float) and not math.isfinite(value):
            raise PresetError(f"{where} is damaged: '{printable(address, 60)}' is not a finite number")
    return checked


def to_json(preset: Preset) -> dict[str, object]:
    """Return what a preset's file holds."""
    return {"format": FORMAT, "version": VERSION, **asdict(replace(preset, values=dict(preset.values)))}
