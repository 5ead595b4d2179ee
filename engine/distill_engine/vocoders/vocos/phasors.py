"""Arithmetic of complex numbers held as real pairs [..., 2], as exported graphs compute it."""

from __future__ import annotations

import torch
from torch import Tensor


def paired(numbers: Tensor) -> Tensor:
    """Return each real number [...] twice [..., 2], to scale both parts of complex numbers."""
    return torch.stack([numbers, numbers], -1)


def rotation(angle: Tensor) -> tuple[Tensor, Tensor]:
    """Return cosine and signed sine [..., 2] of angles [...] in radians, for `rotated`."""
    sine = torch.sin(angle)
    return paired(torch.cos(angle)), torch.stack([-sine, sine], -1)


def rotated(numbers: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Return complex numbers [..., 2] rotated by the angles of a `rotation`."""
    return numbers * cosine + numbers.flip(-1) * sine


def to_unit(numbers: Tensor, floor: Tensor | float) -> Tensor:
    """Return complex numbers [..., 2] scaled to about unit length.

    Numbers whose squared length is not well above `floor` [..., 2] become shorter than 1.
    """
    return numbers * torch.rsqrt(numbers.square() @ numbers.new_ones(2, 2) + floor)
