"""Dense convolutions of [B, T, C] signals: no padding, T rows in, T - (kernel - 1) * dilation rows out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor
from torch.nn import functional as F

if TYPE_CHECKING:
    from distill_vendor.bigvgan.layers import Convolution


def convolve(layer: Convolution, rows: Tensor) -> Tensor:
    """The layer's convolution [B, T, C_in] -> [B, T - reach, C_out]."""
    x = rows.transpose(1, 2).unsqueeze(2)
    y = F.conv2d(x, layer.weight.unsqueeze(2), layer.bias, dilation=(1, layer.dilation))
    return y.squeeze(2).transpose(1, 2)
