"""Weight normalisation (arXiv 1602.07868), folded into plain weights on loading."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

_FORMS = ((".weight_g", ".weight_v"), (".parametrizations.weight.original0", ".parametrizations.weight.original1"))


def fold_weight_norm(module: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Replace magnitude g and direction v of each layer in `state_dict` by its weight (load hook).

    weight [C, ...] = g [C, 1, ...] * v [C, ...] / |v|; the norm is taken over all axes but the
    first (arXiv 1602.07868, eq. 2). Both key forms of torch are known.
    """
    for g_name, v_name in _FORMS:
        for key in [k for k in state_dict if k.startswith(prefix) and k.endswith(g_name)]:
            stem = key[: -len(g_name)]
            g, v = state_dict.pop(key), state_dict.pop(stem + v_name)
            norm = v.float().flatten(1).norm(dim=1).reshape(-1, *[1] * (v.dim() - 1))
            state_dict[stem + ".weight"] = (g.float() * v.float() / norm).to(v.dtype)
