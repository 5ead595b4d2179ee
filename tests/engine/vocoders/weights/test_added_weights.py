"""Generators that a user adds: which are accepted, and one line for each that is not."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from distill_engine.audio.mel_config import MelConfig
from distill_engine.errors import WeightsError
from distill_engine.vocoders.weights import verifying
from distill_engine.vocoders.weights.convert import read_json
from distill_engine.vocoders.weights.records import (
    TENSORS,
    WeightsRecord,
    add,
    added,
    found,
    read_record,
    remove,
)
from support_rights import bound_by_modes
from support_vocoders import with_weight_norm

V1 = {
    "upsample_rates": [8, 8, 2, 2],
    "upsample_kernel_sizes": [16, 16, 4, 4],
    "resblock": "1",
    "resblock_kernel_sizes": [3, 7, 11],
    "resblock_dilation_sizes": [[1, 3, 5]] * 3,
}
V3 = {
    "upsample_rates": [8, 8, 4],
    "upsample_kernel_sizes": [16, 16, 8],
    "resblock": "2",
    "resblock_kernel_sizes": [3, 5, 7],
    "resblock_dilation_sizes": [[1, 2], [2, 6], [3, 12]],
}
COMMON = {
    "num_mels": 80,
    "upsample_initial_channel": 32,
    "sampling_rate": 22050,
    "n_fft": 1024,
    "win_size": 1024,
    "hop_size": 256,
    "fmin": 0,
    "fmax": 8000,
}


@pytest.mark.parametrize("published_config", [V1, V3], ids=["resblock 1", "resblock 2"])
def test_published_hifigan_weights_can_be_added(tmp_path: Path, published_config: dict[str, Any]) -> None:
    from distill_engine.vocoders.registry import build_vocoder
    from distill_engine.vocoders.weights.generators import published_config as read

    values = {**COMMON, **published_config}
    config, mel = read("hifigan", values)
    assert (mel.sample_rate, mel.hop, mel.bands, mel.f_max) == (22050, 256, 80, 8000.0)
    network = build_vocoder("hifigan", config)
    torch.save({"generator": with_weight_norm(network.state_dict())}, tmp_path / "generator_v")
    (tmp_path / "config.json").write_text(json.dumps(values))
    shelf = tmp_path / "shelf"
    record = add(shelf, "speech", tmp_path / "generator_v", tmp_path / "config.json")
    assert [r.name for r in added(shelf)] == ["speech"]
    assert record.mel_config == mel
    with pytest.raises(WeightsError, match="there already"):
        add(shelf, "speech", tmp_path / "generator_v", tmp_path / "config.json")
    assert remove(shelf / "speech")
    assert added(shelf) == []


@pytest.mark.parametrize("change", [{"source": ["a"]}, {"config": []}, {"size": "1"}, {"mel": {"hop": "x"}}])
def test_a_record_with_a_value_of_another_type_is_named_and_the_others_are_listed(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    shelf = tmp_path / "shelf"
    values = {"name": "odd", "kind": "hifigan", "source": "s", "config": {}, "mel": MelConfig().to_dict(), **change}
    (shelf / "odd").mkdir(parents=True)
    (shelf / "odd" / "record.json").write_text(json.dumps(values))
    with pytest.raises(WeightsError, match="is not a record of weights"):
        read_record(shelf / "odd")
    assert added(shelf) == []
    assert "is not a record of weights" in str(dict(found(shelf))["odd"])


@pytest.mark.parametrize("dilations", [[[1] * 100_000], [1, 2, [[[[[[[[[[3]]]]]]]]]]]], ids=["long", "deep"])
def test_a_config_with_endless_lists_is_refused(tmp_path: Path, dilations: list[Any]) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"resblock_dilation_sizes": dilations}))
    with pytest.raises(WeightsError, match=r"config\.json: cannot be read as JSON \(it (has|is nested)"):
        read_json(path)


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch owned",)


HOSTILE_WEIGHTS: dict[str, tuple[Any, str]] = {
    "a pickle that runs something": ({"generator": Evil()}, "damaged or no checkpoint"),
    "a pickle of numbers": ([1, 2, 3], "holds no generator"),
    "no tensors": ({"generator": {"conv_pre.weight": 3}}, "holds no generator"),
    "an empty generator": ({"generator": {}}, "holds no generator"),
    "other keys": ({"generator": {"conv_pre.weight": torch.zeros(3)}}, "does not fit the config"),
}


@pytest.fixture
def whole_v1(tmp_path: Path) -> dict[str, torch.Tensor]:
    """Weights that fit the config beside them, config.json."""
    from distill_engine.vocoders.registry import build_vocoder
    from distill_engine.vocoders.weights.generators import published_config

    values = {**COMMON, **V1}
    (tmp_path / "config.json").write_text(json.dumps(values))
    network = build_vocoder("hifigan", published_config("hifigan", values)[0])
    tensors: dict[str, torch.Tensor] = network.state_dict()
    torch.save({"generator": tensors}, tmp_path / "g.pt")
    return tensors


def refused(shelf: Path, name: str, weights: Path, config: Path, kind: str = "hifigan") -> str:
    """Return the message with which weights are refused; nothing of them is left."""
    with pytest.raises(WeightsError) as caught:
        add(shelf, name, weights, config, kind)
    assert "\n" not in str(caught.value)
    assert not (shelf / name).exists() or name == "taken"
    return str(caught.value)


@pytest.mark.parametrize("case", HOSTILE_WEIGHTS)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, whole_v1: object, case: str) -> None:
    content, why = HOSTILE_WEIGHTS[case]
    torch.save(content, tmp_path / "hostile.pt")
    assert why in refused(tmp_path / "shelf", "ok", tmp_path / "hostile.pt", tmp_path / "config.json")
    assert not Path("owned").exists()


def test_weights_of_other_shapes_or_without_numbers_are_refused(
    tmp_path: Path, whole_v1: dict[str, torch.Tensor]
) -> None:
    config, shelf = tmp_path / "config.json", tmp_path / "shelf"
    for change, why in (
        ({"conv_post.weight": torch.zeros(1, 2, 3)}, "size mismatch for conv_post.weight"),
        ({"conv_pre.bias": torch.full((32,), float("nan"))}, "conv_pre.bias holds values that are not numbers"),
        ({"conv_pre.bias": torch.full((32,), float("inf"))}, "conv_pre.bias holds values that are not numbers"),
        ({"extra": torch.zeros(3)}, "extra"),
    ):
        torch.save({"generator": {**whole_v1, **change}}, tmp_path / "bad.pt")
        assert why in refused(shelf, "ok", tmp_path / "bad.pt", config)
    torch.save({"generator": {k: v for k, v in whole_v1.items() if k != "conv_post.bias"}}, tmp_path / "bad.pt")
    assert "conv_post.bias" in refused(shelf, "ok", tmp_path / "bad.pt", config)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"upsample_rates": None}, "is not a"),
        ({"upsample_rates": [8, 8, 2]}, "equally many"),
        ({"hop_size": 999}, "hop_size 999 is not the product"),
        ({"resblock": "three"}, "is not a"),
        ({"sampling_rate": 10**9, "fmax": None}, "is"),
        ({"n_fft": 2**40}, "out of range"),
        ({"num_mels": -1}, "is not a"),
        ({"upsample_initial_channel": 1e400}, "is not a"),
    ],
)
@pytest.mark.parametrize("kind", ["hifigan", "bigvgan"])
def test_a_config_that_makes_no_sense_is_refused(
    tmp_path: Path, whole_v1: object, change: dict[str, Any], why: str, kind: str
) -> None:
    (tmp_path / "odd.json").write_text(json.dumps({**COMMON, **V1, **change}))
    assert why in refused(tmp_path / "shelf", "ok", tmp_path / "g.pt", tmp_path / "odd.json", kind)


MANY = {"resblock_kernel_sizes": [3] * 64, "resblock_dilation_sizes": [[1] * 64] * 64}
TOO_LARGE: dict[str, tuple[dict[str, Any], str]] = {
    "kernels": ({"resblock_kernel_sizes": [3] * 256, "resblock_dilation_sizes": [[1] * 256] * 256}, "resblock_"),
    "layers": (MANY, r"resblock_dilation_sizes means \d+ layers, at most 1024 are built"),
    "channels": ({"upsample_initial_channel": 1 << 40}, "upsample_initial_channel 1099511627776 is out of range"),
    "kernel": ({"upsample_kernel_sizes": [1 << 40, 16, 4, 4]}, "upsample_kernel_sizes .* is out of range"),
    "numbers": ({"upsample_initial_channel": 4096}, r"g\.pt: does not fit the config: it means \d+ numbers"),
    "context": (
        {"resblock_dilation_sizes": [[4096] * 3] * 3, "resblock_kernel_sizes": [4095] * 3},
        r"means \d+ numbers",
    ),
}


@pytest.mark.parametrize("case", TOO_LARGE)
@pytest.mark.parametrize("kind", ["hifigan", "bigvgan"])
def test_a_config_that_means_too_large_a_network_is_refused_before_it_is_built(
    tmp_path: Path, whole_v1: object, monkeypatch: pytest.MonkeyPatch, case: str, kind: str
) -> None:
    change, why = TOO_LARGE[case]
    monkeypatch.setattr("distill_engine.vocoders.weights.convert.build_vocoder", None)
    (tmp_path / "odd.json").write_text(json.dumps({**COMMON, **V1, **change}))
    assert re.search(why, refused(tmp_path / "shelf", "ok", tmp_path / "g.pt", tmp_path / "odd.json", kind))


@pytest.mark.parametrize("kind", ["hifigan", "bigvgan", "vocos", "odd"])
@pytest.mark.parametrize(
    "config",
    [
        {"resblock_kernels": [3] * 64, "resblock_dilations": [[1] * 64] * 64},
        {"initial_channels": 1 << 40},
        {"initial_channels": 4096},
        {"bands": "80"},
        {"unknown": 1},
    ],
    ids=lambda config: next(iter(config)),
)
def test_a_record_whose_network_is_larger_than_its_tensors_is_refused(
    tmp_path: Path, kind: str, config: dict[str, Any]
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    values = WeightsRecord("odd", kind, "here", config, MelConfig().to_dict(), converted_size=3).to_json()
    (folder / "record.json").write_text(json.dumps(values))
    (folder / TENSORS).write_bytes(b"abc")
    with pytest.raises(WeightsError, match="is not a record of weights"):
        read_record(folder)


def test_a_config_without_its_keys_or_no_config_at_all_is_refused(tmp_path: Path, whole_v1: object) -> None:
    shelf, weights = tmp_path / "shelf", tmp_path / "g.pt"
    for content, why in (
        ("{}", "it lacks 'upsample_rates'"),
        ("[]", "is not a JSON object"),
        ("{", "cannot be read as JSON"),
    ):
        (tmp_path / "odd.json").write_text(content)
        assert why in refused(shelf, "ok", weights, tmp_path / "odd.json")
    assert "cannot be read as JSON" in refused(shelf, "ok", weights, weights)


def test_names_that_shadow_others_or_leave_the_shelf_are_refused(tmp_path: Path, whole_v1: object) -> None:
    from distill_engine.vocabulary.table import VOCODERS
    from distill_engine.vocoders.bigvgan import PINS

    shelf, weights, config = tmp_path / "shelf", tmp_path / "g.pt", tmp_path / "config.json"
    for name in {*VOCODERS, *PINS}:
        assert "comes with the product" in refused(shelf, name, weights, config)
    for name in ("../up", "base vocos", "", "A", "x" * 50, ".hidden"):
        assert "use small letters" in refused(shelf, name, weights, config)
    assert "no such file" in refused(shelf, "ok", tmp_path / "absent", config)
    add(shelf, "taken", weights, config)
    assert "is there already" in refused(shelf, "taken", weights, config)


@pytest.mark.parametrize("damage", [{"source": ["list"]}, {"size": "5"}, {"mel": {"hop": "x"}}, {"more": 1}])
def test_a_damaged_record_is_named_and_the_others_are_found(tmp_path: Path, damage: dict[str, Any]) -> None:
    values = WeightsRecord("speech", "hifigan", "here", {}, {}).to_json()
    for name, change in (("good", {}), ("speech", damage)):
        (tmp_path / name).mkdir()
        (tmp_path / name / TENSORS).touch()
        (tmp_path / name / "record.json").write_text(json.dumps(values | {"name": name} | change))
    rows = dict(found(tmp_path))
    assert isinstance(rows["good"], WeightsRecord)
    assert "is not a record of weights" in str(rows["speech"])
    assert len(added(tmp_path)) == 1


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Two sets of weights, `good` and `other`."""
    for name in ("good", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / TENSORS).touch()
        (tmp_path / name / "record.json").write_text(
            json.dumps(WeightsRecord(name, "hifigan", "here", {}, {}).to_json())
        )
    (tmp_path / "a file").touch()
    return tmp_path


