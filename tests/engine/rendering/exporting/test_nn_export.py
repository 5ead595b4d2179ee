"""The TorchScript file, in a host that calls it as nn~ does: buffers of powers of two from 512 on."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distill_control.cli.main import main
from distill_engine import Model, load_model
from distill_engine.rendering.exporting.nn_export import ENCODER_DELAY_FRAMES, OFFSET_LATENTS

HOP = 512
VOCODER_DELAY = 384  # samples


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("nn") / "starter.ts"
    assert main(["export", "starter", "--to", "nn", "-o", str(path)]) == 0
    return path


@pytest.fixture
def script(file: Path) -> Any:
    return torch.jit.load(str(file))


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("starter", threads=1)


def called(method: Any, x: np.ndarray, size: int) -> np.ndarray:
    """Call a method on x [C, n] in pieces of `size` columns; return y [C', n']."""
    with torch.no_grad():
        pieces = [method(torch.from_numpy(x[None, :, at : at + size])) for at in range(0, x.shape[1], size)]
    return np.asarray(torch.cat(pieces, 2)[0])


def sound(samples: int) -> np.ndarray:
    steps = np.arange(samples)
    return (0.3 * np.sin(steps * 0.05) * np.sin(steps * 0.0005) ** 2).astype(np.float32)


def test_the_host_finds_methods_ratios_and_attributes(script: Any) -> None:
    buffers = dict(script.named_buffers())
    assert script.get_methods() == ["forward", "encode", "decode"]
    assert buffers["forward_params"].tolist() == [1, 1, 1, 1]
    assert buffers["encode_params"].tolist() == [1, 1, 96, HOP]
    assert buffers["decode_params"].tolist() == [96, HOP, 1, 1]
    assert len(script.get_attributes()) == OFFSET_LATENTS
    assert script.set_latent_3(0.5) == 0
    assert script.get_latent_3() == 0.5


@pytest.mark.parametrize("size", [512, 1024, 4096])
def test_latents_and_sound_are_the_models_own_in_buffers_of_any_size(script: Any, model: Model, size: int) -> None:
    samples = sound(12 * 4096)
    latents = called(script.encode, samples[None], size)
    expected = model.encode(samples)
    kept = expected.shape[1] - ENCODER_DELAY_FRAMES
    np.testing.assert_allclose(latents[:, 4:][:, : kept - 2], expected[:, 2:kept], atol=1e-4)  # sigma
    made = called(script.decode, expected[:, :32], size // HOP)[0]
    whole = model.vocode(model.decode(expected[:, :32]))
    np.testing.assert_allclose(made[VOCODER_DELAY:], whole[: len(made) - VOCODER_DELAY], atol=1e-4)


def test_forward_is_encode_and_decode_and_attributes_move_it(file: Path) -> None:
    samples = sound(4 * 4096)[None]
    one, two, moved = (torch.jit.load(str(file)) for _ in range(3))
    through = called(one.forward, samples, 2048)
    again = called(two.decode, called(two.encode, samples, 512), 2)
    np.testing.assert_allclose(through, again, atol=1e-5)
    moved.set_latent_0(1.0)
    assert np.abs(called(moved.forward, samples, 2048) - through).max() > 1e-3
