"""Constants of a module as buffers that no checkpoint holds; those that have a name are computed by it, wherever they are needed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from distill_engine.vocoders.vocos.constant_tables import computed


class WithConstants(nn.Module):
    """A module that holds constants; `named` are the names (see `layers.constants`) of those that have one, by attribute."""

    named: dict[str, str]

    def __init__(self) -> None:
        super().__init__()
        self.named = {}

    def hold(self, **constants: npt.ArrayLike | str) -> None:
        """Each constant, an array or the name of one, becomes a float32 buffer under its keyword."""
        for attribute, constant in constants.items():
            if isinstance(constant, str):
                self.named[attribute] = constant
                constant = _found(constant)
            self.register_buffer(attribute, torch.tensor(np.asarray(constant), dtype=torch.float32), persistent=False)


def _found(name: str) -> npt.NDArray[np.float32]:
    constant = computed(name)
    if constant is None:
        raise ValueError(f"no constant is called {name!r}")
    return constant
