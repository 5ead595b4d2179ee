"""Presets and marks of a model whose sounds have changed: latents and places follow.

Controls have names, so their values stay. A latent's number means a direction of the skeleton, and
a place on the map a region of the path: both are translated. A mark's place is a sound: it follows
a new skeleton.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from distill_engine.analysis.map import LatentMap
from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.audio.arrays import Float64Array
from distill_engine.errors import AnalysisError
from distill_engine.library.marks import LATENT_LIMIT_SIGMA, MarkStore
from distill_engine.library.presetformat import Preset, Value
from distill_engine.library.presets import PresetStore
from distill_engine.modelfile import ModelFile
from distill_engine.models.model_config import ModelConfig
from distill_engine.vocabulary.table import LATENT_COUNT, row

_OFFSETS = [f"/distill/latent/{index}" for index in range(LATENT_COUNT)]
_LIMIT = row(_OFFSETS[0]).maximum or 0.0  # sigma, of an offset to either side
_PLACE = ("/distill/map/x", "/distill/map/y")


@dataclass(frozen=True)
class Meaning:
    """What the values of a model's presets mean: name and digest of the file, skeleton and map."""

    name: str
    digest: str
    skeleton: Skeleton
    latent_map: LatentMap | None

    @staticmethod
    def of_file(path: Path, config: ModelConfig) -> Meaning:
        """Read it from a model file. Raises ModelFileError if there is no skeleton."""
        with ModelFile.open(path) as file:
            skeleton = Skeleton.from_part(file.read_part("model"), config.bands, config.latent_dim, str(path))
            arrays = file.read_part("analysis") if "analysis" in file.parts else {}
            try:
                latent_map = LatentMap.from_part(arrays)
            except AnalysisError:
                latent_map = None
            return Meaning(file.manifest.name, file.digest, skeleton, latent_map)


def carry_presets(store: PresetStore, old: Meaning, new: Meaning) -> int:
    """Translate the presets that were made for `old`; return how many. Raises PresetError."""

    def carried(preset: Preset) -> Preset:
        made_for = preset.skeleton == old.skeleton.digest or (not preset.skeleton and preset.digest == old.digest)
        if not made_for:
            return preset
        values = {**preset.values, **_offsets(preset.values, old, new), **_place(preset.values, old, new)}
        return replace(preset, digest=new.digest, skeleton=new.skeleton.digest, values=values)

    return store.rewrite(old.name, old.digest, carried)


def carry_marks(store: MarkStore, old: Meaning, new: Meaning) -> int:
    """Translate the marks that were placed on `old`'s latents; return how many sets changed.

    Raises PresetError.
    """
    if old.skeleton.digest == new.skeleton.digest:
        return 0
    placed = [marks for marks in store.of_model(old.name, old.digest) if marks.space == old.skeleton.digest]
    for marks in placed:
        moved = tuple(replace(mark, latent=_same_sound(mark.latent, old, new)) for mark in marks.marks)
        store.save(replace(marks, digest=new.digest, space=new.skeleton.digest, marks=moved))
    return len(placed)


def _same_sound(place: tuple[float, ...], old: Meaning, new: Meaning) -> tuple[float, ...]:
    """Return the first latents [K] in `new` of the sound at a place [K] of `old`."""
    count = min(len(place), old.skeleton.basis.shape[1])
    found = _encoded(np.array(place[:count]), old, new)[:count]
    return tuple(np.clip(found, -LATENT_LIMIT_SIGMA, LATENT_LIMIT_SIGMA).tolist()) if count else ()


def _encoded(shape: Float64Array, old: Meaning, new: Meaning) -> Float64Array:
    """Return the latent [D'] in `new` of the sound at a place [K] of `old`.

    The rest of its latents are at the corpus's centre.
    """
    padded = np.zeros(old.skeleton.basis.shape[1])
    padded[: len(shape)] = shape
    return np.asarray(new.skeleton.encode(old.skeleton.decode(padded[:, None]))[:, 0])


def turned(offsets: Float64Array, old: Skeleton, new: Skeleton) -> Float64Array:
    """Return the offsets [D'] in `new` that change the mel as offsets [n] of `old` do.

    n is at most D; both are in sigma. What the new components cannot do is left out.
    """
    count = min(len(offsets), old.basis.shape[1])
    change = old.basis[:, :count].astype(np.float64) @ (old.spread[:count] * offsets[:count])
    return np.asarray((new.basis.T.astype(np.float64) @ change) / new.spread)


def _offsets(values: Mapping[str, Value], old: Meaning, new: Meaning) -> dict[str, Value]:
    """Return a preset's offsets of latents, translated; none where it has none."""
    offsets = np.array([_number(values, address) for address in _OFFSETS])
    if old.skeleton.digest == new.skeleton.digest or not offsets.any():
        return {}
    found = np.clip(turned(offsets, old.skeleton, new.skeleton), -_LIMIT, _LIMIT)
    return {address: round(float(value), 6) for address, value in zip(_OFFSETS, found, strict=False)}


def _place(values: Mapping[str, Value], old: Meaning, new: Meaning) -> dict[str, Value]:
    """Return the place on the new map that sounds most like a preset's place on the old one."""
    if old.latent_map is None or new.latent_map is None or not all(address in values for address in _PLACE):
        return {}
    x, y = (_number(values, address) for address in _PLACE)
    shape = old.latent_map.latent_at(x, y)
    if old.skeleton.digest != new.skeleton.digest:
        shape = _encoded(shape, old, new)
    places = [(x, y), new.latent_map.place_of(shape), *zip(*new.latent_map.points.tolist(), strict=True)]
    apart = [np.linalg.norm(sound - shape[: len(sound)]) for sound in (new.latent_map.latent_at(*at) for at in places)]
    return dict(zip(_PLACE, places[int(np.argmin(apart))], strict=True))


def _number(values: Mapping[str, Value], address: str) -> float:
    """Return a value, 0 where there is none or a text, which recalling the preset refuses."""
    value = values.get(address, 0.0)
    return 0.0 if isinstance(value, str) else float(value)
