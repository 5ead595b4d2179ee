"""Reading published weights: weight normalisation (arXiv 1602.07868) is folded into plain weights on loading."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

_FORMS = ((".weight_g", ".weight_v"), (".parametrizations.weight.original0", ".parametrizations.weight.original1"))


def fold_weight_norm(module: nn.Module, state_dict: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Load hook: replaces magnitude g and direction v of each layer by weight = g * v / |v| (norm over all but axis 0)."""
    for g_name, v_name in _FORMS:
        for key in [k for k in state_dict if k.startswith(prefix) and k.endswith(g_name)]:
            stem = key[: -len(g_name)]
            g, v = state_dict.pop(key), state_dict.pop(stem + v_name)
            norm = v.float().flatten(1).norm(dim=1).reshape(-1, *[1] * (v.dim() - 1))
            state_dict[stem + ".weight"] = (g.float() * v.float() / norm).to(v.dtype)
