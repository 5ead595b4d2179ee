"""Graphs are checked once: the report on a graph is kept under the digest of its bytes.

Checking takes longer than loading. The key also holds the shapes that the model's config demands
and the code of the checks, so that a report never outlives either. A report that is damaged or
cannot be kept is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from distill_engine import modelfile
from distill_engine.library.folders import cache_dir
from distill_engine.modelfile.graphs import GraphReport, Shape, check_graph
from distill_engine.system.atomic_write import write_file
from distill_engine.system.plain_json import parse
from distill_engine.system.regular_files import read_small

KEPT = 200  # reports, of a few kilobytes; then all are made anew
REPORT_BYTES = 4 << 20  # of a report, at most
CHECKS = ("graphs", "graph_nodes", "graph_sizes", "graph_work", "operators")
"""Modules of `modelfile` that hold the checks."""


def checked_graph(data: bytes, *, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape], where: str) -> GraphReport:
    """Return what `check_graph` says of the ONNX model in `data`, or said before.

    Raises ModelFileError.
    """
    key = hashlib.sha256(_checks() + repr((sorted(inputs.items()), sorted(outputs.items()))).encode() + data)
    path = cache_dir() / "graphs" / f"{key.hexdigest()}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        return _report(read_small(path, REPORT_BYTES))
    report = check_graph(data, inputs=inputs, outputs=outputs, where=where)
    with contextlib.suppress(OSError):
        _keep(report, path)
    return report


@lru_cache(maxsize=1)
def _checks() -> bytes:
    """Return the digest of the code that checks."""
    folder = Path(modelfile.__file__).parent
    return hashlib.sha256(b"".join((folder / f"{name}.py").read_bytes() for name in CHECKS)).digest()


def _report(text: bytes) -> GraphReport:
    fields = parse(text)
    inputs, outputs, weights = (
        {str(name): tuple(shape) for name, shape in fields[part].items()} for part in ("inputs", "outputs", "weights")
    )
    return GraphReport(inputs, outputs, weights, {str(key): str(text) for key, text in fields["metadata"].items()})


def _keep(report: GraphReport, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = list(path.parent.glob("*.json"))
    if len(kept) >= KEPT:
        for old in kept:
            old.unlink(missing_ok=True)
    write_file(path, json.dumps(asdict(report)).encode())
