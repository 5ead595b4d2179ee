"""Exported graphs stream like their networks, in any number of frames, with their weights left outside."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from distill_engine.audio.mel import mel_spectrogram
from distill_engine.errors import ModelFileError, TrainingError
from distill_engine.inference.graph_weights import find_weight, find_weights
from distill_engine.inference.onnx_backend import OnnxGraph
from distill_engine.modelfile.graphs import WEIGHTS
from distill_engine.training.graphs import export
from distill_engine.vocoders import HifiGan, HifiGanConfig


@pytest.fixture(scope="module")
def networks(tiny_networks: dict[str, Any]) -> dict[str, Any]:
    torch.manual_seed(0)
    gan: dict[str, Any] = {"initial_channels": 16, "resblock_kernels": (3,), "resblock_dilations": ((1, 3),)}
    return tiny_networks | {"late": HifiGan(HifiGanConfig(causal=False, **gan)).eval()}


@pytest.fixture(scope="module")
def graphs(networks: dict[str, Any], tiny_graphs: dict[str, bytes]) -> dict[str, bytes]:
    return tiny_graphs | export.export_runtime(None, {"late": networks["late"]})


class Echo(torch.nn.Module):
    """The least that can be exported: a gain, one frame late."""

    config = SimpleNamespace(bands=2)

    def __init__(self) -> None:
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor([[0.5], [2.0]]))

    def initial_state(self, batch: int) -> torch.Tensor:
        return torch.zeros(batch, 2, 1)

    def step(self, x: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        joined = torch.cat([state, x], dim=-1)
        return self.gain * joined[..., :-1], joined[..., -1:]


def _external_names(graph: bytes) -> tuple[str, ...]:
    """Names of a graph's initializers that are stored outside it, in their order."""
    proto = onnx.load_model_from_string(graph)
    return tuple(t.name for t in proto.graph.initializer if t.data_location == onnx.TensorProto.EXTERNAL)


def _graph(name: str, graphs: dict[str, bytes], network: torch.nn.Module, rate: Fraction) -> OnnxGraph:
    part = {key: value.numpy() for key, value in network.state_dict().items()}
    return OnnxGraph(graphs[name], _external_names(graphs[name]), part, rate)


CASES = [
    ("runtime/decoder.onnx", "model", Fraction(1), 8, 1),
    ("runtime/encoder.onnx", "model", Fraction(1, 4), 128, 4),
    ("runtime/vocoder/vocos.onnx", "vocos", Fraction(512), 128, 1),
    ("runtime/vocoder/hifigan.onnx", "hifigan", Fraction(512), 128, 1),
    ("runtime/vocoder/late.onnx", "late", Fraction(512), 128, 1),
]


@pytest.mark.parametrize(("name", "network", "rate", "channels", "unit"), CASES)
def test_streamed_graph_equals_the_network_over_the_whole_signal(name, network, rate, channels, unit, graphs, networks):
    net = networks[network]
    stream = _graph(name, graphs, net, rate).stream()
    x = torch.randn(1, channels, 14 * unit, generator=torch.Generator().manual_seed(3))
    prefix = {"runtime/decoder.onnx": "decoder_", "runtime/encoder.onnx": "encoder_"}.get(name, "")
    with torch.no_grad():
        whole, _ = getattr(net, prefix + "step")(x, getattr(net, prefix + "initial_state")(1))
    parts, at = [], 0
    for units in (1, 2, 3, 7, 1):
        part = np.ascontiguousarray(x[0, :, at : at + units * unit].numpy())
        parts.append(stream.step(part).copy())
        at += units * unit
    assert np.abs(np.concatenate(parts, axis=1) - whole[0].numpy()).max() <= 1e-5 * max(1.0, float(whole.abs().max()))


def test_a_graph_of_vocos_keeps_to_its_network_for_a_long_time(graphs, networks):
    net, stream = (
        networks["vocos"],
        _graph("runtime/vocoder/vocos.onnx", graphs, networks["vocos"], Fraction(512)).stream(),
    )
    seconds = np.arange(600 * 512) / 44100
    tones = sum(
        np.sin(2 * np.pi * hertz * seconds) * np.exp(-(seconds * hertz / 110 % 1) * 6) for hertz in (110, 317, 2000)
    )
    hiss = np.random.default_rng(0).standard_normal(len(seconds)) * (seconds % 1)
    mel = mel_spectrogram((0.1 * tones + 0.03 * hiss).astype(np.float32))
    played = np.concatenate([stream.step(np.ascontiguousarray(mel[:, t : t + 1])).copy() for t in range(600)], axis=1)[
        0
    ]
    with torch.no_grad():
        whole = net(torch.from_numpy(mel)[None])[0, 0].numpy()
    error = np.abs(played[net.delay :] - whole[: -net.delay])
    assert error.max() < 1e-3 * np.abs(whole).max()  # roundings come and go: none is lasting
    assert np.median(error) < 2e-6


