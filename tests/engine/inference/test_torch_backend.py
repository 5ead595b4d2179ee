"""The torch backend behaves as the ONNX one does, and goes on where memory runs out."""

from typing import Any

import numpy as np
import pytest
import torch

from distill_engine.errors import ConfigError, ModelFileError, VocoderError
from distill_engine.inference.torch_backend import TorchBackend
from distill_engine.layers import runner as runner_module
from distill_engine.layers.runner import Runner, choose_device, move_network
from distill_engine.vocoders import HifiGan, HifiGanConfig

CPU = torch.device("cpu")


@pytest.fixture
def network() -> HifiGan:
    torch.manual_seed(0)
    config = HifiGanConfig(
        bands=8, initial_channels=16, resblock_kernels=(3,), resblock_dilations=((1,),), causal=False
    )
    return HifiGan(config).eval()


@pytest.fixture
def backend(network) -> TorchBackend:
    return TorchBackend(Runner(network, CPU), 8, 1)


class Full(torch.nn.Module):
    """A network on a device with little memory: steps of more than `room` columns fail there, and so does every one if it is 0."""

    def __init__(self, inner: HifiGan, device: str, room: int, error: Exception) -> None:
        super().__init__()
        self.inner, self.device, self.room, self.error = inner, device, room, error
        self.sizes: list[int] = []

    def initial_state(self, batch: int, device: torch.device, dtype: torch.dtype) -> Any:
        return self.inner.initial_state(batch, CPU, torch.float32)

    def step(self, x: torch.Tensor, state: Any) -> Any:
        self.sizes.append(x.shape[-1])
        if x.device.type == self.device and x.shape[-1] > self.room:
            raise self.error
        return self.inner.step(x, state)


def mel(frames: int = 24) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((8, frames)).astype(np.float32)


def test_streams_in_any_block_size(backend):
    x = mel(6)
    whole = backend.step(x).copy()
    backend.reset()
    parts = np.concatenate([backend.step(x[:, a:b]).copy() for a, b in ((0, 1), (1, 3), (3, 6))], axis=1)
    assert np.abs(whole - parts).max() <= 1e-5


def test_saves_and_restores_bit_for_bit(backend):
    x = mel(2)
    backend.step(x)
    saved = backend.snapshot()
    first = backend.step(x).copy()
    backend.step(x)
    backend.restore(saved)
    assert np.array_equal(backend.step(x), first)
    with pytest.raises(ModelFileError, match="another network"):
        backend.restore({})


def test_a_device_that_is_not_there_is_a_clear_error(monkeypatch):
    with pytest.raises(ConfigError, match="quantum is not available here; use"):
        choose_device("quantum")
    for cuda, mps, expected in ((True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: mps)
        assert choose_device().type == expected


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_out_of_memory_makes_the_pieces_smaller_and_says_so(backend, network, error):
    x = mel()
    told: list[Any] = []
    expected = backend.step(x).copy()
    full = Full(network, "cpu", 7, error)
    stream = TorchBackend(Runner(full, CPU, notify=told.append), 8, 1)
    assert np.abs(stream.step(x) - expected).max() <= 1e-5
    assert full.sizes == [24, 12, 6, 6, 6, 6]
    assert told == [f"cpu ran out of memory: continuing in pieces of {size} frames" for size in (12, 6)]
    stream.step(x)
    assert len(told) == 2  # it stays with what fitted


def test_a_full_device_is_left_for_the_cpu_in_mid_sound(backend, network):
    x = mel()
    told: list[Any] = []
    expected = backend.step(x).copy()
    full = Full(network, "meta", 0, torch.OutOfMemoryError("CUDA out of memory"))  # "meta" stands for a GPU
    runner = Runner(full, CPU, notify=told.append)
    one, two = TorchBackend(runner, 8, 1), TorchBackend(runner, 8, 1)
    heard = [one.step(x[:, :10]).copy()]
    two.step(x[:, :10])
    runner.device, runner.dtype = torch.device("meta"), torch.float16
    heard.append(one.step(x[:, 10:]).copy())
    assert np.abs(np.concatenate(heard, axis=1) - expected).max() <= 1e-5
    assert np.abs(two.step(x[:, 10:]) - heard[1]).max() <= 1e-6  # the other stream moves too
    assert (runner.device.type, runner.dtype) == ("cpu", torch.float32)
    assert told[-1] == "meta ran out of memory: continuing on the CPU, slower"
    assert full.sizes[2:] == [14, 7, 3, 1, 14, 14]


def test_a_full_cpu_ends_in_one_line_and_other_errors_are_not_hidden(network):
    stream = TorchBackend(Runner(Full(network, "cpu", 0, MemoryError()), CPU), 8, 1)
    with pytest.raises(VocoderError, match="close other programs"):
        stream.step(mel())
    stream = TorchBackend(Runner(Full(network, "cpu", 0, RuntimeError("shapes do not match")), CPU), 8, 1)
    with pytest.raises(RuntimeError, match="shapes"):
        stream.step(mel())


def test_states_and_weights_that_do_not_fit_go_to_the_cpu(network, monkeypatch):
    told: list[Any] = []

    def initial_state(batch, device, dtype):
        if device.type != "cpu":
            raise torch.OutOfMemoryError("out of memory")
        return network.initial_state(batch, device, dtype)

    runner = Runner(network, torch.device("meta"), initial_state=initial_state, notify=told.append)
    assert TorchBackend(runner, 8, 1).step(mel(2)).shape == (1, 1024)
    assert told == ["meta ran out of memory: continuing on the CPU, slower"]

    class Heavy(torch.nn.Module):
        def to(self, device: Any, *_: Any, **__: Any) -> Any:  # type: ignore[override]
            if torch.device(device).type != "cpu":
                raise torch.OutOfMemoryError("out of memory")
            return self

    assert move_network(Heavy(), torch.device("meta"), told.append).type == "cpu"
    assert told[-1] == "the weights do not fit on meta: continuing on the CPU, slower"


def test_what_torch_keeps_for_later_is_given_back(monkeypatch):
    given = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: given.append("cuda"))
    monkeypatch.setattr(torch.mps, "empty_cache", lambda: given.append("mps"))
    for name in ("cuda", "mps", "cpu"):
        runner_module._release_cached_memory(torch.device(name))
    assert given == ["cuda", "mps"]
