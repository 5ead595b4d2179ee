"""Play a walk through latent space: python play.py out.wav (needs onnxruntime and numpy)."""

import json
import os
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # looked at when it is imported
import onnxruntime

FOLDER = Path(__file__).parent


class Network:
    """A graph with the state that it hands from call to call."""

    def __init__(self, name: str, states: dict[str, Any]) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors alone
        self.session = onnxruntime.InferenceSession(FOLDER / f"{name}.onnx", options)
        self.outputs = [item.name for item in self.session.get_outputs()]
        self.state = {key: np.full(one["shape"], one["value"], one["type"]) for key, one in states.items()}

    def __call__(self, x: np.ndarray) -> np.ndarray:
        result = dict(zip(self.outputs, self.session.run(None, {"x": x, **self.state}), strict=True))
        self.state = {key: result[f"next_{key}"] for key in self.state}
        y: np.ndarray = result["y"]
        return y


def main() -> None:
    """Write four seconds, computed a frame at a time."""
    if len(sys.argv) != 2:
        sys.exit("name the file to write: python play.py out.wav")
    model = json.loads((FOLDER / "model.json").read_text())
    decoder, vocoder = (Network(name, model["states"][name]) for name in ("decoder", "vocoder"))
    chance, latent, blocks = np.random.default_rng(1), np.zeros((1, model["latent_dim"], 1)), []
    for _ in range(4 * model["sample_rate"] // model["hop"]):
        latent = 0.97 * latent + 0.12 * chance.standard_normal(latent.shape)
        blocks.append(vocoder(decoder(latent.astype(np.float32)))[0, 0])
    with wave.open(sys.argv[1], "wb") as file:
        file.setparams((1, 2, model["sample_rate"], 0, "NONE", ""))
        file.writeframes((np.clip(np.concatenate(blocks), -1, 1) * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
