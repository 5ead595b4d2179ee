"""The native kernel plays what the network plays, from the same states, and refuses what does not fit."""

from collections.abc import Iterator
from threading import Thread

import numpy as np
import pytest
import torch

from distill_engine.errors import ConfigError, ModelFileError
from distill_engine.inference.kernels.vocos_kernel import Pointers, VocosKernel
from distill_engine.inference.step_backend import StepBackend
from distill_engine.inference.torch_backend import TorchBackend
from distill_engine.layers.runner import Runner
from distill_engine.native.library import Library, native_library
from distill_engine.vocoders.configs import VocosConfig
from distill_engine.vocoders.vocos.network import Vocos

CONFIGS = {
    "default": VocosConfig(),
    "large": VocosConfig(channels=48, hidden=80, blocks=2, kernel=5, rise=512),
    "short window": VocosConfig(channels=16, hidden=24, n_fft=512, frames_per_hop=4, rise=256),
    "no context": VocosConfig(channels=16, hidden=24, kernel=1, frames_per_hop=1, n_fft=1024, rise=512),
    "quick": VocosConfig(channels=16, hidden=24, rise=300, oscillators=0.7),
}
Pair = tuple[VocosKernel, TorchBackend]


@pytest.fixture(scope="module")
def library() -> Library:
    found = native_library()
    assert isinstance(found, Library), found
    return found


@pytest.fixture(scope="module", params=CONFIGS)
def pair(request: pytest.FixtureRequest, library: Library) -> Pair:
    torch.manual_seed(1)
    config = CONFIGS[request.param]
    network = Vocos(config).eval()
    with torch.no_grad():  # the head starts at zero: let it say something
        network.spectra.weight.normal_(0.0, 0.02)
    part = {name: value.numpy() for name, value in network.state_dict().items()}
    return VocosKernel(library, config, part), TorchBackend(Runner(network, torch.device("cpu")), config.bands, 1)


def _mels() -> Iterator[np.ndarray]:
    """Mels [128, n] in blocks of different sizes: noise, silence, an attack, a held partial, extremes."""
    rng = np.random.default_rng(2)
    for n in (1, 1, 3, 8, 1):
        yield rng.normal(-4.0, 2.0, (128, n))
    yield np.full((128, 2), -11.5)
    yield np.full((128, 2), -2.0)
    held = np.full((128, 6), -9.0)
    held[40:42] = 0.5
    yield held
    yield np.full((128, 1), 30.0)
    yield np.full((128, 1), -60.0)


def _played(stream: StepBackend) -> np.ndarray:
    return np.concatenate([stream.step(mel.astype(np.float32)).copy() for mel in _mels()], axis=1)


def test_the_kernel_plays_what_the_network_plays(pair: Pair) -> None:
    kernel, reference = pair
    native = kernel.stream()
    reference.reset()
    difference = np.abs(_played(native) - _played(reference))
    assert difference.max() < 1e-4
    before, after = native.snapshot(), reference.snapshot()
    assert {n: (v.shape, v.dtype) for n, v in before.items()} == {n: (v.shape, v.dtype) for n, v in after.items()}
    assert all(np.abs(before[name] - after[name]).max() < 1e-2 for name in before)  # lengths of oscillators
    assert before["sound.clock"] == after["sound.clock"]


def test_a_stream_in_blocks_is_one_frame_by_frame(pair: Pair) -> None:
    kernel, _ = pair
    blocks, frames = kernel.stream(), kernel.stream()
    whole = _played(blocks)
    single = [frames.step(mel[:, [at]].astype(np.float32)).copy() for mel in _mels() for at in range(mel.shape[1])]
    assert np.array_equal(whole, np.concatenate(single, axis=1))


def test_a_state_of_the_network_goes_on_in_the_kernel_and_back(pair: Pair) -> None:
    kernel, reference = pair
    native = kernel.stream()
    reference.reset()
    mels = [mel.astype(np.float32) for mel in _mels()][:5]
    for mel in mels:
        reference.step(mel)
    native.restore(reference.snapshot())
    assert np.abs(native.step(mels[2]) - reference.step(mels[2])).max() < 1e-4
    reference.restore(native.snapshot())
    assert np.abs(native.step(mels[3]) - reference.step(mels[3])).max() < 1e-4
    native.reset()
    assert np.array_equal(_played(native), _played(kernel.stream()))


