"""BigVGAN-v2 as a vocoder of this engine: its weights, its mel, its device. The network itself is vendored.

Importing this module imports no framework.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from distill_engine.audio.mel import FloatArray, MelConfig
from distill_engine.errors import ConfigError, VocoderError, WeightsError
from distill_engine.vocoders.weights import WeightsRecord, hub_folder, read_record
from distill_engine.vocoders.weights_events import Converting, FellBack, Listener, ignore
from distill_vendor.bigvgan import PIN, PINS, BigVGANConfig, Pin

if TYPE_CHECKING:
    import torch

    from distill_vendor.bigvgan import BigVGAN

__all__ = [
    "PIN",
    "PINS",
    "BigVGANConfig",
    "LoadedBigVGAN",
    "Pin",
    "install_local",
    "installed",
    "load_bigvgan",
    "local_record",
    "mel_of",
    "pinned",
]

CHUNK_FRAMES = 64
SMALLEST_CHUNK = 4
HALF_TOLERANCE_DB = 50.0


def mel_of(config: BigVGANConfig) -> MelConfig:
    """The mel that weights of this config were trained on."""
    return MelConfig(
        config.sample_rate, config.n_fft, config.window, config.hop, config.bands, config.f_min,
        config.f_max or config.sample_rate / 2,
    )  # fmt: skip


def pinned(name: str = "bigvgan") -> Pin:
    """The published variant called `name`. Raises VocoderError with the names there are."""
    if name not in PINS:
        raise VocoderError(f"{name!r} is no published BigVGAN; choose {', '.join(PINS)}")
    return PINS[name]


def installed(name: str = "bigvgan") -> bool:
    """Whether the weights are on this machine, whole. Never asks the network."""
    try:
        return read_record(hub_folder(pinned(name).hub)) is not None
    except WeightsError:
        return False


@dataclass
class LoadedBigVGAN:
    """A generator with its weights on a device. `digest` names the weights; `mel` is what it takes."""

    network: BigVGAN
    config: BigVGANConfig
    mel: MelConfig
    digest: str
    device: torch.device
    dtype: torch.dtype
    listener: Listener = ignore
    chunk: int = CHUNK_FRAMES

    @property
    def delay(self) -> int:
        """Samples by which a stream is late."""
        return self.config.delay

    def vocode(self, mel: FloatArray) -> FloatArray:
        """Samples [F * hop] of log-mel [bands, F], of any length in bounded memory: an exact stream, block by block.

        Where memory runs out the block is halved, then the work moves to the CPU; the listener is told.
        """
        if mel.ndim != 2 or mel.shape[0] != self.config.bands:
            raise ConfigError(f"bigvgan takes mel [{self.config.bands}, frames], got shape {mel.shape}")
        if mel.shape[1] == 0:
            return np.zeros(0, np.float32)
        state = self.network.initial_state(1, self.device, self.dtype)
        blocks, start = [], 0
        while start < mel.shape[1]:
            part = mel[:, start : start + self.chunk]
            try:
                samples, state = self.network.step(self._tensor(part), state)
            except RuntimeError as error:
                state = self._make_do(error, state)
                continue
            blocks.append(samples[0, 0].float().cpu().numpy())
            start += part.shape[1]
        blocks.append(self._last(state))
        return np.concatenate(blocks)[self.delay :]

    def _last(self, state: Any) -> FloatArray:
        while True:
            try:
                samples: FloatArray = self.network.finish(state)[0, 0].float().cpu().numpy()
                return samples
            except RuntimeError as error:
                state = self._make_do(error, state, finishing=True)

    def _tensor(self, mel: FloatArray) -> torch.Tensor:
        import torch

        return torch.from_numpy(np.ascontiguousarray(mel, np.float32))[None].to(self.device, self.dtype)

    def _make_do(self, error: RuntimeError, state: Any, finishing: bool = False) -> Any:
        """The state to go on with after memory ran out; any other error is raised again."""
        import torch

        if not _out_of_memory(error):
            raise error
        if self.chunk > SMALLEST_CHUNK and not finishing:
            self.chunk //= 2
            self.listener(FellBack(f"{self.device} ran out of memory: going on with blocks of {self.chunk} frames"))
            return state
        if self.device.type == "cpu":
            raise VocoderError("bigvgan: out of memory even in small blocks: close other programs") from None
        self.listener(FellBack(f"{self.device} ran out of memory: going on on the CPU, slower"))
        self.device, self.dtype, self.chunk = torch.device("cpu"), torch.float32, CHUNK_FRAMES
        self.network.to(self.device, self.dtype)
        return type(state)(state.position, state.end, tuple(c.to("cpu", torch.float32) for c in state.contexts))

    def real_time_factor(self, frames: int = 1, repeats: int = 3) -> float:
        """Seconds of audio per second of computing in blocks of `frames`, measured now (median of a few blocks)."""
        state = self.network.initial_state(1, self.device, self.dtype)
        mel = self._tensor(np.full((self.config.bands, frames), -5.0, np.float32))
        times = []
        for _ in range(repeats + 1):
            started = time.perf_counter()
            samples, state = self.network.step(mel, state)
            samples.cpu()
            times.append(time.perf_counter() - started)
        return frames * self.config.hop / self.config.sample_rate / float(np.median(times[1:]))


def load_bigvgan(
    name: str = "bigvgan",
    *,
    weights: Path | None = None,
    torch_device: str = "auto",
    half: bool | None = None,
    fetch: bool = True,
    listener: Listener = ignore,
) -> LoadedBigVGAN:
    """BigVGAN ready to play.

    Args:
        name: the published variant; its weights are fetched on first use if `fetch`, and never asked for again.
        weights: a local checkpoint or a folder with one and its config.json, instead of the published ones.
        torch_device: `auto|cpu|cuda|mps`; auto prefers CUDA, then MPS.
        half: half precision; None: on CUDA where a probe shows that the sound stays the same.

    Raises WeightsError, VocoderError.
    """
    record = local_record(weights, listener) if weights is not None else _published(name, fetch, listener)
    return load_record(record, torch_device=torch_device, half=half, listener=listener)


def load_record(
    record: WeightsRecord, *, torch_device: str = "auto", half: bool | None = None, listener: Listener = ignore
) -> LoadedBigVGAN:
    """The network of a record of kind "bigvgan", on a device. Raises WeightsError, VocoderError."""
    import torch

    from distill_engine.vocoders.weights_convert import map_weights
    from distill_vendor.bigvgan import BigVGAN

    device = choose_device(torch_device)
    config = BigVGANConfig.from_dict(record.config)
    with torch.device("meta"):
        network = BigVGAN(config)
    map_weights(record.tensors, network)
    network = network.eval()
    try:
        network = network.to(device)
    except RuntimeError as error:
        if device.type == "cpu" or not _out_of_memory(error):
            raise
        listener(FellBack(f"the weights do not fit on {device}: going on on the CPU, slower"))
        device = torch.device("cpu")
        network = network.to(device)
    loaded = LoadedBigVGAN(network, config, record.mel_config, record.converted_sha256, device, torch.float32, listener)
    if half or (half is None and device.type == "cuda"):
        _use_half(loaded, insist=bool(half))
    return loaded


def choose_device(name: str = "auto") -> torch.device:
    """The device called `auto|cpu|cuda|mps`: auto takes CUDA, then MPS, then the CPU. Raises VocoderError if it is not there."""
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, present in there.items() if present)
    if not there.get(name.split(":")[0], False):
        present = " or ".join(kind for kind, here in there.items() if here)
        raise VocoderError(f"torch device {name} is not available here; use {present}")
    return torch.device(name)


def _use_half(loaded: LoadedBigVGAN, insist: bool) -> None:
    """Half precision, if a probe through it equals the one in full precision to HALF_TOLERANCE_DB."""
    import torch

    probe = np.random.default_rng(0).normal(-5.0, 1.5, (loaded.config.bands, 24)).astype(np.float32)
    exact = loaded.vocode(probe)
    loaded.network.to(torch.float16)
    loaded.dtype = torch.float16
    error = float(np.mean((loaded.vocode(probe) - exact) ** 2))
    difference = 10 * np.log10(float(np.mean(exact**2)) / error) if error > 0 else np.inf
    if np.isfinite(error) and difference >= HALF_TOLERANCE_DB:
        return
    if insist:
        raise VocoderError(f"bigvgan: half precision changes the sound here ({difference:.0f} dB): use full precision")
    loaded.network.to(torch.float32)
    loaded.dtype = torch.float32
    loaded.listener(FellBack("half precision changes the sound here: using full precision"))


def _published(name: str, fetch: bool, listener: Listener) -> WeightsRecord:
    from distill_engine.vocoders.weights_download import ONCE, download

    pin = pinned(name)
    record = read_record(hub_folder(pin.hub))
    if record is None and not fetch:
        raise WeightsError(f"{name}: its weights are not on this machine: {ONCE}")
    return record or download(pin, listener)


def local_record(path: Path, listener: Listener = ignore) -> WeightsRecord:
    """A record for a checkpoint or folder that the user names; converted once, beside the hub's cache. Raises WeightsError."""
    from distill_engine.vocoders.weights import hub_cache, store
    from distill_engine.vocoders.weights_convert import sha256_of

    checkpoint, config = _checkpoint(path)
    digest = sha256_of(checkpoint)
    folder = hub_cache() / "distill" / f"local--{digest[:16]}"
    record = read_record(folder)
    if record is not None and BigVGANConfig.from_dict(record.config) == config:
        return record
    listener(Converting(checkpoint.name))
    return store(_record_of("local", checkpoint, config, digest), checkpoint, folder)