def test_large_weights_are_outside_the_graph_and_all_are_found(graphs, networks):
    for name, data in graphs.items():
        proto = onnx.load_model_from_string(data)
        kind = name.removeprefix("runtime/vocoder/").removesuffix(".onnx")
        part = {k: v.numpy() for k, v in networks.get(kind, networks["model"]).state_dict().items()}
        inside = [numpy_helper.to_array(t) for t in proto.graph.initializer if not t.external_data]
        large = [v for v in part.values() if v.size > export.LARGEST_INSIDE]
        assert not any(np.array_equal(a, b) for a in inside for b in large)
        assert len(data) < 400_000
        for tensor in proto.graph.initializer:
            if tensor.data_location == onnx.TensorProto.EXTERNAL:
                assert {e.key: e.value for e in tensor.external_data}["location"] == WEIGHTS
                assert list(find_weight(tensor.name, part).shape) == list(tensor.dims)


def test_a_graph_says_nothing_of_the_machine_it_was_made_on(graphs):
    for data in graphs.values():
        assert b"/distill_engine/" not in data
        assert b"site-packages" not in data


def test_no_graph_fills_the_memory_with_constants():
    names = [f"noise/4096/{bins}" for bins in range(2049, 2020, -1)]
    with pytest.raises(ModelFileError, match="more constants than any needs"):
        find_weights(names, {})
    assert len(find_weights(["mel/128", "noise/1024/513"], {})) == 2


def test_half_precision_weights_are_widened():
    weight = find_weight("spectra.weight::T", {"spectra.weight": np.ones((2, 3), np.float16)})
    assert weight.dtype == np.float32
    assert weight.shape == (3, 2)
    assert weight.flags.c_contiguous


def test_the_mels_filters_and_points_are_computed_where_a_graph_asks_for_them():
    assert find_weight("mel/16", {}).shape == (16, 1025)
    assert find_weight("between/513", {}).shape == (103, 513)
    assert find_weight("apart/513/128", {}).shape == (513, 128)
    assert find_weight("advances/513/128/256", {}).shape == (513, 128)
    for name in ("between/0", "between/99999", "apart/0/128", "apart/513/99999", "advances/513/128/0"):
        with pytest.raises(ModelFileError, match="points between|bins and"):
            find_weight(name, {})
    assert find_weight("fold/1024", {}).shape == (32, 128)
    assert find_weight("unfold::T", {}).shape == (128, 34)
    for name in ("fold/0", "fold/100", "twiddles/8192"):
        with pytest.raises(ModelFileError, match="Fourier transform of"):
            find_weight(name, {})
    np.testing.assert_array_equal(find_weight("mel/16::T", {}), find_weight("mel/16", {}).T)


def test_a_weight_that_the_file_lacks_is_a_clear_error(graphs, networks):
    name = "runtime/decoder.onnx"
    with pytest.raises(ModelFileError, match="lacks"):
        OnnxGraph(graphs[name], _external_names(graphs[name]), {}, Fraction(1))
    with pytest.raises(ModelFileError, match="noise"):
        find_weight("noise/99999/3", {})
    with pytest.raises(ModelFileError, match="999 mel bands"):
        find_weight("mel/999", {})


def test_a_graph_that_is_none_is_a_clear_error():
    with pytest.raises(ModelFileError, match="cannot be loaded"):
        OnnxGraph(b"\x00\xffnot a graph", (), {}, Fraction(1))


def test_a_graph_that_differs_from_its_network_is_not_handed_out(monkeypatch):
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(TrainingError, match="differs"):
        export.export_runtime(None, {"echo": Echo()})


def test_export_leaves_the_network_as_it_was():
    network = Echo().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert set(export.export_runtime(None, {"echo": network})) == {"runtime/vocoder/echo.onnx"}
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_the_state_is_saved_and_restored_in_mid_stream_bit_for_bit(graphs, networks):
    for name, network, rate, channels, unit in CASES:
        stream = _graph(name, graphs, networks[network], rate).stream()
        x = np.random.default_rng(0).standard_normal((channels, 2 * unit)).astype(np.float32)
        stream.step(x)
        saved = stream.snapshot()
        first = stream.step(x).copy()
        stream.step(x)
        stream.restore(saved)
        assert np.array_equal(stream.step(x), first)
        stream.reset()
        assert all(np.array_equal(stream.snapshot()[k], v) for k, v in stream.graph.initial.items())


def test_two_streams_share_weights_and_not_state(graphs, networks):
    graph = _graph("runtime/decoder.onnx", graphs, networks["model"], Fraction(1))
    one, two = graph.stream(), graph.stream()
    x = np.ones((8, 1), np.float32)
    first = one.step(x).copy()
    one.step(x)
    assert np.array_equal(two.step(x), first)


def test_a_state_of_another_network_is_refused(graphs, networks):
    decoder = _graph("runtime/decoder.onnx", graphs, networks["model"], Fraction(1)).stream()
    with pytest.raises(ModelFileError, match="another network"):
        decoder.restore({"x": np.zeros(3)})
