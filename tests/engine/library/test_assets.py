"""The shipped files are there, and whole; where an installation lacks them it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_engine.errors import LibraryError, VocoderError
from distill_engine.library import assets
from distill_engine.modelfile import ModelFile
from distill_engine.modelfile.verify import verify_file


def test_missing_assets_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "assets_dir", lambda: tmp_path)
    with pytest.raises(LibraryError, match="install Distill again"):
        assets.starter_path()
    with pytest.raises(VocoderError, match="install Distill again"):
        assets.base_vocoder_path("vocos")


def test_only_trainable_kinds_have_a_base() -> None:
    with pytest.raises(VocoderError, match="hifigan, vocos"):
        assets.base_vocoder_path("bigvgan")


def test_assets_lie_inside_the_package() -> None:
    assert assets.assets_dir().parent.name == "distill_engine"


@pytest.mark.parametrize("path", sorted(assets.assets_dir().glob("*.distillgan")), ids=lambda path: path.name)
def test_shipped_files_are_whole_and_carry_no_training_state(path: Path) -> None:
    with ModelFile.open(path) as file:
        assert [finding for finding in verify_file(file) if finding.fault] == []
        assert not [part for part in file.parts if part.startswith("training/")]


def test_shipped_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in assets.assets_dir().glob("*.distillgan")) <= 20e6
