"""Non-persistent buffers for constant tables.

Named constants are recomputed from their name, so exported graphs need not store them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from distill_engine.audio.arrays import Float32Array
from distill_engine.vocoders.vocos.constant_tables import computed


class WithConstants(nn.Module):
    """A module with constants as buffers that no checkpoint stores.

    `named` maps the attributes of named constants to their names (see `constant_tables`).
    """

    named: dict[str, str]

    def __init__(self) -> None:
        super().__init__()
        self.named = {}

    def add_constants(self, **constants: npt.ArrayLike | str) -> None:
        """Register each constant as a float32 buffer under its keyword.

        A constant is an array [...] or the name of a table. Raises ValueError for an unknown name
        or sizes out of range.
        """
        for attribute, constant in constants.items():
            if isinstance(constant, str):
                self.named[attribute] = constant
                constant = _table(constant)
            self.register_buffer(attribute, torch.tensor(np.asarray(constant), dtype=torch.float32), persistent=False)


def _table(name: str) -> Float32Array:
    """Return the table called `name`. Raises ValueError if there is none."""
    table = computed(name)
    if table is None:
        raise ValueError(f"no constant table is called {name!r}")
    return table
