"""The TorchScript file, in a host that calls it as nn~ does: buffers of powers of two from 512 on."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import distill_engine
from distill_control.cli.main import main
from distill_engine import Model, load_model
from distill_engine.analysis.controls import ControlInfo, Controls, no_paths
from distill_engine.modelfile import ModelFile
from distill_engine.rendering.exporting.nn_export import ENCODER_DELAY_FRAMES, OFFSET_LATENTS, _attribute_names
from distill_engine.vocoders.configs import VocosConfig

HOP = 512
INFO = ControlInfo("brightness", "feature", "Cam", "", 0.9, 0.8, 1.0, 2.0, 3.0, {}, (-1.0, 1.0))
VOCODER_DELAY = VocosConfig().delay


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
    with torch.inference_mode():  # as the host does; it sets attributes without
        pieces = [method(torch.from_numpy(x[None, :, at : at + size])) for at in range(0, x.shape[1], size)]
    return np.asarray(torch.cat(pieces, 2)[0])


def sound(samples: int) -> np.ndarray:
    steps = np.arange(samples)
    return (0.3 * np.sin(steps * 0.05) * np.sin(steps * 0.0005) ** 2).astype(np.float32)


def test_the_host_finds_methods_ratios_and_attributes(script: Any, model: Model) -> None:
    buffers = dict(script.named_buffers())
    assert script.get_methods() == ["forward", "encode", "decode"]
    assert buffers["forward_params"].tolist() == [1, 1, 1, 1]
    assert buffers["encode_params"].tolist() == [1, 1, 128, HOP]
    assert buffers["decode_params"].tolist() == [128, HOP, 1, 1]
    names = script.get_attributes()
    assert names[:OFFSET_LATENTS] == [f"latent_{index}" for index in range(OFFSET_LATENTS)]
    moving = [info.name for info in model.controls if info.kind != "temporal" and info.name != "noisiness"]
    assert names[OFFSET_LATENTS:] == [re.sub(r"\W", "_", name) for name in moving]
    for name in names:
        assert f"{name}_params" in buffers
        assert getattr(script, f"set_{name}")(0.25) == 0
        assert getattr(script, f"get_{name}")() == 0.25
        assert getattr(script, f"set_{name}")(99.0) == 0
        assert getattr(script, f"get_{name}")() == (10.0 if name.startswith("latent_") else 1.0)
        assert getattr(script, f"set_{name}")(float("nan")) == 0
    moved = script.controls(torch.ones(1, 128, 2))
    assert torch.isfinite(moved).all()


@pytest.mark.parametrize("size", [512, 1024, 2048, 4096, 8192])
def test_latents_and_sound_are_the_models_own_in_buffers_of_any_size(
    script: Any, model: Model, file: Path, size: int
) -> None:
    samples = sound(12 * 4096)
    latents = called(script.encode, samples[None], size)
    expected = model.encode(samples)
    kept = expected.shape[1] - ENCODER_DELAY_FRAMES
    np.testing.assert_allclose(latents[:, 4:][:, : kept - 2], expected[:, 2:kept], atol=1e-4)  # sigma
    made = called(script.decode, expected[:, :32], size // HOP)[0]
    whole = model.vocode(model.decode(expected[:, :32]))
    np.testing.assert_allclose(made[VOCODER_DELAY:], whole[: len(made) - VOCODER_DELAY], atol=1e-4)
    through = called(torch.jit.load(str(file)).forward, samples[None], size)[0]
    whole = model.vocode(model.decode(latents))
    assert np.abs(whole).max() > 0.1
    np.testing.assert_allclose(through[VOCODER_DELAY:], whole[: len(through) - VOCODER_DELAY], atol=1e-4)


@pytest.mark.parametrize(
    ("values", "offset"), [({}, 2.0), ({"brightness": 0.35}, 0.0), ({"brightness": -1.0, "warmth": 1.0}, 9.0)]
)
def test_controls_and_offsets_move_latents_as_the_synth_does(
    script: Any, model: Model, values: dict[str, float], offset: float
) -> None:
    with ModelFile.open(model.path) as file:
        controls = Controls.from_part(file.read_part("analysis"), file.manifest.analysis)
    latents = model.encode(sound(4096))
    added = controls.unlimited(np.zeros(controls.dimensions), controls.values(values))
    added[0] += offset
    expected = np.stack([controls.region.limited(z, z + added)[0] for z in latents.T.astype(float)], 1)
    script.set_latent_0(offset)
    for name, value in values.items():
        assert getattr(script, f"set_{name}")(value) == 0
    with torch.no_grad():
        moved = script.controls(torch.from_numpy(latents[None]))[0].numpy()
    assert np.abs(moved - latents).max() > 0.1
    np.testing.assert_allclose(moved, expected, atol=1e-4)


def test_the_file_names_no_folder_of_this_machine(file: Path) -> None:
    data = file.read_bytes()
    for module in (distill_engine, torch):
        assert str(Path(str(module.__file__)).parents[1]).encode() not in data


def test_names_of_controls_become_names_that_a_host_can_call() -> None:
    infos = [replace(INFO, name=name) for name in ("character-1", "character 1", "1st", "Bässe", "methods", "latent_0")]
    infos.insert(1, replace(INFO, name="density", kind="temporal"))
    controls = Controls(infos, no_paths(2), Controls.none(2).region)
    others = {f"control_{index}": index for index in (2, 3, 5, 6)}
    assert _attribute_names(controls) == {"character_1": 0, "B_sse": 4} | others
    assert _attribute_names(None) == {}


def test_forward_is_encode_and_decode_and_attributes_move_it(file: Path) -> None:
    samples = sound(4 * 4096)[None]
    one, two, moved = (torch.jit.load(str(file)) for _ in range(3))
    through = called(one.forward, samples, 2048)
    again = called(two.decode, called(two.encode, samples, 512), 2)
    np.testing.assert_allclose(through, again, atol=1e-5)
    moved.set_latent_0(1.0)
    assert np.abs(called(moved.forward, samples, 2048) - through).max() > 1e-3