def test_a_record_of_another_name_than_its_folder_is_named(shelf: Path) -> None:
    (shelf / "other").rename(shelf / "third")
    rows = dict(found(shelf))
    assert list(rows) == ["good", "third"]
    assert "is the record of 'other'" in str(rows["third"])
    assert [record.name for record in added(shelf)] == ["good"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
@pytest.mark.parametrize("closed", ["other", "other/record.json", "."])
def test_weights_without_permission_are_named_and_the_others_are_found(shelf: Path, closed: str) -> None:
    (shelf / closed).chmod(0)
    try:
        with bound_by_modes():
            rows = dict(found(shelf))
    finally:
        (shelf / closed).chmod(0o700)
    wrong = rows.pop(shelf.name if closed == "." else "other")
    assert "Permission denied" in str(wrong)
    assert list(rows) == ([] if closed == "." else ["good"])


def test_weights_that_cannot_be_read_when_they_are_verified_are_named(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (record, _) = added(shelf)
    monkeypatch.setattr(verifying, "sha256_of", lambda path: (_ for _ in ()).throw(OSError(errno.EIO, "broken disk")))
    with pytest.raises(WeightsError, match="broken disk"):
        verifying.verify(record)
    monkeypatch.setattr(verifying, "sha256_of", lambda path: "another sum")
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError(errno.EROFS, "read-only")))
    with pytest.raises(WeightsError, match="are damaged and cannot be set aside"):
        verifying.verify(record)
