"""The torch backend behaves as the ONNX one does."""

import numpy as np
import pytest
import torch

from distill_engine.errors import ModelFileError
from distill_engine.streaming.backends.torch_backend import TorchBackend, torch_device
from distill_engine.vocoders import HifiGan, HifiGanConfig


@pytest.fixture
def backend() -> TorchBackend:
    torch.manual_seed(0)
    config = HifiGanConfig(
        bands=8, initial_channels=16, resblock_kernels=(3,), resblock_dilations=((1,),), causal=False
    )
    network = HifiGan(config).eval()
    return TorchBackend(network.initial_state, network.step, 8, 1, torch_device("cpu"))


def test_streams_in_any_block_size(backend):
    x = np.random.default_rng(0).standard_normal((8, 6)).astype(np.float32)
    whole = backend.step(x).copy()
    backend.reset()
    parts = np.concatenate([backend.step(x[:, a:b]).copy() for a, b in ((0, 1), (1, 3), (3, 6))], axis=1)
    assert np.abs(whole - parts).max() <= 1e-5


def test_saves_and_restores_bit_for_bit(backend):
    x = np.random.default_rng(0).standard_normal((8, 2)).astype(np.float32)
    backend.step(x)
    saved = backend.snapshot()
    first = backend.step(x).copy()
    backend.step(x)
    backend.restore(saved)
    assert np.array_equal(backend.step(x), first)
    with pytest.raises(ModelFileError, match="another network"):
        backend.restore({})


def test_a_device_that_is_not_there_is_a_clear_error():
    with pytest.raises(ModelFileError, match="not available"):
        torch_device("quantum")
