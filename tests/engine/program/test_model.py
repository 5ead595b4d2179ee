"""A model as a Python object: what it holds, what it plays, and how it refuses wrong arguments."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from distill_control.cli.main import main
from distill_engine import Model, load_model, train
from distill_engine.errors import ArgumentError, DistillError, LibraryError
from distill_engine.library.presets import PresetStore


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("starter", threads=1)


def tone(rate: int, seconds: float = 0.5) -> np.ndarray:
    return 0.3 * np.sin(2.0 * np.pi * 440.0 * np.arange(round(rate * seconds)) / rate)


def test_it_holds_controls_map_codes_and_presets(model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DISTILL_HOME", str(tmp_path))
    names = [control.name for control in model.controls]
    assert "brightness" in names
    assert model.map.points.shape[0] == 2
    assert model.codes.encode(tone(44100).astype(np.float32), "tone").frames > 0
    assert not model.presets
    saved = PresetStore().save("soft", model.manifest.name, model.manifest.digest, {"/distill/gain": -6.0})
    assert [known.name for known in model.presets] == [saved.name]


def test_a_render_is_what_the_command_writes_and_what_streams(model: Model, tmp_path: Path) -> None:
    words = [
        "render",
        "starter",
        "-o",
        str(tmp_path / "a.wav"),
        "--duration",
        "0.5",
        "--seed",
        "3",
        "--bit-depth",
        "32f",
    ]
    assert main([*words, "--control", "brightness=0.5", "--set", "gain=-6"]) == 0
    written = soundfile.read(tmp_path / "a.wav", dtype="float32")[0].T
    settings: dict[str, Any] = {"seed": 3, "controls": {"brightness": 0.5}, "parameters": {"gain": -6}}
    made = load_model("starter").render(0.5, **settings)  # as many threads as the command
    np.testing.assert_array_equal(made, written)
    blocks = list(model.stream(0.5, **settings))
    assert len(blocks) > 1
    assert np.concatenate(blocks, axis=1).shape == made.shape


def test_sound_of_another_rate_has_the_same_latents(model: Model) -> None:
    at_rate, resampled = model.encode(tone(44100)), model.encode(tone(22050), rate=22050)
    assert at_rate.shape == resampled.shape
    middle = slice(4, -4)  # both begin and end within the filter of the resampler
    assert np.abs(at_rate[:, middle] - resampled[:, middle])[:8].mean() < 0.1 * np.abs(at_rate[:8]).mean()


def test_a_source_of_ones_own_is_asked_hop_by_hop_and_can_be_steered(model: Model) -> None:
    latents = model.encode(tone(44100))
    asked: list[int] = []

    def source(hop: int) -> np.ndarray:
        asked.append(hop)
        return latents[:, hop % latents.shape[1]]

    plain = model.render(0.4, source=source)
    assert asked[:3] == [0, 1, 2]
    assert np.abs(plain).max() > 0.01
    bright = model.render(0.4, source=source, controls={"brightness": 1.0})
    assert np.abs(plain - bright).max() > 0.01
    heard = model.render(0.4, source=tone(44100).astype(np.float32))
    assert np.abs(heard).max() > 0.01


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: m.encode(np.zeros((2, 9000))), "samples: the shape is [2, 9000]: expected [T]"),
        (lambda m: m.encode("noise"), "is not an array of numbers"),
        (lambda m: m.encode([1.0, [2.0]]), "rows of different lengths"),
        (lambda m: m.encode(np.zeros(9000, complex)), "complex128 is not an array of numbers"),
        (lambda m: m.encode(np.zeros(9000, np.int16)), "samples: int16: expected float32 [T], full scale 1.0"),
        (lambda m: m.encode(np.full(9000, np.nan)), "NaN or infinity"),
        (lambda m: m.encode(np.zeros(100)), "100 at 44100 Hz: expected at least 512"),
        (lambda m: m.encode(np.zeros(9000), rate=0), "rate 0: expected a number of Hz, 8000 to 192000"),
        (lambda m: m.encode(np.zeros(9000), rate="fast"), "rate 'fast'"),
        (lambda m: m.encode(np.zeros(9000), rate=44100.5), "a whole number of Hz"),
        (lambda m: m.decode(np.zeros((3, 5))), "latents: the shape is [3, 5]: expected [128, L]"),
        (lambda m: m.vocode(np.zeros((96, 5))), "mel: the shape is [96, 5]: expected [128, F]"),
        (lambda m: m.render("long"), "seconds: 'long' is not a number"),
        (lambda m: m.render(0), "out of range"),
        (lambda m: m.render(1, source=lambda hop: np.zeros(3)), "the source at hop 0: the shape is [3]"),
        (lambda m: m.render(1, source="input"), "give the samples [T] themselves"),
        (lambda m: m.render(1, source="nothing"), "source nothing: unknown; there are"),
        (lambda m: m.render(1, controls={"shine": 1}), "the model has loudness"),
        (lambda m: m.render(1, controls={"brightness": "high"}), "brightness: 'high' is not a number"),
        (lambda m: m.render(1, controls={"brightness": 3}), "control brightness 3 is out of range: give -1 to 1"),
        (lambda m: m.render(1, controls=["brightness"]), "controls: list: expected numbers by name"),
        (lambda m: m.render(1, controls={3: 1}), "a name in controls: 3: expected a text"),
        (lambda m: m.render(1, parameters=7), "parameters: int: expected numbers by name"),
        (lambda m: m.render(1, parameters={"shine": 1}), "/distill/shine is no parameter"),
        (lambda m: m.render(1, parameters={"gain": 99}), "give -90 to 12 dB"),
        (lambda m: m.render(float("nan")), "duration nan s is out of range"),
        (lambda m: m.render(1, seed=1.5), "seed: 1.5: expected a whole number, 0 to 2147483647"),
        (lambda m: m.render(1, seed=-1), "seed: -1: expected a whole number"),
        (lambda m: m.render(1, seed=float("nan")), "seed: nan: expected a whole number"),
        (lambda m: m.render(1, source=7), "source: 7: expected a name, a recording [T], or a function of the hop"),
        (lambda m: m.render(1, source=None), "source: None: expected a name"),
        (lambda m: m.render(1, source=np.zeros((2, 9000))), "samples: the shape is [2, 9000]: expected [T]"),
        (lambda m: m.render(1, source=lambda hop: None), "the source at hop 0: NoneType is not an array of numbers"),
        (lambda m: m.render(1, source=lambda hop: np.full(128, 1e300)), "beyond those of float32"),
        (lambda m: m.encode(torch.zeros(9000, requires_grad=True)), "does not become an array: expected float32 [T]"),
        (lambda m: m.encode(np.zeros(9000), rate=True), "rate True: expected a number of Hz"),
        (lambda m: m.vocode(np.zeros((128, 5)), vocoder="organ"), "vocoder 'organ' is unknown; choose auto"),
        (lambda m: m.vocode(np.zeros((128, 5)), vocoder=3), "vocoder: 3: expected a text"),
        (lambda m: m.codes.encode(np.zeros((2, 9000)), "x"), "samples: the shape is [2, 9000]: expected [T]"),
        (lambda m: m.codes.decode("x"), "file: str: expected what `encode` or `load` returns"),
        (lambda m: m.map.latent_at("left", 0), "x: 'left' is not a number"),
        (lambda m: m.map.place_of(np.zeros(3)), "latent: the shape is [3]: expected [D], D of 16 or more"),
        (lambda m: load_model("starter", vocoder=3), "vocoder: 3: expected a text"),  # type: ignore[arg-type]
        (lambda m: load_model("starter", threads=0), "threads: 0: expected a whole number, 1 to 256"),
        (lambda m: load_model("starter", threads="2"), "threads: '2'"),  # type: ignore[arg-type]
        (lambda m: load_model("starter", torch_device="gpu").render(0.1), "torch device gpu is not available here"),
        (lambda m: train(5, "out.distillgan"), "corpus: 5: expected a path"),  # type: ignore[arg-type]
        (lambda m: train(".", "out.wav"), "output: out.wav: expected NAME.distillgan"),
        (lambda m: train(".", "out.distillgan", seed="x"), "seed: 'x': expected"),  # type: ignore[arg-type]
        (lambda m: train(".", "out.distillgan", listen=3), "listen: 3: expected a function"),  # type: ignore[arg-type]
        (lambda m: train("nowhere", "out.distillgan"), "nowhere does not exist: give the folder"),
        (
            lambda m: load_model(5),  # type: ignore[arg-type]
            "expected the name of a model",
        ),
    ],
)
def test_wrong_arguments_are_named_with_what_is_expected(
    model: Model, call: Callable[[Any], object], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DistillError) as refused:
        call(model)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(LibraryError, match="no model 'nowhere'"):
        load_model("nowhere")
    assert issubclass(ArgumentError, DistillError)
