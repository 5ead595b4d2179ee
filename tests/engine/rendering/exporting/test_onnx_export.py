"""Exported ONNX files compute what the model computes, and the example beside them plays."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import soundfile

from distill_control.cli.main import main
from distill_engine import load_model


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "starter"
    assert main(["export", "starter", "--to", "onnx", "-o", str(folder)]) == 0
    return folder


def run(folder: Path, name: str, x: np.ndarray, cuts: list[int]) -> np.ndarray:
    """Run x [C, n] through a graph in calls that end at `cuts`, with its states handed on."""
    session = onnxruntime.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
    states = json.loads((folder / "model.json").read_text())["states"][name]
    state: dict[str, Any] = {key: np.full(one["shape"], one["value"], one["type"]) for key, one in states.items()}
    names, parts = [item.name for item in session.get_outputs()], []
    for block in np.split(x.astype(np.float32), cuts, axis=1):
        result = dict(zip(names, session.run(None, {"x": block[None], **state}), strict=True))
        state = {key: result[f"next_{key}"] for key in state}
        parts.append(result["y"][0])
    return np.concatenate(parts, axis=1)


def test_the_graphs_alone_give_the_models_own_sound_in_calls_of_any_size(exported: Path) -> None:
    model = load_model("starter", threads=1)
    samples = 0.3 * np.sin(np.arange(40_000) * 0.05)
    mel = model.mel_of(samples.astype(np.float32))
    latents = run(exported, "encoder", mel, [])
    np.testing.assert_allclose(latents, model.encode(samples), atol=1e-4)
    frames = run(exported, "decoder", latents, [7, 8])
    np.testing.assert_allclose(frames, model.decode(latents), atol=1e-4)
    delay = json.loads((exported / "model.json").read_text())["vocoder_delay_samples"]
    sound = run(exported, "vocoder", frames, [1, 30])[0, delay:]
    np.testing.assert_allclose(sound, model.vocode(frames)[: len(sound)], atol=1e-4)


def test_the_example_plays(exported: Path, tmp_path: Path) -> None:
    words = [sys.executable, str(exported / "play.py"), str(tmp_path / "out.wav")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    samples, rate = soundfile.read(tmp_path / "out.wav")
    assert len(samples) > 3.9 * rate
    assert np.abs(samples).max() > 0.01


def test_the_description_names_shapes_and_an_export_without_graphs_is_refused(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (exported / "README.md").read_text()
    assert "mel frames [1, 128, F] -> samples [1, 1, 512 F]" in text
    assert {path.name for path in exported.iterdir()} >= {"index.html", "model.json"}
    (tmp_path / "file").write_text("")
    assert main(["export", "starter", "--to", "onnx", "-o", str(tmp_path / "file")]) == 1
    assert main(["export", "starter", "--to", "onnx", "-o", str(tmp_path / "out"), "--vocoder", "organ"]) == 1
    assert capsys.readouterr().err.count("\n") == 2
