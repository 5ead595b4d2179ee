"""Write today's graphs into a model file of an earlier Distill."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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

    Only graphs that the file has are replaced; weights stay as they are. Of the vocoders' configs,
    what the weights do not depend on becomes today's. With `output` the file is
    written there and the one at `path` stays. Raises ModelFileError if the file holds no graph, if
    its networks changed meanwhile, or if its weights do not fit its configuration; TrainingError if
    a graph differs from its network.
    """
    with ModelFile.open(path) as file:
        names, parts = sorted(file.graphs), file.manifest.parts
        old = {name: file.read_graph(name) for name in names}
    if not names:
        raise ModelFileError(f"{path}: holds no graph to renew: finish its training with `distill train`")
    vocoders, configs = _vocoders(path, names)
    new = export_runtime(load_latent_model(path) if "runtime/decoder.onnx" in old else None, vocoders)
    changed = {name: new[name] for name in names if new[name] != old[name]}

    def renewed(manifest: Manifest) -> Manifest:
        if any(manifest.parts.get(name) != entry for name, entry in parts.items()):
            raise ModelFileError(f"{path}: was written by something else meanwhile, nothing was changed: try again")
        own = {kind: {**row, "config": configs.get(kind, row["config"])} for kind, row in manifest.vocoders.items()}
        return replace(manifest, vocoders=own)

    if changed or output is not None:
        update_model(path, manifest=renewed, graphs=changed, output=os.fspath(output) if output else None)
    return [RenewedGraph(name, len(old[name]), len(new[name]), name in changed) for name in names]


def _vocoders(path: Path, names: list[str]) -> tuple[dict[str, nn.Module], dict[str, dict[str, Any]]]:
    """Return the networks of the vocoders that have a graph and their configs of today, by kind."""
    found: dict[str, nn.Module] = {}
    configs: dict[str, dict[str, Any]] = {}
    with ModelFile.open(path) as file:
        for kind in sorted(file.manifest.vocoders):
            if f"runtime/vocoder/{kind}.onnx" in names:
                configs[kind] = vocoder_config(file.manifest, kind, str(path)).today().to_dict()
                network: nn.Module = build_vocoder(kind, configs[kind]).eval()
                load_weights(network, file.read_part(f"vocoder/{kind}"), str(path))
                found[kind] = network
    return found, configs