def test_nonsense_in_a_mel_or_a_state_ends_with_the_restored_state(pair: Pair) -> None:
    kernel, _ = pair
    stream = kernel.stream()
    stream.step(np.zeros((128, 2), np.float32))
    good = stream.snapshot()
    for value in (np.nan, np.inf, -np.inf, 3e38, 1e-45):
        stream.step(np.full((128, 3), value, np.float32))
        stream.restore(
            {name: np.full_like(array, value if array.dtype == np.float32 else -5) for name, array in good.items()}
        )
        stream.step(np.zeros((128, 1), np.float32))
    stream.restore(good)
    after = stream.step(np.zeros((128, 2), np.float32)).copy()
    stream.restore(good)
    assert np.isfinite(after).all()
    assert np.array_equal(after, stream.step(np.zeros((128, 2), np.float32)))


def test_other_shapes_are_refused_in_words(pair: Pair) -> None:
    kernel, _ = pair
    stream = kernel.stream()
    with pytest.raises(ConfigError, match=r"takes mel frames \[128, n\], not \[64, 1\]"):
        stream.step(np.zeros((64, 1), np.float32))
    with pytest.raises(ModelFileError, match="another network"):
        stream.restore({"past": np.zeros((1, 128, 3), np.float32)})


def test_weights_that_do_not_fit_are_refused(library: Library) -> None:
    config = CONFIGS["short window"]
    part = {name: value.numpy() for name, value in Vocos(config).state_dict().items()}
    with pytest.raises(ConfigError, match=r"no weights 'head_norm.bias'"):
        VocosKernel(library, config, {name: part[name] for name in part if name != "head_norm.bias"})
    with pytest.raises(ConfigError, match="do not fit its config"):
        VocosKernel(library, config, part | {"embed.bias": np.zeros(17, np.float32)})
    with pytest.raises(ConfigError, match="does not compute a vocoder of these sizes"):  # 960 is no power of two
        VocosKernel(library, VocosConfig(channels=16, hidden=24, n_fft=768), part)


@pytest.mark.parametrize("config", [VocosConfig(n_fft=16384), VocosConfig(bands=4096)])
def test_sizes_out_of_reach_are_refused_before_tables_are_computed(library: Library, config: VocosConfig) -> None:
    with pytest.raises(ConfigError, match="the native kernel does not compute"):
        VocosKernel(library, config, {})  # with tables first, it would be the missing weights


def test_every_block_has_an_address_also_without_context(pair: Pair) -> None:
    kernel, _ = pair
    assert len(Pointers(kernel.initial, kernel.blocks).each) == 8 + kernel.blocks


def test_streams_in_two_threads_play_what_one_plays(pair: Pair) -> None:
    kernel, _ = pair
    played: list[np.ndarray] = []
    threads = [Thread(target=lambda: played.append(_played(kernel.stream()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = _played(kernel.stream())
    assert len(played) == 2
    assert all(np.array_equal(sound, alone) for sound in played)


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_weights_that_are_no_numbers_reach_no_index_and_leave_the_states_restorable(library: Library, value) -> None:
    """A file's weights are finite; what large ones overflow to goes through the same arithmetic."""
    config = CONFIGS["short window"]
    torch.manual_seed(1)
    part = {name: weights.numpy() for name, weights in Vocos(config).eval().state_dict().items()}
    good, bad = VocosKernel(library, config, part), dict(part)
    for name in ("spectra.weight", "embed.bias", "blocks.0.scale"):
        bad[name] = np.full_like(part[name], value)
    spoilt = VocosKernel(library, config, bad).stream()
    with np.errstate(invalid="ignore"):
        assert not np.isfinite(_played(spoilt)).all()
    stream = good.stream()
    before = _played(stream).copy()
    stream.restore(spoilt.snapshot())
    _played(stream)
    stream.reset()
    assert np.array_equal(_played(stream), before)
