"""Check every byte of a model file, for `distill model verify`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from distill_engine.errors import ModelFileError
from distill_engine.modelfile.configs import mel_config, model_config, vocoder_config
from distill_engine.modelfile.graphs import GraphReport, Shape, check_graph
from distill_engine.modelfile.reader import ModelFile


@dataclass(frozen=True)
class FileCheck:
    """One check: `fault` says what is wrong with `what`, None if nothing is."""

    what: str
    fault: str | None = None


def verify_file(file: ModelFile) -> Iterator[FileCheck]:
    """Check the archive's own bytes, each part (digest, layout, finite numbers) and each graph.

    Every byte of the file is covered: by a digest, or because saving writes that byte and no other
    there.
    """
    canonical = file.is_canonical()
    yield FileCheck(
        "archive", None if canonical else "its own bytes are not those that Distill writes: damaged or re-packed"
    )
    for name in sorted(file.parts):
        yield FileCheck(f"part {name}", _fault(file, name, graph=False))
    for name in sorted(file.graphs):
        yield FileCheck(f"graph {name}", _fault(file, name, graph=True))


def checked_graph(file: ModelFile, name: str) -> tuple[bytes, GraphReport]:
    """Read a graph and check its digest, its contents, and its inputs and outputs by the configs.

    Raises ModelFileError.
    """
    data = file.read_graph(name)
    inputs, outputs = graph_shapes(file, name)
    return data, check_graph(data, inputs=inputs, outputs=outputs, where=f"{file.path}: {name}")


def graph_shapes(file: ModelFile, name: str) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Return the shapes of a graph's input "x" and output "y" by the configs.

    The number of frames is open. Raises ModelFileError for an unknown graph.
    """
    manifest, where = file.manifest, str(file.path)
    if name in ("runtime/decoder.onnx", "runtime/encoder.onnx"):
        model = model_config(manifest, where)
        channels = (model.latent_dim, model.bands) if "decoder" in name else (model.bands, model.latent_dim)
    elif name.startswith("runtime/vocoder/"):
        kind = name.removeprefix("runtime/vocoder/").removesuffix(".onnx")
        channels = (vocoder_config(manifest, kind, where).bands, 1)
    else:
        raise ModelFileError(f"{where}: graph {name!r} has no use: damaged or hostile")
    return {"x": (1, channels[0], None)}, {"y": (1, channels[1], None)}


def check_fit(file: ModelFile) -> list[str]:
    """Return what in the manifest contradicts the parts or itself, in plain words."""
    manifest, where = file.manifest, str(file.path)
    faults = [
        f"vocoder {kind!r} is announced but its part is missing"
        for kind in sorted(manifest.vocoders)
        if f"vocoder/{kind}" not in file.parts
    ]
    if manifest.family and "model" not in file.parts:
        faults.append(f"a latent model of family {manifest.family!r} is announced but its part is missing")
    if "model" in file.parts and model_config(manifest, where).bands != mel_config(manifest, where).bands:
        faults.append("the latent model and the mel definition have different numbers of bands")
    return faults


def _fault(file: ModelFile, name: str, *, graph: bool) -> str | None:
    try:
        if graph:
            checked_graph(file, name)
        else:
            file.read(name)
    except ModelFileError as error:
        return str(error).removeprefix(f"{file.path}: ")
    return None
