"""BigVGAN's published weights: whether they are installed, and how to load them or a local file.

Importing this module imports no framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_engine.errors import WeightsError
from distill_engine.system.listeners import ignore
from distill_engine.system.regular_files import sha256_of
from distill_engine.vocoders.bigvgan import PIN, BigVGANConfig, Pin, mel_of, pinned
from distill_engine.vocoders.weights.convert import read_json
from distill_engine.vocoders.weights.download import DOWNLOAD_ADVICE, download
from distill_engine.vocoders.weights.events import Converting, Listener
from distill_engine.vocoders.weights.generators import bigvgan_config
from distill_engine.vocoders.weights.records import WeightsRecord, hub_cache, hub_folder, read_record, store

if TYPE_CHECKING:
    from distill_engine.vocoders.weights.loaded import LoadedVocoder


def installed(name: str = "bigvgan") -> bool:
    """Return whether the weights are on this machine, undamaged. Uses no network."""
    try:
        return read_record(hub_folder(pinned(name).hub)) is not None
    except WeightsError:
        return False


def load_bigvgan(
    name: str = "bigvgan",
    *,
    weights: Path | None = None,
    torch_device: str = "auto",
    half: bool | None = None,
    fetch: bool = True,
    listener: Listener = ignore,
) -> LoadedVocoder:
    """Load a BigVGAN, ready to play.

    Args:
        name: the published variant.
        weights: a local checkpoint, or a folder with one and its config.json, instead of the
            published ones.
        torch_device: `auto|cpu|cuda|mps`; auto prefers CUDA, then MPS.
        half: half precision; None: on CUDA, if a probe sounds the same.
        fetch: whether published weights are downloaded if they are not here.
        listener: receives events.

    Raises WeightsError, VocoderError, ConfigError (no such device).
    """
    from distill_engine.vocoders.weights.loaded import load_record

    record = local_record(weights, listener) if weights is not None else _published(name, fetch, listener)
    return load_record(record, torch_device=torch_device, half=half, listener=listener)


def _published(name: str, fetch: bool, listener: Listener) -> WeightsRecord:
    """Return the record of a published variant.

    Raises WeightsError if it is absent and may not be fetched.
    """
    pin = pinned(name)
    record = read_record(hub_folder(pin.hub))
    if record is None and not fetch:
        raise WeightsError(f"{name}: its weights are not on this machine: {DOWNLOAD_ADVICE}")
    return record or download(pin, listener)


def local_record(path: Path, listener: Listener = ignore) -> WeightsRecord:
    """Return the record of a checkpoint or folder that the user names.

    It is converted once, next to the hub's cache. Raises WeightsError.
    """
    checkpoint, config = _checkpoint(path)
    digest = sha256_of(checkpoint)
    folder = hub_cache() / "distill" / f"local--{digest[:16]}"
    record = read_record(folder)
    if record is not None and BigVGANConfig.from_dict(record.config) == config:
        return record
    listener(Converting(checkpoint.name))
    return store(_record_of("local", checkpoint, config, digest), checkpoint, folder)


def install_local(name: str, path: Path, listener: Listener = ignore) -> WeightsRecord:
    """Install a local checkpoint or folder as the published weights called `name`.

    The result is as if they had been downloaded. Raises WeightsError if they are not the published
    ones.
    """
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
    """Return the checkpoint file that a path means, and its config.

    The config comes from config.json next to it, else from the pin. Raises WeightsError.
    """
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
    """Return the record of a local checkpoint."""
    return WeightsRecord(
        name,
        "bigvgan",
        str(checkpoint.resolve()),
        config.to_dict(),
        mel_of(config).to_dict(),
        file=checkpoint.name,
        sha256=digest,
    )


def _upstream_config(values: Mapping[str, Any], where: Path) -> BigVGANConfig:
    """Return the config of a published config.json. Raises WeightsError; `where` names the file."""
    try:
        return bigvgan_config(values)
    except (ValueError, TypeError, OverflowError) as error:
        raise WeightsError(f"{where}: is not a BigVGAN config ({error})") from None
