"""Export of trained networks as streaming ONNX graphs, which the live engine plays without torch.

A graph computes one `step`: its inputs and outputs are the frames, in any number, and the state.
(The encoder of version 1 takes whole latents only: a multiple of `reduction` frames.) Large tensors
stay outside the graph under the names of the network's weights (see `inference.graph_weights`), so
that the model file holds them once. Graphs of latent models are written in milliseconds (see
`nodes`). Those of vocoders are exported by torch, each in some ten seconds, and compared with their
network before they are returned.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from distill_engine.errors import TrainingError
from distill_engine.inference.kernels.vocos_kernel import KERNEL, VOCOS
from distill_engine.inference.onnx_backend import INITIAL
from distill_engine.layers.state import flatten_state, unflatten_state
from distill_engine.modelfile.graph_nodes import parts_of
from distill_engine.models.latent_model import LatentModel
from distill_engine.models.skeleton_model import SkeletonModel
from distill_engine.system.telemetry import import_onnxruntime
from distill_engine.training.graphs.batching import add_batch_axis
from distill_engine.training.graphs.latent_graphs import latent_graphs
from distill_engine.training.graphs.nodes import mark_external
from distill_engine.training.graphs.skeleton_graphs import skeleton_graphs
from distill_engine.vocoders.vocos.constant_buffers import WithConstants

if TYPE_CHECKING:
    import onnx

LARGEST_INSIDE = 1024  # values of a tensor that stays inside the graph
TOLERANCE = 1e-4  # greatest error of an output, as a share of its peak or of 1, whichever is larger
BATCHED = ("vocos",)  # vocoders that take less time for several streams at once: 2.7 ms for 8, 0.8 for one
_PREFIX = "network."


@dataclass(frozen=True)
class _Role:
    """What an exported graph takes and says.

    Attributes:
        channels: channels of x.
        batched: whether the graph takes several streams at once.
        metadata: further entries of the graph's metadata.
    """

    channels: int
    batched: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)


class _Step(nn.Module):
    """A network's `step` with its state as a list of tensors, as graphs need it.

    Empty tensors of the state, such as the context of a convolution of kernel 1, are no inputs.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network
        self._template = network.initial_state(1)
        self.initial = {name: value for name, value in flatten_state(self._template).items() if value.numel()}

    def forward(self, x: Tensor, states: list[Tensor]) -> tuple[Tensor, ...]:
        """Step with frames x [1, channels, T]; return (y, the states after it)."""
        empty = {n: v for n, v in flatten_state(self._template).items() if not v.numel()}
        state = unflatten_state(self._template, empty | dict(zip(self.initial, states, strict=True)))
        y, after = self.network.step(x, state)
        flat = flatten_state(after)
        return (y, *(flat[name] for name in self.initial))


def export_runtime(
    model: LatentModel | SkeletonModel | None, vocoders: Mapping[str, nn.Module] | None = None
) -> dict[str, bytes]:
    """Write the graphs of a latent model, export vocoders by kind, or both; return graphs by name.

    In the model file the names are "runtime/decoder.onnx", "runtime/encoder.onnx" and
    "runtime/vocoder/<kind>.onnx". Raises TrainingError if an exported graph differs from its
    network by more than TOLERANCE.
    """
    graphs: dict[str, bytes] = {}
    if isinstance(model, SkeletonModel):
        graphs = skeleton_graphs(model.config)
    elif model is not None:
        graphs = latent_graphs(model.config)
    for kind, vocoder in (vocoders or {}).items():
        bands = int(vocoder.config.bands)  # type: ignore[union-attr, arg-type]
        kernel = {KERNEL: VOCOS} if kind == "vocos" else {}
        role = _Role(bands, batched=kind in BATCHED, metadata=kernel)
        graphs[f"runtime/vocoder/{kind}.onnx"] = export_step(vocoder, role, kind)
    return graphs


def export_step(network: nn.Module, role: _Role, name: str) -> bytes:
    """Export one network's step as an ONNX graph and compare it with torch.

    The network's mode and device are the same afterwards. `name` is for messages. Raises
    TrainingError if the graph differs from its network by more than TOLERANCE.
    """
    mode, device = network.training, next(network.parameters()).device
    network.eval().cpu()
    try:
        step = _Step(network).eval()
        proto = _export(step, role)
        whole = proto.SerializeToString()
        _check_parity(whole, step, role, name)
        _move_weights_out(proto, network)
        data: bytes = proto.SerializeToString()
        return data
    finally:
        network.to(device).train(mode)


