"""Non-persistent buffers for constant tables.

Named constants are recomputed from their name, so exported graphs need not store them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from distill_engine.audio.arrays import Float32Array
from distill_engine.layers.runtime_forms import FourierTables
from distill_engine.vocoders.vocos.constant_tables import COLUMNS, computed, constant_name


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
            self.register_buffer(
                attribute, torch.tensor(np.asarray(constant), dtype=torch.float32).contiguous(), persistent=False
            )


class FourierConstants(WithConstants):
    """Tables of a Fourier transform of `n` samples; `width` is that of its spectra."""

    fold: Tensor
    twiddles: Tensor
    unfold: Tensor
    refold: Tensor

    def __init__(self, n: int) -> None:
        super().__init__()
        self.width = n // COLUMNS * (COLUMNS // 2 + 1)
        fold, twiddles, unfold = constant_name("fold", n), constant_name("twiddles", n), constant_name("unfold")
        self.add_constants(fold=fold, twiddles=twiddles, unfold=unfold)
        self.add_constants(refold=_table(unfold).T)

    @property
    def tables(self) -> FourierTables:
        """The tables, as `spectrum_of` and `samples_of` take them."""
        return FourierTables(self.fold, self.twiddles, self.unfold, self.refold)


def _table(name: str) -> Float32Array:
    """Return the table called `name`. Raises ValueError if there is none."""
    table = computed(name)
    if table is None:
        raise ValueError(f"no constant table is called {name!r}")
    return table
