"""Conversion of published checkpoints to plain tensors, once.

A checkpoint is read without executing anything from it, checked, and its weight norm folded. No
file is mapped into memory: another process may overwrite it while it plays.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from distill_engine.errors import WeightsError, short_message
from distill_engine.system.atomic_write import write_advice, write_file
from distill_engine.system.plain_json import parse
from distill_engine.system.regular_files import open_regular, read_regular, read_small, reason_of
from distill_engine.vocoders.registry import build_vocoder

CONFIG_LIMIT_BYTES, CONFIG_DEPTH_LIMIT, CONFIG_ITEM_LIMIT = 1 << 20, 8, 256  # of a config.json or record


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return the generator's tensors of a checkpoint, by name.

    Takes .safetensors, or a torch file with a "generator" or "state_dict" entry or the tensors
    alone. Nothing from the file is executed: torch files are read with `weights_only=True`. Raises
    WeightsError.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        if path.suffix == ".safetensors":
            return load(read_regular(path))
        with open_regular(path) as file:
            content = torch.load(file, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError, RuntimeError, ValueError, EOFError, KeyError) as error:
        raise WeightsError(_damaged(path, error)) from None
    except Exception as error:  # the unpickler's own errors
        raise WeightsError(_damaged(path, error)) from None
    if isinstance(content, Mapping):
        inner = content.get("generator", content.get("state_dict", content))
        if isinstance(inner, Mapping) and inner and all(isinstance(value, torch.Tensor) for value in inner.values()):
            return {str(name): value for name, value in inner.items()}
    raise WeightsError(f"{path}: holds no generator: give a published generator's checkpoint")


def convert(kind: str, config: Mapping[str, Any], checkpoint: Path, target: Path) -> None:
    """Load a checkpoint strictly into a network of `kind`; write its folded tensors to `target`.

    The file is written atomically, in float32. Raises WeightsError naming what does not fit, or if
    the disk is full.
    """
    import torch
    from safetensors.torch import save

    tensors = read_checkpoint(checkpoint)
    with torch.device("meta"):
        network = build_vocoder(kind, config)
    load_strictly(network, tensors, str(checkpoint))
    folded = {name: value.detach().float().contiguous() for name, value in network.state_dict().items()}
    not_finite = [name for name, value in folded.items() if not bool(torch.isfinite(value).all())]
    if not_finite:
        raise WeightsError(f"{checkpoint}: {not_finite[0]} holds values that are not numbers: fetch it again")
    write_atomically(target, save(folded))


def load_strictly(network: Any, tensors: Mapping[str, Any], where: str) -> None:
    """Load tensors into the network without copying them.

    Raises WeightsError with the first differences; `where` names the file.
    """
    try:
        network.load_state_dict(dict(tensors), strict=True, assign=True)
    except RuntimeError as error:
        lines = [" ".join(line.split()) for line in str(error).splitlines()[1:]]
        raise WeightsError(f"{where}: does not fit the config: {'; '.join(lines)[:200]}") from None


def load_weights(path: Path, network: Any) -> None:
    """Load converted weights into a network built on the meta device.

    Raises WeightsError if the file is damaged or does not fit.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load(read_regular(path))
    except (SafetensorError, OSError) as error:
        raise WeightsError(_damaged(path, error)) from None
    load_strictly(network, tensors, str(path))


def write_atomically(target: Path, data: bytes) -> None:
    """Write all of `data` to `target`, or nothing.

    Raises WeightsError if the disk is full or read-only.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, data)
    except OSError as error:
        advice = write_advice(error, target, "set HF_HOME to another disk")
        raise WeightsError(f"{target}: {len(data) / 1e6:.0f} MB cannot be written, {advice}") from None


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file. Raises WeightsError."""
    try:
        content = parse(read_small(path, CONFIG_LIMIT_BYTES), depth=CONFIG_DEPTH_LIMIT, items=CONFIG_ITEM_LIMIT)
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{path}: cannot be read as JSON ({reason_of(error)}): give the config.json of the weights"
        ) from None
    if not isinstance(content, dict):
        raise WeightsError(f"{path}: is not a JSON object: give the config.json of the weights")
    return content


def _damaged(path: Path, error: Exception) -> str:
    """Return the message for a file that cannot be read."""
    detail = short_message(error, 120)
    return f"{path}: is damaged or no checkpoint ({detail or type(error).__name__}): fetch it again"
