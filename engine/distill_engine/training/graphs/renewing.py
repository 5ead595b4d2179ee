"""Write today's graphs into a model file of an earlier Distill."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from distill_engine.errors import ModelFileError
from distill_engine.modelfile import Manifest, ModelFile, update_model
from distill_engine.modelfile.configs import vocoder_config
from distill_engine.training.graphs.export import export_runtime
from distill_engine.training.reconstruction import load_latent_model
from distill_engine.training.storage import load_weights
from distill_engine.vocoders.registry import build_vocoder


@dataclass(frozen=True)
class RenewedGraph:
    """A graph of a model file: its name, its size before and now, and whether it is another."""

    name: str
    before: int
    after: int
    changed: bool


def renew_graphs(path: Path, output: Path | None = None) -> list[RenewedGraph]:
    """Export the networks of a model file again and store the graphs that differ, atomically.

    Only graphs that the file has are replaced; weights stay as they are. With `output` the file is
    written there and the one at `path` stays. Raises ModelFileError if the file holds no graph, if
    its networks changed meanwhile, or if its weights do not fit its configuration; TrainingError if
    a graph differs from its network.
    """
    with ModelFile.open(path) as file:
        names, parts = sorted(file.graphs), file.manifest.parts
        old = {name: file.read_graph(name) for name in names}
    if not names:
        raise ModelFileError(f"{path}: holds no graph to renew: finish its training with `distill train`")
    new = export_runtime(load_latent_model(path) if "runtime/decoder.onnx" in old else None, _vocoders(path, names))
    changed = {name: new[name] for name in names if new[name] != old[name]}

    def unchanged(manifest: Manifest) -> Manifest:
        if any(manifest.parts.get(name) != entry for name, entry in parts.items()):
            raise ModelFileError(f"{path}: was written by something else meanwhile, nothing was changed: try again")
        return manifest

    if changed or output is not None:
        update_model(path, manifest=unchanged, graphs=changed, output=os.fspath(output) if output else None)
    return [RenewedGraph(name, len(old[name]), len(new[name]), name in changed) for name in names]


def _vocoders(path: Path, names: list[str]) -> dict[str, nn.Module]:
    """Return the networks of the vocoders that have a graph, by kind."""
    found: dict[str, nn.Module] = {}
    with ModelFile.open(path) as file:
        for kind in sorted(file.manifest.vocoders):
            if f"runtime/vocoder/{kind}.onnx" in names:
                config = vocoder_config(file.manifest, kind, str(path))
                network: nn.Module = build_vocoder(kind, config.to_dict()).eval()
                load_weights(network, file.read_part(f"vocoder/{kind}"), str(path))
                found[kind] = network
    return found
