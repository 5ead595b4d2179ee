"""What the page shows of models, and what it does with their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from distill_engine.catalogue.files import copy_model, rename_model
from distill_engine.errors import DistillError, LibraryError
from distill_engine.inference.vocoder_choice import plays_through
from distill_engine.library.assets import STARTER, starter_path
from distill_engine.library.folders import maps_dir, presets_dir, recordings_dir
from distill_engine.library.lookup import TAKE_SUFFIX, LibraryModel, find_model, list_models, safe_name
from distill_engine.library.model_notes import read_notes
from distill_engine.library.saved_codes import saved_codes
from distill_engine.modelfile import ModelFile
from distill_engine.system.plain_json import parse
from distill_engine.system.regular_files import open_regular

_CONTROL_FIELDS = ("name", "description", "unit", "low", "high", "rho", "safe", "kind", "measured")
HEADER_BYTES = 64 << 20  # of a take's first line


class Models:
    """The models of the library; each file is read once, and again when it has changed."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int], dict[str, Any]]] = {}

    def rows(self) -> list[dict[str, Any]]:
        """Return the facts of every model, the built-in one last."""
        found = list(list_models())
        if STARTER not in {model.name for model in found}:
            path = starter_path()
            found.append(LibraryModel(STARTER, path, path.stat().st_size, path.stat().st_mtime))
        return [self._row(model) for model in found]

    def details(self, name: str) -> dict[str, Any]:
        """Return all that a model says about itself. Raises LibraryError, ModelFileError."""
        path = find_model(name, allow_paths=False)
        with ModelFile.open(path) as file:
            manifest = file.manifest.to_dict()
        manifest.pop("parts", None)
        manifest["analysis"] = {key: value for key, value in manifest["analysis"].items() if key != "map"}
        return self._read(LibraryModel(name, path, 0, 0.0)) | {"manifest": manifest}

    def sounds(self, name: str) -> frozenset[str]:
        """Return the names of a model's sounds. Raises LibraryError, ModelFileError."""
        with ModelFile.open(find_model(name, allow_paths=False)) as file:
            clips = file.manifest.analysis.get("clips", [])
        return frozenset(map(str, clips)) if isinstance(clips, list) else frozenset()

    def _row(self, model: LibraryModel) -> dict[str, Any]:
        try:
            status = model.path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._known.get(model.path)
            if known is None or known[0] != stamp:
                known = self._known[model.path] = (stamp, self._read(model))
            notes = read_notes(known[1]["digest"]) if known[1].get("digest") else None
        except (DistillError, OSError) as error:
            fault = str(error).removeprefix(f"{model.path}: ").replace(str(model.path), model.path.name)
            return {"name": model.name, "fault": fault}
        written = notes.to_dict() if notes is not None else {}
        return {**known[1], **written, "bytes": status.st_size, "changed": status.st_mtime}

    def _read(self, model: LibraryModel) -> dict[str, Any]:
        """Return what a model file says about itself. Raises ModelFileError."""
        built_in = model.path == starter_path()
        with ModelFile.open(model.path) as file:
            manifest = file.manifest
            corpus, analysis = manifest.corpus, manifest.analysis
            return {
                "name": model.name,
                "fault": "",
                "built_in": built_in,
                "digest": file.digest,
                "created": manifest.created,
                "corpus": {key: corpus.get(key) for key in ("files", "seconds")},
                "controls": [
                    {key: control.get(key) for key in _CONTROL_FIELDS} for control in analysis.get("controls", [])
                ],
                "training": manifest.training,
                "vocoders": manifest.vocoders,
                "codes": {key: manifest.codes.get(key) for key in ("levels", "size", "used")},
                "begun": file.begun(),
                "plays_through": plays_through(file.manifest),
            }

    def rename(self, name: str, new: str) -> str:
        """Give a model another name; presets and notes follow its digest. Raises LibraryError."""
        return rename_model(name, safe_name(new)).stem

    def copy(self, name: str, new: str) -> str:
        """Copy a model in the library. Raises LibraryError."""
        return copy_model(name, safe_name(new)).stem


def shelf() -> dict[str, Any]:
    """Return what else the library holds: takes, codes, and how many presets and MIDI maps."""
    takes = sorted(recordings_dir().glob("*.take"), key=lambda path: path.stat().st_mtime, reverse=True)
    rows = [{"name": path.stem, "bytes": path.stat().st_size, "changed": path.stat().st_mtime} for path in takes]
    codes = [path.stem for path in saved_codes()]
    presets = sum(1 for _ in presets_dir().rglob("*.preset.json"))
    return {"takes": rows, "codes": codes, "presets": presets, "maps": sum(1 for _ in maps_dir().glob("*.toml"))}


def find_take(name: str) -> Path:
    """Return the file of a take. Raises LibraryError."""
    path = recordings_dir() / f"{safe_name(name)}{TAKE_SUFFIX}"
    if not path.is_file():
        raise LibraryError(f"no take {name[:80]!r}")
    return path


def take_models(name: str) -> list[str]:
    """Return the names of the models that played when a take began; none if it does not say.

    Raises LibraryError.
    """
    try:
        with open_regular(find_take(name)) as file:
            header = parse(file.readline(HEADER_BYTES))
        return [str(one["name"]) for one in header["playing"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # of an early version, or damaged: the render says what is wrong


def delete_take(name: str) -> None:
    """Delete a take. Raises LibraryError."""
    find_take(name).unlink()
