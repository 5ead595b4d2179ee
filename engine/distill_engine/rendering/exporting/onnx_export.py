"""Write encoder, decoder and vocoder as plain ONNX, with a description and two examples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, numpy_helper

from distill_engine.errors import ConfigError, ModelFileError
from distill_engine.inference.graph_weights import find_weight
from distill_engine.inference.onnx_backend import INITIAL
from distill_engine.inference.onnx_session import initial_values
from distill_engine.inference.vocoder_choice import choose_vocoder
from distill_engine.modelfile import ModelFile
from distill_engine.modelfile.configs import mel_config, model_config
from distill_engine.modelfile.graphs import GraphReport
from distill_engine.modelfile.verify import checked_graph
from distill_engine.system.atomic_write import write_advice, write_file
from distill_engine.vocoders.registry import vocoder_delay

EXAMPLES = ("play.py", "index.html")
_TYPES = {TensorProto.FLOAT: "float32", TensorProto.INT64: "int64"}


@dataclass(frozen=True)
class ExportedGraph:
    """A network of the export: what it maps to what, and its inputs with their types."""

    name: str
    text: str
    report: GraphReport
    types: Mapping[str, str]
    data: bytes


def export_onnx(path: Path, folder: Path, vocoder: str = "auto") -> list[Path]:
    """Write the networks of a model into `folder`; return the files.

    Each graph holds its weights and takes its state: "x" and "state.<name>" give "y" and
    "next_state.<name>". Raises ConfigError if the folder cannot be written, ModelFileError or
    VocoderError if a network has no graph.
    """
    with ModelFile.open(path) as file:
        config, mel = model_config(file.manifest, str(path)), mel_config(file.manifest, str(path))
        choice = choose_vocoder(file.manifest, vocoder)
        if choice.origin in ("universal", "published"):
            raise ModelFileError(f"vocoder {choice.name} has no graph to export: give --vocoder vocos or base")
        latents, frames = f"latents [1, {config.latent_dim}, L]", f"mel frames [1, {mel.bands}, F]"
        graphs = [
            _graph(file, "runtime/encoder.onnx", "encoder", f"{frames} -> {latents}, L = F / {config.reduction}"),
            _graph(file, "runtime/decoder.onnx", "decoder", f"{latents}, one a mel frame -> {frames}"),
        ]
        text = f"{frames} -> samples [1, 1, {mel.hop} F]"
        name = f"runtime/vocoder/{choice.kind}.onnx"
        if choice.path is None:
            graphs.append(_graph(file, name, "vocoder", text))
        else:
            with ModelFile.open(choice.path) as base:
                graphs.append(_graph(base, name, "vocoder", text))
        facts = {
            "name": file.manifest.name or path.stem,
            "sample_rate": mel.sample_rate,
            "hop": mel.hop,
            "latent_dim": config.latent_dim,
            "reduction": config.reduction,
            "mel": mel.to_dict(),
            "vocoder": choice.kind,
            "vocoder_delay_samples": vocoder_delay(choice.kind, choice.config),
            "states": {graph.name: _states(graph) for graph in graphs},
        }
    written = {f"{graph.name}.onnx": graph.data for graph in graphs}
    written["model.json"] = json.dumps(facts, indent=1).encode()
    written["README.md"] = _readme(facts, graphs).encode()
    for example in EXAMPLES:
        written[example] = (files(__package__) / "onnx_examples" / example).read_bytes()
    return [_write(folder / file_name, data) for file_name, data in written.items()]


def _graph(file: ModelFile, name: str, short: str, text: str) -> ExportedGraph:
    """Return a graph with its weights inside."""
    if name not in file.graphs:
        raise ModelFileError(f"{file.path}: has no {name}: finish its training with `distill train --resume`")
    data, report = checked_graph(file, name)
    stem = name.removeprefix("runtime/").removesuffix(".onnx")
    part = file.read_part(stem if stem.startswith("vocoder/") else "model")
    graph = onnx.load_model_from_string(data)
    for tensor in graph.graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            tensor.CopyFrom(numpy_helper.from_array(find_weight(tensor.name, part), tensor.name))
    onnx.checker.check_model(graph)
    types = {item.name: _TYPES[item.type.tensor_type.elem_type] for item in graph.graph.input}
    return ExportedGraph(short, text, report, types, graph.SerializeToString())


def _states(graph: ExportedGraph) -> dict[str, Any]:
    """Return shape, type and first value of each state of a graph."""
    starts = initial_values(graph.report.metadata.get(INITIAL, "{}"))
    return {
        name: {
            "shape": [size or 1 for size in shape],
            "type": graph.types[name],
            "value": starts.get(name.removeprefix("state."), 0),
        }
        for name, shape in graph.report.inputs.items()
        if name.startswith("state.")
    }


def _readme(facts: Mapping[str, Any], graphs: list[ExportedGraph]) -> str:
    """Return the description of the files, in Markdown."""
    rows = "\n".join(f"| `{graph.name}.onnx` | {graph.text} | {len(_states(graph))} |" for graph in graphs)
    return README.format(rows=rows, **facts)


README = """\
# {name}

Networks of a Distill model as ONNX, float32, at {sample_rate} Hz with {hop} samples a frame.

| file | input `x` -> output `y` | states |
|---|---|---|
{rows}

The graphs are streams. Beside `x` each takes its states, `state.<name>`, and gives `next_state.<name>`, which the next call
takes. `model.json` has the shape and the first value of each state. A call takes any number of frames, and the result does not
depend on how a sound is cut into calls. The vocoder is {vocoder}; its sound is {vocoder_delay_samples} samples late.

Latents are in standard deviations of the corpus. Mel frames are natural logarithms of the magnitudes in {mel[bands]} bands;
`model.json` has the other settings of the mel.

`python play.py out.wav` needs onnxruntime and numpy. It plays a walk through latent space. `index.html` does the same in a
browser: serve this folder (`python -m http.server`) beside the files of the npm package onnxruntime-web.
"""


def _write(path: Path, data: bytes) -> Path:
    try:
        write_file(path, data)
    except OSError as error:
        raise ConfigError(f"{path}: {write_advice(error, path)}") from None
    return path
