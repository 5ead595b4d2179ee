"""Records of published weights on this machine: where they are, what they are, whether undamaged.

A set of weights is a folder with `generator.safetensors` and `record.json`. Weights from the hub
lie next to the hub's own cache (`<hub cache>/distill/<owner>--<name>`), weights added by the user
in a folder of their name below a parent folder. Nothing in this module uses the network; `download`
does, once.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from distill_engine.audio.mel_config import MelConfig
from distill_engine.errors import ConfigError, WeightsError
from distill_engine.system.names import printable
from distill_engine.system.regular_files import reason_of, sha256_of
from distill_engine.vocoders.bigvgan import PINS
from distill_engine.vocoders.weights.convert import convert, read_json, write_atomically
from distill_engine.vocoders.weights.generators import check_generator, check_mel, published_config

TENSORS = "generator.safetensors"
RECORD = "record.json"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,40}")
_TYPES = {"config": dict, "mel": dict, "size": int, "converted_size": int}  # all others are texts
RESERVED = ("auto", "base", "hifigan", "vocos")


@dataclass(frozen=True)
class WeightsRecord:
    """Facts about one set of weights.

    Attributes:
        name: by which users refer to it.
        kind: kind of vocoder.
        source: the hub's repository, or the path that the user gave.
        config: the network's config as a dict.
        mel: the mel that the weights were trained on, as a dict.
        revision: commit that the hub resolved the pinned revision to.
        file: name of the published checkpoint.
        size: its size in bytes.
        sha256: its SHA-256.
        converted_size: size of `tensors` in bytes.
        converted_sha256: SHA-256 of `tensors`.
        folder: where the record lies; not part of it.
    """

    name: str
    kind: str
    source: str
    config: Mapping[str, Any]
    mel: Mapping[str, Any]
    revision: str = ""
    file: str = ""
    size: int = 0
    sha256: str = ""
    converted_size: int = 0
    converted_sha256: str = ""
    folder: Path = field(default=Path(), compare=False)

    @property
    def tensors(self) -> Path:
        """Path of the converted weights."""
        return self.folder / TENSORS

    @property
    def mel_config(self) -> MelConfig:
        """The mel that these weights were trained on."""
        return MelConfig(**dict(self.mel))

    def to_json(self) -> dict[str, Any]:
        """Return JSON-compatible values under the field names, without `folder`."""
        values = asdict(self)
        del values["folder"]
        return values


def hub_cache() -> Path:
    """Return the hub library's cache folder by the library's own rules, without importing it."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    cache = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE") or Path(home) / "hub"
    return Path(cache).expanduser()


def hub_folder(hub_name: str) -> Path:
    """Return the folder for the converted weights of a hub repository."""
    return hub_cache() / "distill" / hub_name.replace("/", "--")


def read_record(folder: Path, name: str | None = None) -> WeightsRecord | None:
    """Return the record in a folder; None if there is none.

    Raises WeightsError if it cannot be read, is damaged, has another name than `name`, or the
    tensors next to it have another size.
    """
    path = folder / RECORD
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(path, error) from None
    values = read_json(path)
    try:
        record = _checked(WeightsRecord(**{**values, "folder": folder}))
    except (TypeError, ValueError, OverflowError, ConfigError):
        raise WeightsError(f"{path}: is not a record of weights: `distill vocoder remove` and fetch again") from None
    if name not in (None, record.name):
        raise WeightsError(
            f"{path}: is the record of '{printable(record.name, 40)}': give its folder that name, or remove it"
        )
    try:
        size = record.tensors.stat().st_size if record.tensors.is_file() else -1
    except OSError as error:
        raise unreadable(record.tensors, error) from None
    if size != record.converted_size:
        raise WeightsError(
            f"{record.tensors}: has {max(size, 0)} bytes instead of {record.converted_size}: "
            f"run `distill vocoder remove {record.name}` and fetch it again"
        )
    return record


def unreadable(path: Path, error: OSError) -> WeightsError:
    """Return the error for a file or folder that cannot be read."""
    return WeightsError(f"{path}: cannot be read ({reason_of(error)}): check its permissions")