def install_local(name: str, path: Path, listener: Listener = ignore) -> WeightsRecord:
    """Takes a local checkpoint or folder for the published weights called `name`, as if downloaded. Raises WeightsError."""
    from distill_engine.vocoders.weights import store
    from distill_engine.vocoders.weights_convert import sha256_of

    pin = pinned(name)
    checkpoint, config = _checkpoint(path, pin)
    if config != pin.config:
        raise WeightsError(
            f"{path}: its config.json is not that of {name}; name the variant it is, or use `distill vocoder add`"
        )
    digest = sha256_of(checkpoint)
    if pin.sha256 and digest != pin.sha256:
        raise WeightsError(f"{checkpoint}: is not the pinned file (SHA-256 {digest[:12]}...): fetch it from {pin.hub}")
    listener(Converting(checkpoint.name))
    return store(_record_of(name, checkpoint, config, digest), checkpoint, hub_folder(pin.hub))


def _checkpoint(path: Path, pin: Pin = PIN) -> tuple[Path, BigVGANConfig]:
    """The checkpoint file that a path means, and its config: from config.json beside it, else the pin's."""
    from distill_engine.vocoders.weights_convert import read_json

    checkpoint = path
    if path.is_dir():
        found = [path / pin.weights, *sorted(path.glob("*.safetensors")), *sorted(path.glob("*.pt"))]
        checkpoint = next((candidate for candidate in found if candidate.is_file()), path / pin.weights)
    if not checkpoint.is_file():
        raise WeightsError(
            f"{checkpoint}: no such file: give a BigVGAN checkpoint or a folder with one and config.json"
        )
    config_file = checkpoint.with_name("config.json")
    return checkpoint, _upstream_config(read_json(config_file), config_file) if config_file.is_file() else pin.config


def _record_of(name: str, checkpoint: Path, config: BigVGANConfig, digest: str) -> WeightsRecord:
    return WeightsRecord(
        name, "bigvgan", str(checkpoint.resolve()), config.to_dict(), mel_of(config).to_dict(),
        file=checkpoint.name, sha256=digest,
    )  # fmt: skip


def _upstream_config(values: Mapping[str, Any], where: Path) -> BigVGANConfig:
    try:
        return BigVGANConfig.from_upstream(values)
    except (ValueError, TypeError) as error:
        raise WeightsError(f"{where}: is not a BigVGAN config ({error})") from None


def _out_of_memory(error: RuntimeError) -> bool:
    import torch

    text = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in text or "can't allocate memory" in text
