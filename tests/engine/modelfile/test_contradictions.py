"""Files whose digests are right and whose contents contradict each other are refused on loading, before anything plays."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto

from distill_engine.analysis.controls import Controls
from distill_engine.analysis.map import make_map
from distill_engine.errors import AnalysisError, DistillError
from distill_engine.modelfile import Manifest, ModelFile, save_model, update_model
from distill_engine.rendering.verifying import verify_graphs
from distill_engine.synthesis.instrument import prepare_instrument

DECODER = "runtime/decoder.onnx"


def initial(text: str) -> Callable[[ModelProto], None]:
    def change(model: ModelProto) -> None:
        del model.metadata_props[:]
        model.metadata_props.add(key="distill.initial", value=text)

    return change


def shorten_bias(model: ModelProto) -> None:
    """A constant inside takes the place of a weight, one element shorter, which only running finds out."""
    tensor = next(t for t in model.graph.initializer if t.external_data and len(t.dims) == 1 and t.dims[0] > 8)
    value = np.ones(tensor.dims[0] - 1, np.float32)
    tensor.CopyFrom(onnx.numpy_helper.from_array(value, tensor.name))


def rename_weight(name: str) -> Callable[[ModelProto], None]:
    def change(model: ModelProto) -> None:
        tensor = next(t for t in model.graph.initializer if t.external_data)
        for node in model.graph.node:
            node.input[:] = [name if old == tensor.name else old for old in node.input]
        tensor.name = name

    return change


GRAPHS: dict[str, Callable[[ModelProto], None]] = {
    "first states are no JSON": initial("["),
    "first states are no table": initial('"text"'),
    "first states nest without end": initial("[" * 50_000),
    "a constant is too short": shorten_bias,
    "a weight is absent": rename_weight("nowhere"),
    "a weight is a huge constant": rename_weight("noise/8192/1"),
}


@pytest.mark.parametrize("change", GRAPHS.values(), ids=GRAPHS.keys())
def test_graphs_that_cannot_run_are_refused_on_loading(
    change: Callable[[ModelProto], None], tiny_model: Path, tmp_path: Path
) -> None:
    with ModelFile.open(tiny_model) as file:
        parts = {name: file.read_part(name) for name in file.parts}
        graphs = {name: file.read_graph(name) for name in file.graphs}
        model = onnx.load_model_from_string(graphs[DECODER])
        change(model)
        graphs[DECODER] = model.SerializeToString()
        save_model(tmp_path / "m.distillgan", file.manifest, parts, graphs)
    with pytest.raises(DistillError) as caught:
        prepare_instrument(tmp_path / "m.distillgan")
    assert "\n" not in str(caught.value)


def test_a_config_that_nothing_can_be_built_from_is_a_fault(tiny_model: Path, tmp_path: Path) -> None:
    with ModelFile.open(tiny_model) as file:
        part, row = file.read_part("vocoder/vocos"), file.manifest.vocoders["vocos"]
        row = {**row, "config": {**row["config"], "n_fft": 8192}}
        save_model(tmp_path / "m.distillgan", Manifest("m", vocoders={"vocos": row}), {"vocoder/vocos": part})
    with ModelFile.open(tmp_path / "m.distillgan") as file:
        (fault,) = verify_graphs(file)
    assert "do not fit the model's own config" in fault


def controls(dimensions: int) -> dict[str, np.ndarray]:
    return Controls.none(dimensions).to_arrays()


def plane(dimensions: int) -> dict[str, np.ndarray]:
    return make_map([np.eye(dimensions, 16)], [np.ones(16, bool)], 0.05).to_arrays()


ANALYSES: dict[str, tuple[dict[str, np.ndarray], dict[str, object]]] = {
    "of another model": (controls(9), {}),
    "with the map of another": (controls(8) | plane(9), {}),
    "with a centre that is none": (controls(8) | {"region_centre": np.zeros((), np.float32)}, {}),
    "with a centre too many": (controls(8) | {"region_centre": np.zeros((8, 1), np.float32)}, {}),
}


@pytest.mark.parametrize(("arrays", "table"), ANALYSES.values(), ids=ANALYSES.keys())
def test_an_analysis_that_does_not_fit_the_model_is_refused(
    arrays: dict[str, np.ndarray], table: dict[str, object], tiny_model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "m.distillgan"
    update_model(tiny_model, parts={"analysis": arrays}, manifest=lambda old: replace(old, analysis=table), output=path)
    with pytest.raises(AnalysisError, match="analyse"):
        prepare_instrument(path)


def test_an_analysis_that_fits_plays(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.distillgan"
    update_model(tiny_model, parts={"analysis": controls(8) | plane(8)}, output=path)
    assert prepare_instrument(path).latent_map is not None


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("seed", range(12))
def test_arrays_of_other_shapes_play_or_are_refused(seed: int, tiny_model: Path, tmp_path: Path) -> None:
    chance = random.Random(seed)
    with ModelFile.open(tiny_model) as file:
        parts = {name: file.read_part(name) for name in file.parts}
        graphs = {name: file.read_graph(name) for name in file.graphs}
        name = chance.choice(["model", "analysis", "vocoder/vocos"])
        array = chance.choice(sorted(parts[name]))
        old = parts[name][array]
        changes = (old[None], old.ravel(), old[:0] if old.ndim else old, old.astype(np.int64), np.full_like(old, 1e30))
        parts[name][array] = chance.choice(changes)
        save_model(tmp_path / "m.distillgan", file.manifest, parts, graphs)
        assert json.loads(file.manifest.to_json())["name"] == "tiny"
    try:
        instrument = prepare_instrument(tmp_path / "m.distillgan")
    except DistillError:
        return
    assert instrument.latent_dim == 8
