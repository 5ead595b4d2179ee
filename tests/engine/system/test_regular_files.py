"""Foreign files: nothing waits for a pipe, nothing is mapped, and one damaged file spoils no other."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distill_control.midi.maps.mapfile import read_text
from distill_engine.audio.files import audio_info, read_audio
from distill_engine.errors import DistillError
from distill_engine.library.presetformat import read_preset
from distill_engine.library.presets import PresetStore
from distill_engine.modelfile import ModelFile
from distill_engine.system.regular_files import NotRegularError, open_regular, read_regular
from distill_engine.takes.take_file import read_take
from distill_engine.vocoders.weights.convert import read_checkpoint, read_json, sha256_of

needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
READERS: list[Callable[[Path], object]] = [
    read_audio,
    audio_info,
    read_preset,
    read_take,
    read_text,
    read_json,
    read_checkpoint,
    ModelFile.open,
]


def test_a_regular_file_is_read_whole_or_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"contents")
    assert read_regular(tmp_path / "file") == b"contents"
    assert read_regular(tmp_path / "file", 3) == b"con"


def test_what_is_no_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(NotRegularError):
        open_regular(tmp_path)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "none")
    with pytest.raises(OSError, match="null"):
        open_regular(f"{tmp_path}/nul\0")


@needs_pipes
def test_a_file_that_has_nothing_to_read_now_is_an_error_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "kmsg")  # as files of /proc do that say that they are regular
    monkeypatch.setattr("distill_engine.system.regular_files.stat.S_ISREG", lambda mode: True)
    writer = os.open(tmp_path / "kmsg", os.O_RDWR)
    for limit in (4, -1):
        with pytest.raises(OSError, match="nothing to read"):
            read_regular(tmp_path / "kmsg", limit)
    os.close(writer)


@needs_pipes
@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__qualname__)
def test_no_reader_waits_for_a_pipe(tmp_path: Path, read: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DistillError, match="not a file") as caught:
        read(tmp_path / "pipe")
    assert "\n" not in str(caught.value)


@needs_pipes
def test_sums_and_lists_do_not_wait_either(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    os.mkfifo(tmp_path / "model" / "pipe.preset.json")
    store = PresetStore(tmp_path)
    assert store.all() == []
    assert "not a file" in store.damaged()[0].reason
    with pytest.raises(NotRegularError):
        sha256_of(tmp_path / "model" / "pipe.preset.json")


def test_weights_are_not_mapped(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save

    values = torch.arange(1000.0)
    (tmp_path / "a.safetensors").write_bytes(save({"x": values}))
    torch.save({"generator": {"x": values}}, tmp_path / "a.pt")
    for name in ("a.safetensors", "a.pt"):
        read = read_checkpoint(tmp_path / name)["x"]
        with open(tmp_path / name, "r+b") as file:  # another process overwrites it in place, then shortens it
            file.write(bytes(os.path.getsize(tmp_path / name)))
            file.truncate(10)
        np.testing.assert_array_equal(read.numpy(), values.numpy())
