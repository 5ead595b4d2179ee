"""The best validated weights of a training, kept apart from those that train on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from distill_engine.training.checkpoint import Checkpoint

PREFIX = "best"


class BestState:
    """Weights of the best state so far, on the CPU; `weights` is None before the first of them."""

    def __init__(self) -> None:
        self.weights: dict[str, Tensor] | None = None

    def keep(self, module: nn.Module) -> None:
        """Store a copy of a module's weights and buffers as the best ones."""
        self.weights = {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}

    def load_into(self, module: nn.Module) -> None:
        """Load the best weights into a module; leave it as it is if there are none."""
        if self.weights is not None:
            module.load_state_dict(self.weights)

    def save(self, checkpoint: Checkpoint) -> None:
        """Add the best weights, if there are any, to a checkpoint."""
        for name, tensor in (self.weights or {}).items():
            checkpoint.arrays[f"{PREFIX}.{name}"] = tensor.numpy().copy()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take the best weights from a checkpoint; None if it has none."""
        arrays = checkpoint.arrays_under(PREFIX)
        self.weights = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()} or None