def _checked(record: WeightsRecord) -> WeightsRecord:
    """Return the record.

    Raises TypeError, ValueError or ConfigError where a value is none of its field's, or the config
    means a network larger than the tensors, whose size the caller compares with the file's.
    """
    for name, value in record.to_json().items():
        if not isinstance(value, _TYPES.get(name, str)):
            raise TypeError(name)
    _ = record.mel_config
    check_generator(record.kind, record.config, record.converted_size)
    return record


def store(record: WeightsRecord, checkpoint: Path, folder: Path) -> WeightsRecord:
    """Convert a checkpoint into `folder` and record it; return the record.

    Raises WeightsError, also for a config that means a network larger than the checkpoint.
    """
    try:
        check_generator(record.kind, record.config, checkpoint.stat().st_size)
    except (TypeError, ValueError, ConfigError) as error:
        raise WeightsError(f"{checkpoint}: does not fit the config: {error}") from None
    convert(record.kind, record.config, checkpoint, folder / TENSORS)
    values = record.to_json() | {
        "size": checkpoint.stat().st_size,
        "sha256": record.sha256 or sha256_of(checkpoint),
        "converted_size": (folder / TENSORS).stat().st_size,
        "converted_sha256": sha256_of(folder / TENSORS),
    }
    text = json.dumps(values, indent=1)
    write_atomically(folder / RECORD, text.encode())
    return WeightsRecord(**{**json.loads(text), "folder": folder})


def remove(folder: Path) -> bool:
    """Delete the converted weights in a folder; return False if there are none."""
    if not folder.is_dir():
        return False
    shutil.rmtree(folder)
    return True


def added(parent: Path) -> list[WeightsRecord]:
    """Return every undamaged set of weights in the folders below `parent`, by name."""
    return [record for _, record in found(parent) if isinstance(record, WeightsRecord)]


def found(parent: Path) -> Iterator[tuple[str, WeightsRecord | WeightsError]]:
    """Yield the name of each folder of weights below `parent`, with its record or why it fails.

    A `parent` that cannot be read is yielded itself.
    """
    try:
        folders = sorted(parent.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        yield parent.name, unreadable(parent, error)
        return
    for folder in folders:
        try:
            record = read_record(folder, folder.name)
        except WeightsError as error:
            yield folder.name, error
        else:
            if record is not None:
                yield folder.name, record


def add(parent: Path, name: str, weights: Path, config_file: Path, kind: str = "hifigan") -> WeightsRecord:
    """Register published weights as a further vocoder; return their record.

    Args:
        parent: folder of added weights; it gets a folder `name`.
        name: of the new vocoder.
        weights: the published checkpoint.
        config_file: the config.json published with it.
        kind: "hifigan" or "bigvgan".

    Raises WeightsError if the name is taken or not allowed, a file is missing, or weights and
    config do not fit each other.
    """
    _check_name(name)
    if (parent / name).exists():
        raise WeightsError(
            f"vocoder {name} is there already: `distill vocoder remove {name}` first, or choose another name"
        )
    for path in (weights, config_file):
        if not path.is_file():
            raise WeightsError(f"{path}: no such file: give the published weights and their config.json")
    published = read_json(config_file)
    try:
        config, mel = published_config(kind, published)
        check_mel(mel, config)
    except (ValueError, TypeError, KeyError, OverflowError, ConfigError) as error:
        why = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise WeightsError(
            f"{config_file}: is not a {kind} config ({why}): give the one published with the weights"
        ) from None
    record = WeightsRecord(name, kind, str(weights.resolve()), config, mel.to_dict(), file=weights.name)
    try:
        return store(record, weights, parent / name)
    except WeightsError:
        remove(parent / name)
        raise


def _check_name(name: str) -> None:
    """Raise WeightsError for a name that is not allowed or belongs to the product."""
    if not NAME.fullmatch(name):
        raise WeightsError(
            f"vocoder name '{printable(name, 40)}': use small letters, digits, '-', '_' and '.', up to 41 of them"
        )
    if name in RESERVED or name in PINS:
        raise WeightsError(f"vocoder name {name} belongs to one that comes with the product; choose another")
