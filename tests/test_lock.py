"""The lock with hashes holds the versions of the lock."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def name_of(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def test_both_locks_name_the_same_versions_and_each_has_a_hash() -> None:
    plain = dict(line.split("==") for line in (ROOT / "requirements.lock").read_text().split())
    locked = {name_of(name): version for name, version in plain.items()}
    entries = (ROOT / "requirements-hashed.lock").read_text().replace("\\\n", " ").splitlines()
    found = {name_of(entry.split("==")[0]) for entry in entries}
    for entry in entries:
        assert "--hash=sha256:" in entry, entry
        assert "://" not in entry, entry
        name, version = entry.split()[0].split("==")
        assert locked.get(name_of(name), version) == version, entry
    assert {"numpy", "onnxruntime", "distributed", "aalink"} <= found
    assert "torch" not in found
