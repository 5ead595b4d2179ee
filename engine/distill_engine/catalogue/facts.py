"""Facts of model files for lists; each file is read once, and again when it has changed.

The facts are kept in one file of the cache, by path, size and time of change. A cache that is
damaged, or of another version, is made anew. Nothing here needs numpy before a file must be read.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from distill_engine.errors import DistillError
from distill_engine.library import assets
from distill_engine.library.assets import STARTER, starter_path
from distill_engine.library.folders import cache_dir, ensure, notes_dir
from distill_engine.library.lookup import LibraryModel, list_models
from distill_engine.library.model_notes import ModelNotes, read_notes
from distill_engine.system.atomic_write import write_file
from distill_engine.system.plain_json import parse
from distill_engine.system.regular_files import read_small

VERSION = 1
CACHE = "models.json"
CACHE_BYTES = 64 << 20  # of the cache, at most: some 50,000 models

Facts = dict[str, Any]


def model_facts(folder: Path | None = None) -> list[Facts]:
    """Return the facts of all models below `folder`, by default the library's and the built-in one.

    A file that cannot be read has its `fault`. Notes and tags come with it.
    """
    models = list(list_models(folder))
    if folder is None and STARTER not in {model.name for model in models}:
        with contextlib.suppress(DistillError, OSError):  # an installation without it lists the others
            status = starter_path().stat()
            models.append(LibraryModel(STARTER, starter_path(), status.st_size, status.st_mtime_ns / 1e9))
    written = _written_notes()
    return [_row(model, facts, written) for model, facts in _read_all(models)]


def find_digest(digest: str, rows: Iterable[Facts] | None = None) -> Path | None:
    """Return the file of the library whose sound has a digest that begins so, None if none has."""
    found = model_facts() if rows is None else rows
    return next((Path(row["path"]) for row in found if digest and row.get("digest", "").startswith(digest)), None)


def _row(model: LibraryModel, facts: Facts, written: frozenset[str]) -> Facts:
    notes = ModelNotes()
    if facts.get("digest") in written:
        with contextlib.suppress(DistillError):  # the notes say so themselves where they are changed
            notes = read_notes(facts["digest"])
    built_in = model.path.parent == assets.assets_dir()
    head = {"name": model.name, "path": str(model.path), "built_in": built_in, "bytes": model.size}
    return {**head, "changed": model.modified, **facts, **notes.to_dict()}


def _written_notes() -> frozenset[str]:
    return frozenset(path.stem for path in notes_dir().glob("*.json"))


def _read_all(models: Iterable[LibraryModel]) -> list[tuple[LibraryModel, Facts]]:
    """Return every model with its facts, and keep those that were read now."""
    path = cache_dir() / CACHE
    known = _cached(path)
    fresh, found = False, []
    for model in models:
        stamp = [model.size, model.modified]
        held = known.get(str(model.path))
        if held is None or held[0] != stamp:
            fresh = True
            held = known[str(model.path)] = [stamp, _read(model.path)]
        found.append((model, held[1]))
    if fresh:
        kept = {name: held for name, held in known.items() if Path(name).exists()}
        with contextlib.suppress(DistillError, OSError):  # without a cache the next list takes longer
            ensure(path.parent)
            write_file(path, json.dumps({"version": VERSION, "models": kept}, ensure_ascii=False).encode())
    return found


def _cached(path: Path) -> dict[str, Any]:
    """Return the cache's table; an empty one if there is none that can be used."""
    try:
        table = parse(read_small(path, CACHE_BYTES))
        models = table["models"] if table["version"] == VERSION else {}
        return {name: held for name, held in models.items() if isinstance(held[1]["fault"], str)}
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return {}


def _read(path: Path) -> Facts:
    """Return what a model file says of itself, or its fault."""
    from distill_engine.inference.vocoder_choice import plays_through
    from distill_engine.modelfile import ModelFile

    try:
        with ModelFile.open(path) as file:
            return _facts(file.manifest.to_dict(), file.digest, plays_through(file.manifest))
    except (DistillError, OSError) as error:
        return {"fault": str(error).removeprefix(f"{path}: ")}


def _facts(manifest: Mapping[str, Any], digest: str, plays_through: Mapping[str, str]) -> Facts:
    corpus, training, analysis = manifest["corpus"], manifest["training"], manifest["analysis"]
    trained = training.get("model") if isinstance(training.get("model"), dict) else {}
    controls = analysis.get("controls")
    return {
        "fault": "",
        "digest": digest,
        "family": manifest["family"],
        "created": manifest["created"],
        "corpus": {key: corpus.get(key) for key in ("files", "seconds")},
        "training": {key: (trained or {}).get(key) for key in ("epochs", "seconds", "best_log_mel", "verdict")},
        "controls": len(controls) if isinstance(controls, list) else 0,
        "vocoders": {kind: _vocoder(entry) for kind, entry in manifest["vocoders"].items()},
        "plays_through": dict(plays_through),
        "holds_sounds": manifest["model"].get("version") == 2 and bool(analysis.get("clips")),
    }


def _vocoder(entry: Mapping[str, Any]) -> Facts:
    figures = entry.get("validation") if isinstance(entry.get("validation"), dict) else {}
    return {
        "usable": bool(entry.get("usable")),
        "reason": str(entry.get("reason", "")),
        "epochs": entry.get("epochs"),
        "log_mel": (figures or {}).get("log_mel"),
        "base_log_mel": (figures or {}).get("base_log_mel"),
    }
