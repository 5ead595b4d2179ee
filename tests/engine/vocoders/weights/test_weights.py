"""Weights from the hub: downloaded once, checked, and never requested again."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from distill_engine.errors import WeightsError
from distill_engine.system.regular_files import sha256_of
from distill_engine.vocoders.bigvgan import PIN, BigVGANConfig, Pin
from distill_engine.vocoders.weights.convert import read_checkpoint
from distill_engine.vocoders.weights.download import download
from distill_engine.vocoders.weights.events import DownloadProgress, DownloadStarted, Ready
from distill_engine.vocoders.weights.published import load_bigvgan
from distill_engine.vocoders.weights.records import hub_folder, read_record
from distill_engine.vocoders.weights.verifying import verify
from distill_vendor.bigvgan import BigVGAN
from support_vocoders import SMALL_BIGVGAN, with_weight_norm

HUB_NAME = "nobody/tiny_bigvgan"
HUB_PROGRAM = Path(__file__).parents[3] / "support_hub.py"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a hub with one small BigVGAN, weight-normed as upstream publishes it."""
    root = tmp_path_factory.mktemp("hub")
    folder = root / HUB_NAME
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    torch.save({"generator": with_weight_norm(BigVGAN(SMALL_BIGVGAN).state_dict())}, folder / "bigvgan_generator.pt")
    (folder / "config.json").write_text(json.dumps(SMALL_BIGVGAN.to_upstream()))
    return root


class Hub:
    """A running hub; `log` holds its requests."""

    def __init__(self, root: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HUB_PROGRAM), str(root), *options], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"

    def stop(self) -> list[str]:
        self.process.terminate()
        out, _ = self.process.communicate(timeout=10)
        return out.splitlines()


@pytest.fixture
def start_hub(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Hub]]:
    hubs: list[Hub] = []
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)  # read once, at the first import

    def start(*options: str) -> Hub:
        hub = Hub(published, *options)
        hubs.append(hub)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        return hub

    yield start
    for hub in hubs:
        if hub.process.poll() is None:
            hub.stop()


@pytest.fixture
def pin() -> Pin:
    return Pin("bigvgan", HUB_NAME, SMALL_BIGVGAN, about_bytes=1_000_000)


