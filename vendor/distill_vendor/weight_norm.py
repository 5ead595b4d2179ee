"""Weight normalisation (arXiv 1602.07868), folded into plain weights when a state is loaded.

Published checkpoints hold a magnitude g and a direction v in place of each weight.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

_FORMS = ((".weight_g", ".weight_v"), (".parametrizations.weight.original0", ".parametrizations.weight.original1"))


def fold_weight_norm(module: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Replace g [C, 1, ...] and v [C, ...] of each layer in `state_dict` by its weight (load hook).

    weight [C, ...] = g * v / |v|; the norm is taken over all axes but the first (arXiv 1602.07868,
    eq. 2). Both key forms of torch are known. Half precision is computed in float32.
    """
    for g_name, v_name in _FORMS:
        for key in [key for key in state_dict if key.startswith(prefix) and key.endswith(g_name)]:
            stem = key[: -len(g_name)]
            if stem + v_name in state_dict:
                g, v = state_dict.pop(key), state_dict.pop(stem + v_name)
                state_dict[stem + ".weight"] = torch._weight_norm(v.float(), g.float(), 0).to(v.dtype)