def _export(step: _Step, role: _Role) -> onnx.ModelProto:
    """Export a step with all weights inside.

    The graph's metadata holds the value of every initial state that is not 0.
    """
    import onnx.inliner

    states = list(step.initial.values())
    x = torch.zeros(1, role.channels, 3)
    frames = torch.export.Dim("frames", min=1, max=4096)
    shapes = ({2: frames}, [None] * len(states))
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter's warnings concern its own internals
        program = torch.onnx.export(
            step,
            (x, states),
            dynamo=True,
            external_data=False,
            opset_version=18,  # from 20 on the exporter writes DFT nodes that are invalid in that version
            dynamic_shapes=shapes,
            input_names=["x", *(f"state.{name}" for name in step.initial)],
            output_names=["y", *(f"next_state.{name}" for name in step.initial)],
            verbose=False,
        )
    if program is None:
        raise TrainingError("torch wrote no graph; nothing was saved")
    proto: onnx.ModelProto = onnx.inliner.inline_local_functions(program.model_proto)
    _strip(proto)
    if role.batched:
        add_batch_axis(proto)
    starts = {name: value.flatten()[0].item() for name, value in step.initial.items() if value.any()}
    onnx.helper.set_model_props(proto, {INITIAL: json.dumps(starts), **role.metadata})
    return proto


def _strip(proto: onnx.ModelProto) -> None:
    """Remove what only debuggers read, such as source paths of this machine."""
    proto.doc_string = ""
    for graph in parts_of(proto.graph):
        graph.doc_string = ""
        for item in [*graph.node, *graph.input, *graph.output, *graph.value_info]:
            item.doc_string = ""
            del item.metadata_props[:]
        for tensor in graph.initializer:
            del tensor.metadata_props[:]
        del graph.metadata_props[:]


def _check_parity(data: bytes, step: _Step, role: _Role, name: str) -> None:
    """Compare onnxruntime with torch in two successive steps, of one frame and of five.

    A graph with a batch axis is compared for three streams too.

    Raises TrainingError if an output or a state differs by more than TOLERANCE.
    """
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(1)
    for streams in (1, 3) if role.batched else (1,):
        states = [value.repeat(streams, *[1] * (value.ndim - 1)) for value in step.initial.values()]
        for frames in (1, 5):
            x = torch.randn(streams, role.channels, frames, generator=generator)
            feed = {f"state.{n}": s.numpy() for n, s in zip(step.initial, states, strict=True)}
            ours = session.run(None, {"x": x.numpy()} | feed)
            with torch.no_grad():
                theirs = step(x, states)
            for a, b in zip(ours, theirs, strict=True):
                limit = TOLERANCE * max(1.0, float(b.abs().max()))
                error = float(np.abs(a - b.numpy()).max(initial=0.0)) if a.shape == tuple(b.shape) else float("nan")
                if not error <= limit:
                    raise TrainingError(f"the {name} graph differs from its network by {error:.2g}; nothing was saved")
            states = [torch.from_numpy(a) for a in ours[1:]]


def _known_weights(network: nn.Module) -> dict[str, np.ndarray]:
    """Return every array [...] that a graph may refer to, by name.

    They are the network's weights, its named constants, and the transposes of matrices among them.
    """
    known = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    for module in network.modules():
        if isinstance(module, WithConstants):
            known |= {name: getattr(module, attribute).numpy() for attribute, name in module.named.items()}
    return known | {f"{name}::T": np.ascontiguousarray(v.T) for name, v in known.items() if v.ndim == 2}


def _move_weights_out(proto: onnx.ModelProto, network: nn.Module) -> None:
    """Move large initializers that equal a known weight outside the graph, under the weight's name.

    Large constants that equal none stay inside.
    """
    from onnx import numpy_helper

    known = _known_weights(network)
    renamed: dict[str, str] = {}
    for tensor in proto.graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.size <= LARGEST_INSIDE:
            continue
        name = _find(tensor.name.removeprefix(_PREFIX), value, known, set(renamed.values()))
        if name is None:
            continue
        renamed[tensor.name] = name
        tensor.name = name
        tensor.ClearField("raw_data")
        tensor.ClearField("float_data")
        mark_external(tensor, value.nbytes)
    for graph in parts_of(proto.graph):
        for node in graph.node:
            for index, name in enumerate(node.input):
                node.input[index] = renamed.get(name, name)


def _find(guess: str, value: np.ndarray, known: dict[str, np.ndarray], used: set[str]) -> str | None:
    """Return the name of the known array equal to `value` [...], if possible `guess`; else None."""
    if guess in known and np.array_equal(known[guess], value):
        return guess
    for name, other in known.items():
        if name not in used and other.shape == value.shape and np.array_equal(other, value):
            return name
    return None
