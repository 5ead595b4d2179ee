"""Exported ONNX files compute what the model computes, and the example beside them plays."""

import contextlib
import functools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import soundfile

from distill_control.cli.main import main
from distill_engine import load_model
from support_browser import CHROMIUM, Browser

WEB_RUNTIME = Path(__file__).parents[4] / "build" / "web-runtime" / "node_modules" / "onnxruntime-web" / "dist"


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
    refused = subprocess.run(words[:2], capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stderr) == (1, "name the file to write: python play.py out.wav\n")


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on the loopback; yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.skipif(not WEB_RUNTIME.is_dir(), reason="needs onnxruntime-web: make build/web-runtime")
def test_the_page_computes_in_a_browser_what_the_graphs_compute_here(exported: Path, tmp_path: Path) -> None:
    for path in (*exported.iterdir(), *WEB_RUNTIME.glob("ort-wasm*"), WEB_RUNTIME / "ort.min.js"):
        (tmp_path / path.name).symlink_to(path)
    with served(tmp_path) as address, contextlib.closing(Browser()) as browser:
        page = browser.page(f"{address}/index.html")
        page.run("Math.random = () => 0.55")
        sound = np.array(page.run("walk(0.2).then(made => Array.from(made.sound))"))
    latents, latent = [], np.zeros(128, np.float32)
    for _ in range(len(sound) // 512):
        latent = (0.97 * latent.astype(float) + 0.21 * (2 * 0.55 - 1)).astype(np.float32)
        latents.append(latent)
    expected = run(exported, "vocoder", run(exported, "decoder", np.stack(latents, 1), []), [])[0]
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(sound, expected, atol=1e-4 * max(1.0, np.abs(expected).max()))


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
