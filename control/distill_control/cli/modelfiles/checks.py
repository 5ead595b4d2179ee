"""All checks of a model file, and the rule that installed files are not changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distill_engine.modelfile import ModelFile
    from distill_engine.modelfile.verify import FileCheck


def check_all(file: ModelFile) -> Iterator[FileCheck]:
    """Yield every check of a model file, in this order; the first fault ends the series.

    The checks cover the bytes, weights against configurations, graphs against weights, codes, and
    graphs against the same networks in torch.
    """
    from importlib.util import find_spec

    from distill_engine.modelfile.verify import FileCheck, check_fit, verify_file

    faultless = True
    for check in verify_file(file):
        faultless = faultless and check.fault is None
        yield check
    if not faultless:
        return
    checks = {"manifest": check_fit, "weights of graphs": _graph_weights, "codes": _codes}
    if "codes" not in file.parts:
        del checks["codes"]
    for what, check_one in checks.items():
        faults = check_one(file)
        faultless = faultless and not faults
        yield FileCheck(what, "; ".join(faults) or None)
    if faultless and find_spec("torch") is not None:
        from distill_engine.rendering.verifying import verify_graphs

        yield FileCheck("graphs compared with the networks in torch", "; ".join(verify_graphs(file)) or None)


def _graph_weights(file: ModelFile) -> list[str]:
    """Return the weights that a graph needs and that the file lacks, or holds in another shape."""
    from distill_engine.errors import ModelFileError
    from distill_engine.inference.graph_weights import find_weight
    from distill_engine.modelfile.verify import checked_graph

    faults = []
    for name in sorted(file.graphs):
        stem = name.removeprefix("runtime/").removesuffix(".onnx")
        part = file.read_part(stem if stem.startswith("vocoder/") else "model")
        for weight, shape in checked_graph(file, name)[1].weights.items():
            try:
                found = find_weight(weight, part).shape
            except ModelFileError as error:
                faults.append(f"{name}: {error}")
                continue
            if found != shape:
                faults.append(f"{name}: weight {weight!r} has the shape {list(found)}, the graph takes {list(shape)}")
    return faults


def _codes(file: ModelFile) -> list[str]:
    """Return what is wrong with the codes of a file that has some."""
    from distill_engine.errors import CodesError
    from distill_engine.inference.stored_codes import read_codes

    try:
        read_codes(file)
    except CodesError as error:
        return [str(error)]
    return []


def refuse_installed(path: Path) -> None:
    """Raise LibraryError for a file that belongs to the installation."""
    from distill_engine.errors import LibraryError
    from distill_engine.library.assets import assets_dir

    if path.resolve().parent == assets_dir().resolve():
        raise LibraryError(f"{path}: belongs to Distill itself and is not changed: work on a copy")
