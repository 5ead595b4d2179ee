"""Graphs are checked once; what is kept of it can be damaged or forged for another graph without harm."""

import os
from pathlib import Path

import pytest

from distill_engine.errors import ModelFileError
from distill_engine.inference import graph_reports
from distill_engine.inference.graph_reports import checked_graph
from distill_engine.library.folders import cache_dir
from distill_engine.modelfile import ModelFile


@pytest.fixture
def graph(tiny_model: Path) -> bytes:
    with ModelFile.open(tiny_model) as file:
        return file.read_graph("runtime/decoder.onnx")


def _check(data: bytes, frames: int | None = None):
    return checked_graph(data, inputs={"x": (1, 8, frames)}, outputs={"y": (1, 128, None)}, where="decoder")


def test_a_graph_is_checked_once_and_again_where_its_report_is_damaged(
    graph: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    first = _check(graph)
    reports = list((cache_dir() / "graphs").glob("*.json"))
    assert len(reports) == 1
    with monkeypatch.context() as patch:
        patch.setattr(graph_reports, "check_graph", lambda *data, **more: pytest.fail("checked again"))
        assert _check(graph) == first
    for damage in (b"", b"[]", b'{"inputs": 3}', b"[" * 9999, reports[0].read_bytes()[:-1]):
        reports[0].write_bytes(damage)
        assert _check(graph) == first
    reports[0].unlink()
    os.mkfifo(reports[0])
    assert _check(graph) == first
    reports[0].unlink()
    assert _check(graph) == first


def test_a_report_holds_for_its_graph_its_shapes_and_its_checks_alone(
    graph: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    _check(graph)
    with pytest.raises(ModelFileError, match="shape"):
        _check(graph, frames=7)
    with pytest.raises(ModelFileError):
        _check(graph[: len(graph) // 2])
    monkeypatch.setattr(graph_reports, "_checks", lambda: b"other checks")
    _check(graph)
    assert len(list((cache_dir() / "graphs").glob("*.json"))) == 2


def test_a_folder_that_takes_nothing_is_no_error(graph: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    assert _check(graph).outputs["y"] == (1, 128, None)
