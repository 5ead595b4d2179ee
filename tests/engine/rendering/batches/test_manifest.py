"""The manifest of a batch: what cannot be read of it is dropped, or named before anything is made."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from distill_engine.errors import ConfigError
from distill_engine.rendering.batches import manifest
from distill_engine.rendering.batches.manifest import NAME, Manifest

LINES = [{"file": "a\u2028.wav", "model": "rain"}, {"file": "b.wav", "model": "rain"}]


def test_damaged_lines_are_dropped_and_odd_names_are_not(tmp_path: Path) -> None:
    damage = ("", "[1]", "3", '{"file": "c.wav", "seed": 1e999}', "[" * 9999, '{"file": ')
    texts = [json.dumps(line, ensure_ascii=False) for line in LINES]
    (tmp_path / NAME).write_text("\n".join([texts[0], *damage, texts[1], ""]), "utf-8")
    assert list(Manifest(tmp_path).lines.values()) == LINES


def test_a_manifest_that_cannot_be_read_at_all_is_named_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Manifest(tmp_path / "no folder").lines == {}
    (tmp_path / NAME).write_text(json.dumps(LINES[0]))
    monkeypatch.setattr(manifest, "FILE_BYTES", 10)
    with pytest.raises(ConfigError, match=r"manifest\.jsonl: cannot be read \(it is over"):
        Manifest(tmp_path)
    (tmp_path / NAME).unlink()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / NAME)
    else:
        (tmp_path / NAME).mkdir()
    with pytest.raises(ConfigError, match="it is not a file"):
        Manifest(tmp_path)
