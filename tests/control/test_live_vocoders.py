"""`/distill/vocoder` of a playing engine: added ones and BigVGAN swap in, what is too slow is refused with its figure."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import support_vocoders
from distill_control.cli.main import main
from distill_control.osc.client import OscClient
from distill_engine.errors import ControlError
from distill_engine.takes.take import TICK_SAMPLES

SMALL: dict[str, Any] = {
    "upsample_rates": (8, 8, 8),
    "upsample_kernels": (16, 16, 16),
    "initial_channels": 32,
    "resblock_kernels": (3,),
    "resblock_dilations": ((1, 3),),
}
HUB_PROGRAM = Path(__file__).parents[1] / "support_hub.py"


class Engine:
    """`distill-engine` in a process of its own, steered over OSC."""

    def __init__(self, port: int, home: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "distill_control.cli.engine", *arguments, "--osc-port", str(port)]
        command += ["--oscquery-port", "0", "--no-midi", "--quiet", "--allow-paths"]
        environment = {**os.environ, "DISTILL_HOME": str(home), "HF_HOME": str(home / "hub"), "HF_HUB_OFFLINE": "1"}
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.client = OscClient(port=port)

    def ask(self, address: str, *arguments: Any, seconds: float = 60.0) -> tuple[Any, ...]:
        """Sends, and returns the answer: its address and arguments."""
        self.client.send(address, *arguments)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, self.process.communicate()[0]
            message = self.client.receive(0.5)
            if message is not None and (message.address.startswith(address) or address in message.arguments):
                return (message.address, *message.arguments)
        raise AssertionError(f"no answer to {address}")

    def status(self) -> dict[str, Any]:
        return self.until(lambda status: "hops" in status)

    def until(self, what: Callable[[dict[str, Any]], bool], seconds: float = 60.0) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, self.process.communicate()[0]
            message = None
            with contextlib.suppress(ControlError):  # it does not listen yet
                self.client.send("/distill/status")
                message = self.client.receive(0.5)
            if message is None:
                time.sleep(0.1)
            if message is not None and message.address == "/distill/status.reply":
                pairs: Any = zip(message.arguments[::2], message.arguments[1::2], strict=True)
                status: dict[str, Any] = dict(pairs)
                if what(status):
                    return status
        raise AssertionError("it never came")

    def play_on(self, hops: int = 60) -> dict[str, Any]:
        now = self.status()["hops"]
        return self.until(lambda status: status.get("hops", 0) > now + hops)

    def close(self) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=30)[0]
        assert self.process.returncode == 0, said
        assert "Traceback" not in said


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("DISTILL_HOME", str(folder))
    monkeypatch.setenv("HF_HOME", str(folder / "hub"))
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    return folder


@pytest.fixture
def play(home: Path, free_port: int, tiny_model: Path) -> Iterator[Callable[..., Engine]]:
    made: list[Engine] = []

    def start(*arguments: str) -> Engine:
        made.append(Engine(free_port, home, str(tiny_model), *arguments))
        made[-1].until(lambda status: status.get("hops", 0) > 0 and status["vocoder_playing"] != "")
        return made[-1]

    yield start
    for engine in made:
        engine.close()


def longest_silence(samples: np.ndarray) -> int:
    """Samples of the longest stretch without sound, but for the beginning and the end."""
    loud = np.flatnonzero(np.abs(samples) > 1e-7)
    return int(np.diff(loud).max(initial=0))


@pytest.mark.slow
def test_an_added_vocoder_plays_live_and_its_take_renders_to_the_same_samples(
    home: Path, play: Callable[..., Engine], tiny_model: Path, tmp_path: Path
) -> None:
    support_vocoders.add_vocoder("v3", tmp_path)
    take, live, offline = tmp_path / "a.take", tmp_path / "live.wav", tmp_path / "offline.wav"
    engine = play("--device", "null", "--block", "8", "--vocoder", "vocos", "--record", str(take))
    assert engine.ask("/distill/record", str(live)) == ("/distill/done", "/distill/record")
    engine.play_on()
    assert engine.ask("/distill/vocoder", "v3")[0] == "/distill/done"
    assert engine.status()["vocoder_playing"] == "v3"
    engine.ask("/distill/seed", 5)
    engine.play_on(120)
    assert engine.ask("/distill/vocoder", "vocos")[0] == "/distill/done"
    engine.play_on()
    engine.end()
    command = ["render", str(tiny_model), "--take", str(take), "-o", str(offline), "--bit-depth", "32f"]
    assert main(command) == 0
    played, rendered = (soundfile.read(path, dtype="float32")[0] for path in (live, offline))
    assert len(played) > 200 * 512
    starts = range(0, len(rendered) - len(played) + 1, TICK_SAMPLES)  # the recording began some ticks after the take
    assert min(np.abs(rendered[start : start + len(played)] - played).max() for start in starts) < 1e-5


@pytest.mark.slow
def test_an_engine_starts_with_an_added_vocoder_lists_it_and_refuses_unknown_ones(
    home: Path, play: Callable[..., Engine], tmp_path: Path
) -> None:
    support_vocoders.add_vocoder("other-24k", tmp_path)
    engine = play("--device", "null", "--vocoder", "other-24k")
    assert engine.status()["vocoder_playing"] == "other-24k"
    _, *listed = engine.ask("/distill/vocoder/list")
    about = dict(zip(listed[::2], listed[1::2], strict=True))
    assert about["other-24k"] == "hifigan at 24000 Hz with 100 bands"
    assert "distill vocoder download" in about["bigvgan"]
    address, _, reason = engine.ask("/distill/vocoder", "organ")
    assert address == "/distill/error"
    assert "choose auto, hifigan, vocos, bigvgan, base, other-24k" in reason
    address, _, reason = engine.ask("/distill/vocoder", "bigvgan")
    assert (address, "not on this machine" in reason) == ("/distill/error", True)
    assert engine.play_on()["vocoder_playing"] == "other-24k"
    engine.end()


@pytest.mark.realtime
@pytest.mark.slow
def test_a_bigvgan_from_the_hub_swaps_in_without_a_gap(
    home: Path, play: Callable[..., Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download_small_bigvgan(tmp_path / "published", monkeypatch)
    heard = tmp_path / "heard.wav"
    # Half a second in the ring, so that a gap is the swap's and not a stall of the machine.
    engine = play("--device", f"file:{heard}", "--block", "8", "--vocoder", "vocos", "--latency", "500")
    before = engine.play_on()
    assert engine.ask("/distill/vocoder", "bigvgan")[0] == "/distill/done"
    after = engine.play_on(200)
    assert after["vocoder_playing"] == "bigvgan"
    assert after["swaps"] == before["swaps"] + 1
    assert after["underruns"] == before["underruns"]
    engine.end()
    samples = soundfile.read(heard, dtype="float32")[0][:, 0]
    assert longest_silence(samples) < 64


@pytest.mark.slow
def test_a_bigvgan_of_the_real_size_is_refused_with_its_figure_while_the_old_plays_on(
    home: Path, play: Callable[..., Engine]
) -> None:
    support_vocoders.write_real_bigvgan()
    engine = play("--device", "null", "--block", "8", "--vocoder", "vocos", "--torch-device", "cpu")
    before = engine.play_on()
    address, about, reason = engine.ask("/distill/vocoder", "bigvgan", seconds=110.0)
    assert (address, about) == ("/distill/error", "/distill/vocoder")
    assert "vocoder bigvgan cannot keep up here: it takes " in reason
    assert float(reason.split("it takes ")[1].split(" s for")[0]) > 0.95
    for way in ("distill render --vocoder bigvgan", "distill train-vocoder", "another --torch-device"):
        assert way in reason
    after = engine.play_on()
    assert (after["vocoder_playing"], after["swaps"]) == ("vocos", before["swaps"])
    engine.end()


def download_small_bigvgan(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small generator published on a local hub under the pinned name, downloaded as a user does."""
    import torch

    from distill_engine.vocoders.bigvgan import PIN, BigVGANConfig, Pin
    from distill_engine.vocoders.weights.download import download
    from distill_vendor.bigvgan import BigVGAN

    config = BigVGANConfig(**SMALL)
    folder = root / PIN.hub
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    state = BigVGAN(config).state_dict()
    torch.save({"generator": {k: v * 8 if k.endswith("weight") else v for k, v in state.items()}}, folder / PIN.weights)
    (folder / "config.json").write_text(json.dumps(config.to_upstream()))
    hub = subprocess.Popen([sys.executable, str(HUB_PROGRAM), str(root)], stdout=subprocess.PIPE, text=True)
    try:
        assert hub.stdout is not None
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{hub.stdout.readline().strip()}")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        record = download(Pin("bigvgan", PIN.hub, config, about_bytes=1_000_000))
    finally:
        hub.terminate()
        hub.communicate(timeout=10)
    assert record.revision.startswith("c0ffee")
    assert len(record.sha256) == 64
