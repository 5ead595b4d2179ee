"""Streaming networks in ONNX Runtime on the CPU, without torch or allocation per hop.

A graph takes "x" [1, C_in, n] and "state.<name>", and gives "y" [1, C_out, n * rate] and
"next_state.<name>". Its first axis may be a batch of streams (see `together`). Two sets of state
arrays are bound once per block size, and read and written in turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from distill_engine.audio.arrays import Float32Array
from distill_engine.errors import ConfigError, ModelFileError, short_message
from distill_engine.inference.graph_weights import find_weights
from distill_engine.inference.onnx_session import (
    SessionSettings,
    channel_count,
    initial_state,
    initial_values,
    ort,
    session_options,
)
from distill_engine.inference.step_backend import copy_states, write_states

_BLOCK_SIZES = 8  # sizes of which each stream keeps its buffers
INITIAL = "distill.initial"


class OnnxGraph:
    """One network: its session, which all its streams share, and the shapes of its state.

    Args:
        data: the graph.
        external: names of its initializers that are stored outside it (see `graph_weights`).
        part: the tensors that hold them.
        rate: outputs per input along time.

    Raises:
        ModelFileError: if the graph cannot be loaded, or its inputs and outputs are not as above.
    """

    def __init__(
        self,
        data: bytes,
        external: tuple[str, ...],
        part: Mapping[str, np.ndarray],
        rate: Fraction,
        settings: SessionSettings | None = None,
    ) -> None:
        self.rate = rate
        self._weights = find_weights(external, part)
        values = [ort.OrtValue.ortvalue_from_numpy(weight) for weight in self._weights]
        options = session_options(settings or SessionSettings())
        if values:
            options.add_external_initializers(list(external), values)
        try:
            self.session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no common base class
            raise ModelFileError(f"the graph cannot be loaded: {short_message(error, 200)}; train it again") from None
        self._read_shapes()
        self.batches: dict[tuple[int, ...], Any] = {}  # buffers for several streams at once (see `together`)
        self._try()

    def _read_shapes(self) -> None:
        inputs = {item.name: item for item in self.session.get_inputs()}
        outputs = {item.name: item for item in self.session.get_outputs()}
        names = [name.removeprefix("state.") for name in inputs if name.startswith("state.")]
        expected = ({"x"} | {f"state.{n}" for n in names}, {"y"} | {f"next_state.{n}" for n in names})
        if (set(inputs), set(outputs)) != expected:
            raise ModelFileError("the graph's inputs and outputs are not those of a streaming network; train it again")
        self.channels_in, self.channels_out = channel_count(inputs["x"]), channel_count(outputs["y"])
        self.batched = isinstance(inputs["x"].shape[0], str)
        starts = initial_values(self.session.get_modelmeta().custom_metadata_map.get(INITIAL, "{}"))
        self.initial = {name: initial_state(inputs[f"state.{name}"], starts.get(name, 0)) for name in names}

    def _try(self) -> None:
        """Run a short step and a longer one, so that a broken graph fails here, not in play."""
        stream = self.stream()
        try:
            for units in (1, 3):
                stream.step(np.zeros((self.channels_in, units * self.rate.denominator), np.float32))
        except Exception as error:
            raise ModelFileError(f"the graph cannot be run: {short_message(error, 200)}; train it again") from None

    def bind(
        self, x: Float32Array, y: Float32Array, now: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]
    ) -> Any:
        """Return a binding that reads x [B, C_in, n] and states `now`, and writes y and `after`.

        Arrays are bound with their memory; states have the shapes [B, ...] of the graph.
        """
        binding = self.session.io_binding()
        value = ort.OrtValue.ortvalue_from_numpy  # shares the array's memory
        binding.bind_ortvalue_input("x", value(x))
        binding.bind_ortvalue_output("y", value(y))
        for name in now:
            binding.bind_ortvalue_input(f"state.{name}", value(now[name]))
            binding.bind_ortvalue_output(f"next_state.{name}", value(after[name]))
        return binding

    def stream(self) -> OnnxBackend:
        """Return a new stream through this network, in its initial state."""
        return OnnxBackend(self)


class OnnxBackend:
    """One stream through an `OnnxGraph`. See `StepBackend`."""

    def __init__(self, graph: OnnxGraph) -> None:
        self.graph = graph
        self.channels_in, self.channels_out = graph.channels_in, graph.channels_out
        self._sets = tuple(copy_states(graph.initial) for _ in range(2))
        self._current = 0
        self._blocks: dict[int, _Block] = {}

    def step(self, x: Float32Array) -> Float32Array:
        """Compute x [C_in, n] -> y [C_out, n * rate], a view that is valid until the next step."""
        block = self._block(x.shape[1])
        np.copyto(block.x[0], x)
        self.graph.session.run_with_iobinding(block.bindings[self._current])
        self._current = 1 - self._current
        y: Float32Array = block.y[0]
        return y

    def _block(self, n: int) -> _Block:
        if n not in self._blocks:
            if len(self._blocks) >= _BLOCK_SIZES:
                self._blocks.pop(next(iter(self._blocks)))
            self._blocks[n] = _Block(self.graph, self._sets, n)
        return self._blocks[n]

    @property
    def present(self) -> dict[str, np.ndarray]:
        """The states [1, ...] of this moment by name, which a run of several streams writes."""
        return self._sets[self._current]

    def reset(self) -> None:
        self.restore(self.graph.initial)

    def snapshot(self) -> dict[str, np.ndarray]:
        return copy_states(self.present)

    def restore(self, state: dict[str, np.ndarray]) -> None:
        write_states(self.present, state)


class _Block:
    """Buffers and bindings for one block size n.

    The first binding reads state set 0 and writes set 1, the second does the reverse.
    """

    def __init__(self, graph: OnnxGraph, sets: tuple[dict[str, np.ndarray], ...], n: int) -> None:
        length = n * graph.rate
        if length.denominator != 1 or n < 1:
            raise ConfigError(f"a block of {n} frames does not fit a network with {graph.rate} outputs per input")
        self.x = np.zeros((1, graph.channels_in, n), np.float32)
        self.y = np.zeros((1, graph.channels_out, int(length)), np.float32)
        self.bindings = [graph.bind(self.x, self.y, sets[i], sets[1 - i]) for i in range(2)]
