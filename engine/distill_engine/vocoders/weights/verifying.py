"""Compare weights on this machine with their recorded checksums; set damaged ones aside."""

from __future__ import annotations

from pathlib import Path

from distill_engine.errors import WeightsError
from distill_engine.system.regular_files import reason_of, sha256_of
from distill_engine.vocoders.weights.records import RECORD, WeightsRecord, unreadable


def verify(record: WeightsRecord) -> None:
    """Compare the tensors with the recorded SHA-256.

    Raises WeightsError if they cannot be read or differ, and sets a damaged file aside under a new
    name.
    """
    try:
        whole = sha256_of(record.tensors) == record.converted_sha256
    except OSError as error:
        raise unreadable(record.tensors, error) from None
    if whole:
        return
    try:
        aside = set_aside(record.tensors)
        (record.folder / RECORD).unlink(missing_ok=True)
    except OSError as error:
        why = f"cannot be set aside ({reason_of(error)})"
        raise WeightsError(f"{record.name}: its weights are damaged and {why}: delete {record.folder}") from None
    raise WeightsError(f"{record.name}: its weights are damaged and were set aside as {aside}: fetch them again")


def set_aside(path: Path) -> Path:
    """Rename a damaged file to `<name>.damaged` (numbered if need be); return the new path.

    Raises OSError, and WeightsError if there are a thousand of them.
    """
    for number in range(1000):
        aside = path.with_name(f"{path.name}.damaged{number or ''}")
        if not aside.exists():
            path.rename(aside)
            return aside
    raise WeightsError(f"{path}: is damaged and too many damaged files are beside it: delete them")
