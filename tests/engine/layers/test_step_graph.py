"""Recorded steps stream as steps one by one do. The recording itself needs CUDA; here it is played by plain steps."""

import pytest
import torch

from distill_engine.inference.torch_backend import TorchBackend
from distill_engine.layers import step_graph
from distill_engine.layers.runner import Runner
from distill_engine.layers.state import flatten_state
from distill_engine.layers.step_graph import RecordedSteps, StateLayout, structured
from distill_engine.vocoders import HifiGan, HifiGanConfig
from distill_vendor.bigvgan import BigVGAN, BigVGANConfig

CPU = torch.device("cpu")
SMALL = HifiGanConfig(bands=8, initial_channels=16, resblock_kernels=(3,), resblock_dilations=((1,),), causal=False)


class Recording:
    """What a graph does, step by step: the state goes in and out packed."""

    made = 0
    error: Exception | None = None
    off = 0.0

    def __init__(self, step, x, state):
        type(self).made += 1
        if self.error is not None:
            raise self.error
        self._step, self._layout = step, state.layout

    def __call__(self, x, state):
        y, after = self._step(x, self._layout.unpack(state))
        return y + self.off, self._layout.pack(after)


@pytest.fixture
def recording(monkeypatch):
    class Fresh(Recording):
        made = 0

    monkeypatch.setattr(step_graph, "StepGraph", Fresh)
    return Fresh


@pytest.fixture
def network():
    torch.manual_seed(0)
    return HifiGan(SMALL).eval()


def streams(network, said):
    """A stream of recorded steps and one of plain ones."""
    recorded = Runner(network, CPU)
    recorded.recorded = RecordedSteps(network.step, lambda state: True, said.append)
    return TorchBackend(recorded, 8, 1), TorchBackend(Runner(network, CPU), 8, 1)


def blocks(count, size=2):
    return torch.randn(count, 8, size, generator=torch.Generator().manual_seed(1)).numpy()


def test_a_layout_gives_every_tensor_back(network):
    state = network.step(torch.randn(1, 8, 3), network.initial_state(1))[1]
    packed = StateLayout(state, CPU).pack(state)
    assert set(packed.flat) == {torch.float32, torch.int64}
    assert not packed.host
    before, after = flatten_state(state), flatten_state(structured(packed))
    assert list(before) == list(after)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_tensors_elsewhere_stay_apart(network):
    state = network.initial_state(1, device="meta")
    assert StateLayout(state, CPU).pack(state).flat == {}


def test_a_size_that_repeats_is_recorded_once_and_streams_on(network, recording):
    said: list[str] = []
    recorded, plain = streams(network, said)
    for x in blocks(7):
        assert abs(recorded.step(x) - plain.step(x)).max() <= 1e-6
    assert recording.made == 1
    for x in blocks(2, size=5):
        assert abs(recorded.step(x) - plain.step(x)).max() <= 1e-6
    assert recording.made == 1
    assert said == []


def test_a_packed_state_is_saved_and_restored(network, recording):
    recorded, plain = streams(network, [])
    for x in blocks(6):
        recorded.step(x)
        plain.step(x)
    kept = recorded.snapshot()
    assert {name: value.shape for name, value in kept.items()} == {n: v.shape for n, v in plain.snapshot().items()}
    following = recorded.step(blocks(1)[0]).copy()
    recorded.restore(kept)
    assert abs(recorded.step(blocks(1)[0]) - following).max() <= 1e-6


@pytest.mark.parametrize(
    ("error", "off"), [(RuntimeError("operation not permitted\nwhen capturing"), 0.0), (None, 0.1)]
)
def test_a_recording_that_fails_or_lies_is_said_once_and_not_used(network, recording, error, off):
    recording.error, recording.off = error, off
    said: list[str] = []
    recorded, plain = streams(network, said)
    for x in blocks(8):
        assert abs(recorded.step(x) - plain.step(x)).max() <= 1e-6
    assert recording.made == 1
    assert len(said) == 1
    assert "\n" not in said[0]


def test_another_precision_is_recorded_anew(network, recording):
    recorded, _ = streams(network, [])
    for x in blocks(5):
        recorded.step(x)
    network.double()
    recorded.runner.dtype = torch.float64
    recorded.reset()
    for x in blocks(5):
        recorded.step(x)
    assert recording.made == 2


def test_bigvgan_is_steady_once_its_start_no_longer_counts():
    torch.manual_seed(0)
    config = BigVGANConfig(bands=8, initial_channels=32, upsample_rates=(4, 2), upsample_kernels=(8, 4))
    network = BigVGAN(config).eval()
    state = network.initial_state(1)
    while not network.is_steady(state):
        state = network.step(torch.randn(1, 8, 1), state)[1]
    x = torch.randn(1, 8, 1)
    expected, _ = network.step(x, state)
    state.position = state.position + 1000
    assert torch.equal(network.step(x, state)[0], expected)
    assert not network.is_steady(network.ended(state))
