"""Arithmetic of spectra held as two planes [..., 2, bins]: real and imaginary parts."""

from __future__ import annotations

import torch
from torch import Tensor


def rotation(angle: Tensor) -> tuple[Tensor, Tensor]:
    """Return cosine [..., 1, bins] and signed sine [..., 2, bins] of angles [..., bins] in radians.

    They are the factors of `rotated`.
    """
    signs = angle.new_tensor([[-1.0], [1.0]])
    angle = angle.unsqueeze(-2)
    return torch.cos(angle), torch.sin(angle) * signs


def rotated(spectrum: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Return a spectrum [..., 2, bins] rotated by the angles of a `rotation`."""
    return spectrum * cosine + spectrum.flip(-2) * sine


def to_unit(spectrum: Tensor, floor: Tensor | float) -> Tensor:
    """Return the numbers of a spectrum [..., 2, bins] scaled to about unit length.

    Numbers whose squared length is not well above `floor` [..., 1, bins] become shorter than 1.
    """
    return spectrum / torch.sqrt(spectrum.square().sum(-2, keepdim=True) + floor)
