"""Step several streams of one graph in one run, where the graph has a batch axis."""

from __future__ import annotations

from collections.abc import Sequence
from threading import get_ident

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.inference.onnx_backend import OnnxBackend, OnnxGraph
from distill_engine.inference.step_backend import StepBackend

_SIZES = 16  # numbers of streams and blocks of which each graph keeps its buffers


def batched_graph(stream: StepBackend) -> OnnxGraph | None:
    """Return the graph of a stream that can step together with others of it, else None."""
    return stream.graph if isinstance(stream, OnnxBackend) and stream.graph.batched else None


def step_together(streams: Sequence[StepBackend], blocks: Sequence[Float32Array]) -> list[Float32Array]:
    """Step each stream with its block x [C_in, n] -> y [C_out, n * rate], all in one run.

    All streams are of one graph with a batch axis, and all blocks have the same n. The results are
    views that are valid until the graph's next run.
    """
    backends = [stream for stream in streams if isinstance(stream, OnnxBackend)]
    graph, count, n = backends[0].graph, len(backends), blocks[0].shape[1]
    batch = _batch(graph, count, n)
    states = [backend.present for backend in backends]
    np.stack(blocks, out=batch.x)
    for name, before in batch.before.items():
        np.concatenate([state[name] for state in states], out=before)
    graph.session.run_with_iobinding(batch.binding)
    for name, after in batch.after.items():
        for index, state in enumerate(states):
            state[name][0] = after[index]
    return list(batch.y)


class _Batch:
    """The buffers and the binding for one number of streams and one block size."""

    def __init__(self, graph: OnnxGraph, streams: int, n: int) -> None:
        self.x = np.zeros((streams, graph.channels_in, n), np.float32)
        self.y = np.zeros((streams, graph.channels_out, int(n * graph.rate)), np.float32)
        self.before = {name: np.repeat(value, streams, axis=0) for name, value in graph.initial.items()}
        self.after = {name: value.copy() for name, value in self.before.items()}
        self.binding = graph.bind(self.x, self.y, self.before, self.after)


def _batch(graph: OnnxGraph, streams: int, n: int) -> _Batch:
    key = (streams, n, get_ident())  # threads that run the same graph have buffers of their own
    found: _Batch | None = graph.batches.get(key)
    if found is None:
        if len(graph.batches) >= _SIZES:
            graph.batches.clear()
        found = graph.batches[key] = _Batch(graph, streams, n)
    return found