def forbid_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        pytest.fail("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_a_fresh_download_is_checked_converted_and_recorded(start_hub: Any, pin: Pin, published: Path) -> None:
    start_hub()
    events: list[Any] = []
    record = download(pin, events.append)
    source = published / HUB_NAME / pin.weights
    assert (record.size, record.sha256) == (source.stat().st_size, sha256_of(source))
    assert re.fullmatch("c0ffee0+", record.revision)
    assert isinstance(events[0], DownloadStarted | DownloadProgress)
    assert any(isinstance(e, DownloadProgress) and e.done == e.total == record.size for e in events)
    assert isinstance(events[-1], Ready)
    verify(record)
    assert set(read_checkpoint(record.tensors)) == set(BigVGAN(SMALL_BIGVGAN).state_dict())


def test_after_the_download_the_network_is_never_asked_again(
    start_hub: Any, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = start_hub()
    first = download(pin)
    hub.stop()
    forbid_sockets(monkeypatch)
    assert download(pin) == first
    monkeypatch.setattr("distill_engine.vocoders.bigvgan.PINS", {"bigvgan": pin})
    assert load_bigvgan(torch_device="cpu").digest == first.converted_sha256


def test_a_cut_download_is_resumed_where_it_broke_off(start_hub: Any, pin: Pin, published: Path) -> None:
    hub = start_hub("cut=100000")
    record = download(pin)
    assert record.sha256 == sha256_of(published / HUB_NAME / pin.weights)
    ranges = [line for line in hub.stop() if line.startswith("GET") and "bytes=" in line]
    assert len(ranges) == 1
    assert 0 < int(re.search(r"bytes=(\d+)-", ranges[0])[1]) <= 100000  # type: ignore[index]


def test_a_stopped_download_goes_on_in_the_next_process(start_hub: Any, pin: Pin, published: Path) -> None:
    def stop(event: Any) -> None:
        if isinstance(event, DownloadProgress):
            raise KeyboardInterrupt

    size = (published / HUB_NAME / pin.weights).stat().st_size
    hub = start_hub(f"slow={size}")  # so that a part comes at a time
    with pytest.raises(KeyboardInterrupt):
        download(pin, stop)
    record = download(pin)
    assert record.sha256 == sha256_of(published / HUB_NAME / pin.weights)
    asked = [line for line in hub.stop() if line.startswith("GET") and ".pt" in line]
    assert len(asked) == 2
    assert 0 < int(re.search(r"bytes=(\d+)-", asked[1])[1]) < size  # type: ignore[index]


def test_without_network_and_weights_the_way_out_is_named(
    start_hub: Any, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_hub().stop()
    with pytest.raises(WeightsError, match="run `distill vocoder download` once while online"):
        download(pin)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WeightsError, match="run `distill vocoder download` once while online"):
        download(pin)


def test_the_cause_is_named_where_the_hub_cannot_be_reached(
    start_hub: Any, pin: Pin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_hub("portal")
    with pytest.raises(
        WeightsError, match="something else answered instead of the hub, such as a network's sign-in page"
    ):
        download(pin)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed}")
    with pytest.raises(WeightsError, match=r"cannot be reached \(.*[Rr]efused\)"):
        download(pin)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WeightsError, match=r"cannot be reached \(HF_HUB_OFFLINE forbids it\)"):
        download(pin)
    (tmp_path / "file").touch()
    monkeypatch.setenv("HF_HOME", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match=r"file is a file: set HF_HOME to a folder"):
        download(pin)


def test_a_file_with_another_checksum_is_set_aside_and_the_next_download_is_fresh(start_hub: Any, pin: Pin) -> None:
    hub = start_hub("lie")
    with pytest.raises(WeightsError, match="SHA-256") as caught:
        download(pin)
    aside = re.search(r"set aside as (\S+?):", str(caught.value))
    assert aside is not None
    assert Path(aside[1]).exists()
    hub.stop()
    start_hub()
    assert download(pin).size > 0


def test_a_file_of_the_wrong_size_is_refused(start_hub: Any, pin: Pin) -> None:
    start_hub("short")
    with pytest.raises(WeightsError, match="wrong size|bytes instead"):
        download(pin)
    with pytest.raises(WeightsError, match="the pinned one 77"):
        download(replace(pin, size=77))


def test_a_changed_file_does_not_pass_for_the_pinned_one(start_hub: Any, pin: Pin) -> None:
    start_hub()
    with pytest.raises(WeightsError, match="not the pinned file"):
        download(replace(pin, sha256="0" * 64))
    with pytest.raises(WeightsError, match="another network"):
        download(replace(pin, config=replace(SMALL_BIGVGAN, bands=17)))
    with pytest.raises(WeightsError, match="does not know it"):
        download(replace(pin, hub="nobody/absent"))


def test_a_full_disk_is_said_before_anything_is_fetched(
    start_hub: Any, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = start_hub()
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(WeightsError, match="needed for nobody/tiny_bigvgan: free some space"):
        download(pin)
    assert not [line for line in hub.stop() if line.startswith("GET")]


def test_a_disk_that_fills_up_while_converting_leaves_nothing_half_done(
    start_hub: Any, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_hub()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WeightsError, match="the disk is full: free some space or set HF_HOME"):
        download(pin)
    monkeypatch.undo()
    assert not list(hub_folder(pin.hub).glob("*")) or read_record(hub_folder(pin.hub)) is None


def test_two_processes_at_once_both_get_the_weights(start_hub: Any, pin: Pin) -> None:
    start_hub()
    program = (
        "from distill_engine.vocoders.bigvgan import Pin, BigVGANConfig\n"
        "from distill_engine.vocoders.weights.download import download\n"
        f"pin = Pin('bigvgan', {HUB_NAME!r}, BigVGANConfig.from_dict({SMALL_BIGVGAN.to_dict()!r}), about_bytes=1_000_000)\n"
        "print('ready', flush=True)\n"
        "print(download(pin).converted_sha256)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        ours = download(pin).converted_sha256
        theirs, said = other.communicate(timeout=120)
    assert other.returncode == 0, said
    assert theirs.strip() == ours


def test_damaged_converted_weights_are_noticed(start_hub: Any, pin: Pin) -> None:
    start_hub()
    record = download(pin)
    content = bytearray(record.tensors.read_bytes())
    content[-5] ^= 255
    record.tensors.write_bytes(content)
    with pytest.raises(WeightsError, match="set aside"):
        verify(record)
    assert read_record(record.folder) is None
    assert download(pin).converted_sha256 == record.converted_sha256
    record.tensors.write_bytes(content[:100])
    with pytest.raises(WeightsError, match="100 bytes instead of"):
        read_record(record.folder)


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.system, ("touch " + str(tmp_path / "owned"),)

    torch.save({"generator": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(WeightsError, match="damaged or no checkpoint"):
        read_checkpoint(tmp_path / "evil.pt")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("content", [b"", b"PK garbage", b"\x80\x04garbage"])
def test_damaged_checkpoints_end_in_one_line(tmp_path: Path, content: bytes) -> None:
    for suffix in (".pt", ".safetensors"):
        path = tmp_path / f"x{suffix}"
        path.write_bytes(content)
        with pytest.raises(WeightsError) as caught:
            read_checkpoint(path)
        assert "\n" not in str(caught.value)


def test_every_pin_names_a_hub_repository_and_a_config_that_fits_it() -> None:
    from distill_engine.vocoders.bigvgan import PINS, mel_of

    for pin in PINS.values():
        assert pin.hub.startswith("nvidia/bigvgan_v2_")
        assert f"{pin.config.bands}band" in pin.hub
        assert pin.hub.endswith(f"{pin.config.hop}x")
        assert mel_of(pin.config).sample_rate // 1000 == int(re.search(r"_(\d+)khz", pin.hub)[1])  # type: ignore[index]
    assert PIN.config == BigVGANConfig()
