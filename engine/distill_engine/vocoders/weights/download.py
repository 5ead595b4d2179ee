"""Download of published weights from the hub, once: pinned, resumed, checked, converted.

Imports the hub's library on use.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from distill_engine.errors import WeightsError
from distill_engine.system.atomic_write import folder_lock
from distill_engine.system.listeners import ignore
from distill_engine.system.names import printable_line
from distill_engine.system.regular_files import reason_of, sha256_of
from distill_engine.vocoders.bigvgan import Pin, mel_of
from distill_engine.vocoders.weights.convert import read_json
from distill_engine.vocoders.weights.events import Converting, DownloadProgress, DownloadStarted, Listener, Ready
from distill_engine.vocoders.weights.fetching import fetch
from distill_engine.vocoders.weights.generators import bigvgan_config
from distill_engine.vocoders.weights.records import WeightsRecord, hub_cache, hub_folder, read_record, store
from distill_engine.vocoders.weights.verifying import set_aside

LOCK_SECONDS = 3600.0  # to wait for another process that downloads the same file
REASON_CHARACTERS = 120  # of a foreign error's text
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")  # environment variables
DOWNLOAD_ADVICE = "run `distill vocoder download` once while online, or give a local file with --weights"


def download(pin: Pin, listener: Listener = ignore) -> WeightsRecord:
    """Return the pinned weights, converted and recorded; download them if they are not here yet.

    Raises WeightsError: no network, unknown repository, wrong size or checksum, damaged file, full
    disk.
    """
    record = read_record(hub_folder(pin.hub))
    if record is not None:
        listener(Ready(record.name, str(record.tensors)))
        return record
    _check_space(pin, 0)
    commit, size, checksum = _announced_by_hub(pin)
    _check_space(pin, size)
    config_path = _fetch(pin, pin.config_file, commit)
    path = _fetch_weights(pin, commit, size, listener)
    digest = _checked(pin, path, size, checksum)
    listener(Converting(pin.weights))
    record = store(_record(pin, config_path, commit, digest), path, hub_folder(pin.hub))
    listener(Ready(record.name, str(record.tensors)))
    return record


def _record(pin: Pin, config_path: Path, commit: str, digest: str) -> WeightsRecord:
    """Return the record of downloaded weights.

    Raises WeightsError if their config is not the pinned one.
    """
    try:
        config = bigvgan_config(read_json(config_path))
    except (ValueError, TypeError, OverflowError) as error:
        raise WeightsError(f"{pin.hub}: its {pin.config_file} is not a BigVGAN config ({error})") from None
    if config != pin.config:
        raise WeightsError(
            f"{pin.hub}: its {pin.config_file} describes another network than the pinned one: do not use it"
        )
    return WeightsRecord(
        pin.name,
        "bigvgan",
        pin.hub,
        config.to_dict(),
        mel_of(config).to_dict(),
        revision=commit,
        file=pin.weights,
        sha256=digest,
    )


def _announced_by_hub(pin: Pin) -> tuple[str, int, str]:
    """Return the commit of the pinned revision, and the size in bytes and SHA-256 of the weights.

    All as the hub announces them; "" if it announces no checksum. Raises WeightsError if they
    differ from the pin.
    """
    try:
        if _offline():
            raise ConnectionError("HF_HUB_OFFLINE forbids it")
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        url = hf_hub_url(pin.hub, pin.weights, revision=pin.revision, endpoint=_endpoint())
        found = get_hf_file_metadata(url, endpoint=_endpoint())
    except Exception as error:
        raise WeightsError(_message_for(pin, error)) from None
    etag = (found.etag or "").strip('"').lower()
    checksum = etag if len(etag) == 64 and set(etag) <= set("0123456789abcdef") else ""
    if pin.size and found.size not in (None, pin.size):
        raise WeightsError(
            f"{pin.hub}: {pin.weights} has {found.size} bytes, the pinned one {pin.size}: it was changed"
        )
    if pin.sha256 and checksum and checksum != pin.sha256:
        raise WeightsError(
            f"{pin.hub}: {pin.weights} is not the pinned file (SHA-256 {checksum[:12]}...): it was changed"
        )
    return found.commit_hash or pin.revision, int(found.size or pin.size), pin.sha256 or checksum


def _fetch(pin: Pin, file: str, commit: str) -> Path:
    """Return a file at a commit in the hub's cache; download it if it is not there.

    Raises WeightsError.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # its messages about retries would interrupt the progress display
    try:
        path = hf_hub_download(pin.hub, file, revision=commit, cache_dir=hub_cache(), endpoint=_endpoint())
    except Exception as error:
        raise WeightsError(_message_for(pin, error)) from None
    return Path(path)


