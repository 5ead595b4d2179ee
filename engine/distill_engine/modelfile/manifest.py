"""`manifest.json`: a model file's description of itself."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from distill_engine.errors import ModelFileError
from distill_engine.modelfile.archive import is_member_name
from distill_engine.modelfile.tensors import parse_json
from distill_engine.system.names import name_fault, normalised, printable
from distill_engine.vocabulary.rows import CONTROL_COUNT

FORMAT = "distillgan"
VERSION = 1
MAX_MANIFEST = 16 << 20  # bytes
MAX_TEXT = 256  # characters of a name, date or family
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TABLES = ("mel", "model", "vocoders", "corpus", "training", "analysis", "codes")


@dataclass(frozen=True)
class PartEntry:
    """Length and SHA-256 (64 hex digits) of a part or graph."""

    sha256: str
    bytes: int


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Manifest:
    """Contents of `manifest.json`: tables of plain JSON.

    Saving fills in `parts`; `extra` keeps unknown keys. `family` is the latent model's, "" in a
    file with vocoders only. `vocoders` maps a kind to a table of "config", "epochs", "steps",
    "validation" and "usable". `created` is ISO 8601 in UTC.
    """

    name: str = ""
    family: str = ""
    created: str = field(default_factory=_now)
    mel: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    vocoders: Mapping[str, Any] = field(default_factory=dict)
    corpus: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    analysis: Mapping[str, Any] = field(default_factory=dict)
    codes: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, PartEntry] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the digests of latent model and vocoders: it identifies the sound."""
        rows = [f"{name} {entry.sha256}" for name, entry in self.parts.items() if name == "model" or is_vocoder(name)]
        return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()

    @property
    def settings_digest(self) -> str:
        """SHA-256 (hex) of what the sound follows from besides the parts: controls and level."""
        settings = _plain([self.analysis.get("controls", []), self.analysis.get("trim_db", 0.0)])
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()

    def part_digest(self, name: str) -> str:
        """Return the SHA-256 (hex) of a part, "" for one that is not there."""
        return self.parts[name].sha256 if name in self.parts else ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; numbers that are not finite become None."""
        parts = {name: {"sha256": entry.sha256, "bytes": entry.bytes} for name, entry in sorted(self.parts.items())}
        head = {"format": FORMAT, "version": VERSION, "name": self.name, "created": self.created, "family": self.family}
        tables = {name: getattr(self, name) for name in _TABLES}
        plain: dict[str, Any] = _plain({**head, **tables, "parts": parts, **self.extra})
        return plain

    def to_json(self) -> bytes:
        """Return indented JSON in UTF-8."""
        return (json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes, where: str) -> Manifest:
        """Read the bytes of `manifest.json`; `where` names the file. Raises ModelFileError."""
        values = parse_json(data, f"{where}: manifest")
        if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
            raise ModelFileError(f"{where}: v1 model: retrain with `distill train`")
        version = values.pop("version", None)
        if type(version) is not int or version < 1:
            raise ModelFileError(f"{where}: format version '{printable(str(version), 20)}' is unknown: damaged")
        if version > VERSION:
            raise ModelFileError(f"{where}: format version {version}, this Distill reads {VERSION}: update Distill")
        name, created, family = (_text(values.pop(key, ""), key, where) for key in ("name", "created", "family"))
        name = normalised(name)
        tables = {key: values.pop(key, {}) for key in _TABLES}
        for key, table in tables.items():
            if not isinstance(table, dict):
                raise ModelFileError(f"{where}: {key!r} in the manifest is not a table: damaged")
        if "controls" in tables["analysis"]:
            tables["analysis"]["controls"] = _controls(tables["analysis"]["controls"], where)
        for kind, row in tables["vocoders"].items():
            if not _is_vocoder_row(row):
                raise ModelFileError(
                    f"{where}: vocoder '{printable(kind, 40)}' in the manifest is described wrongly: damaged"
                )
        parts = _entries(values.pop("parts", None), where)
        return cls(name, family, created, **tables, parts=parts, extra=values)


def printable_name(text: str) -> str:
    """Return any text, such as a file's name, as a name for a manifest.

    Unprintable characters are left out, whitespace becomes spaces.
    """
    shown = (c if c.isprintable() else " " if c.isspace() else "" for c in _encodable(text))
    return "".join(shown)[:MAX_TEXT]


def is_vocoder(part: str) -> bool:
    """Return whether a part holds the weights of one of the model's own vocoders."""
    return part.startswith("vocoder/")


def _controls(controls: Any, where: str) -> list[dict[str, Any]]:
    """Return the rows of the controls, whose names become parts of OSC addresses, patches and maps.

    The names are in Unicode's composed form, by which they are found. Raises ModelFileError.
    """
    if not isinstance(controls, list) or len(controls) > CONTROL_COUNT:
        raise ModelFileError(f"{where}: the manifest's controls are not a list of up to {CONTROL_COUNT}: damaged")
    for row in controls:
        name = row.get("name") if isinstance(row, dict) else None
        fault = name_fault(name, address=True) if isinstance(name, str) else "it is no text"
        if fault:
            raise ModelFileError(f"{where}: a control has no usable name ({fault}): run `distill analyse` again")
    return [{**row, "name": normalised(row["name"])} for row in controls]


def _is_vocoder_row(row: Any) -> bool:
    """Return whether the values of a vocoder's row have the types that its readers expect."""
    if not isinstance(row, dict) or not all(isinstance(row.get(key, {}), dict) for key in ("config", "validation")):
        return False
    counts = [row.get(key, 0) for key in ("epochs", "steps")]
    return isinstance(row.get("usable", False), bool) and all(type(n) is int and 0 <= n < 1 << 53 for n in counts)


def _text(value: Any, name: str, where: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        raise ModelFileError(f"{where}: {name!r} in the manifest is not a short plain text: damaged")
    return value


def _entries(value: Any, where: str) -> dict[str, PartEntry]:
    if not isinstance(value, dict):
        raise ModelFileError(f"{where}: the manifest lists no parts: damaged")
    entries = {}
    for name, row in value.items():
        fields = row if isinstance(row, dict) else {}
        sha256, size = fields.get("sha256"), fields.get("bytes")
        whole = isinstance(sha256, str) and _SHA256.fullmatch(sha256) and type(size) is int and size >= 0
        if not is_member_name(name) or not whole:
            raise ModelFileError(f"{where}: part '{printable(name, 40)}' in the manifest is described wrongly: damaged")
        entries[name] = PartEntry(str(sha256), int(fields["bytes"]))
    return entries


def _encodable(text: str) -> str:
    """Return `text` with lone surrogates (of file names that are not UTF-8) as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _plain(value: Any) -> Any:
    """Return `value` as JSON can hold it.

    Arrays become lists, numbers that are not finite become None, lone surrogates become escapes.
    """
    if isinstance(value, Mapping):
        return {_encodable(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int)):
        return value
    return _encodable(str(value))