def _fetch_weights(pin: Pin, commit: str, size: int, listener: Listener) -> Path:
    """Return the weights at a commit in the hub's cache; a stopped download is gone on with.

    The hub's library itself begins a large file anew after every stop. Raises WeightsError.
    """
    from huggingface_hub import hf_hub_url, try_to_load_from_cache

    found = try_to_load_from_cache(pin.hub, pin.weights, cache_dir=hub_cache(), revision=commit)
    if isinstance(found, str):
        return Path(found)
    place = hub_cache() / f"models--{pin.hub.replace('/', '--')}" / "snapshots" / commit / pin.weights
    listener(DownloadStarted(pin.weights, pin.hub, size))
    url = hf_hub_url(pin.hub, pin.weights, revision=commit, endpoint=_endpoint())
    part = place.parent / f".{pin.weights}.part"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with folder_lock(place.parent, seconds=LOCK_SECONDS):  # another process may be fetching it
            if not place.exists():
                fetch(url, part, size, lambda done: listener(DownloadProgress(pin.weights, done, size)))
                part.replace(place)
    except OSError as error:
        raise WeightsError(_message_for(pin, error)) from None
    return place


def _checked(pin: Pin, path: Path, size: int, checksum: str) -> str:
    """Return the file's SHA-256.

    Raises WeightsError, and sets the file aside, if its size or checksum is not the expected one.
    """
    actual = path.stat().st_size
    if size and actual != size:
        aside = _discard(path)
        raise WeightsError(
            f"{pin.weights}: has {actual} bytes instead of {size}; set aside as {aside}: download it again"
        )
    digest = sha256_of(path)
    if checksum and digest != checksum:
        aside = _discard(path)
        raise WeightsError(
            f"{pin.weights}: SHA-256 is {digest[:12]}..., expected {checksum[:12]}...; set aside as {aside}: download it again"
        )
    return digest


def _discard(path: Path) -> Path:
    """Set the cached file aside and remove the hub's link to it; return the new path.

    The next download then starts afresh.
    """
    blob = path.resolve()
    aside = set_aside(blob)
    if path.is_symlink():
        path.unlink()
    return aside


def _check_space(pin: Pin, size: int) -> None:
    """Raise WeightsError unless the checkpoint and its converted form fit on the disk."""
    needed = 2 * (size or pin.about_bytes) + (16 << 20)  # bytes, with a margin of 16 MiB
    folder = hub_cache()
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        raise WeightsError(f"{folder} is a file: set HF_HOME to a folder")
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise WeightsError(
            f"{hub_cache()}: {free / 1e6:.0f} MB free, {needed / 1e6:.0f} MB needed for {pin.hub}: "
            "free some space, or set HF_HOME to another disk"
        )


def _endpoint() -> str | None:
    """Return the hub named in HF_ENDPOINT; None: the public one."""
    return os.environ.get("HF_ENDPOINT") or None


def _offline() -> bool:
    """Return whether HF_HUB_OFFLINE forbids the network."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def _message_for(pin: Pin, error: Exception) -> str:
    """Return one line for an exception of the hub's library."""
    from huggingface_hub.errors import (
        EntryNotFoundError,
        FileMetadataError,
        HfHubHTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if isinstance(error, RepositoryNotFoundError | RevisionNotFoundError):
        return f"{pin.hub}: the hub does not know it (revision {pin.revision}): check the name, or give a file with --weights"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, HfHubHTTPError) and status is not None:
        return f"{pin.hub}: the hub answered {status}: try again later, or give a local file with --weights"
    if isinstance(error, OSError) and error.errno == 28:
        return f"{hub_cache()}: the disk is full: free some space, or set HF_HOME to another disk"
    if isinstance(error, OSError) and "Consistency check" in str(error):
        return f"{pin.hub}: the file came with the wrong size: download it again"
    if type(error) is EntryNotFoundError:
        return f"{pin.hub}: has no such file: check the name, or give a file with --weights"
    if isinstance(_first_cause(error), FileMetadataError):
        return (
            f"{pin.hub}: something else answered instead of the hub, such as a network's sign-in page: "
            "sign in there, or check HF_ENDPOINT"
        )
    proxy = next((name for name in _PROXIES if os.environ.get(name)), "")
    way = f" through the proxy in {proxy}" if proxy else ""
    reason = printable_line(reason_of(_first_cause(error)))[:REASON_CHARACTERS]
    return f"{pin.hub}: not on this machine and the hub cannot be reached{way} ({reason}): {DOWNLOAD_ADVICE}"


def _first_cause(error: BaseException) -> BaseException:
    """Return the error that began a chain of them."""
    while (before := error.__cause__ or error.__context__) is not None:
        error = before
    return error
