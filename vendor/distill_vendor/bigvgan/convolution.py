"""Dense convolutions of [B, T, C] signals without padding: T - (kernel - 1) * dilation rows out.

On the CPU, wide layers use short fast convolution: tiles of m outputs are products of transformed
tiles of n = m + kernel - 1 inputs with transformed weights, which takes half to a third of the
multiplications. Kernels of 3 use F(4, 3) (Lavin and Gray, arXiv 1509.09308). Longer ones use a real
discrete Fourier transform over the tile, with three multiplications for each complex product
(Nussbaumer, Fast Fourier Transform and Convolution Algorithms, 1982), because longer Winograd
transforms lose accuracy in float32. The products are matrix products over all tiles, one for each
plane.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

FEWEST_CHANNELS = {3: 384, 7: 96, 11: 192}  # by kernel; in narrower layers the transforms cost more than they save
TILE_INPUTS = {7: 14, 11: 20}  # rows of a tile, by kernel


@dataclass(frozen=True)
class Transforms:
    """The matrices of y = back @ ((weights @ w) * (forward @ x)), in float64.

    x [n] is a tile, w [k] the kernel, y [m] the outputs.
    """

    forward: Tensor
    weights: Tensor
    back: Tensor

    @property
    def outputs(self) -> int:
        """Outputs m of a tile."""
        return self.back.shape[0]


@dataclass(frozen=True)
class FastWeight:
    """A transformed weight `planes` [products, C_in, C_out] and its two transforms, in float32."""

    planes: Tensor
    forward: Tensor
    back: Tensor


class Layer(Protocol):
    """A convolution that needs `delay` rows on each side.

    `fast` is the weight's form for fast convolution, None until `convolve` makes it.
    """

    fast: FastWeight | None
    kernel: int
    dilation: int
    delay: int

    @property
    def weight(self) -> Tensor:
        """Weight [C_out, C_in, kernel]."""

    @property
    def bias(self) -> Tensor | None:
        """Bias [C_out], if there is one."""


def convolve(layer: Layer, rows: Tensor) -> Tensor:
    """Convolve rows [B, T, C_in] by a layer to [B, T - reach, C_out]."""
    count = rows.shape[1] - 2 * layer.delay
    if _is_worth_it(layer, rows):
        if layer.fast is None:
            layer.fast = transformed(layer.weight)
        y = rows.new_empty(rows.shape[0], count, layer.weight.shape[0])
        for sound, result in zip(rows, y, strict=True):
            _convolve_fast(layer.fast, sound, layer.dilation, layer.bias, result)
        return y
    x = rows.transpose(1, 2).unsqueeze(2)
    z = F.conv2d(x, layer.weight.unsqueeze(2), layer.bias, dilation=(1, layer.dilation))
    return z.squeeze(2).transpose(1, 2)


def _is_worth_it(layer: Layer, rows: Tensor) -> bool:
    if rows.device.type != "cpu" or rows.dtype != torch.float32 or layer.kernel not in FEWEST_CHANNELS:
        return False
    return min(layer.weight.shape[:2]) >= FEWEST_CHANNELS[layer.kernel]


def transformed(weight: Tensor) -> FastWeight:
    """Return the fast form of a weight [C_out, C_in, kernel]. Raises ValueError."""
    transforms = transforms_for(weight.shape[2])
    if transforms is None:
        raise ValueError(f"no fast convolution for kernels of {weight.shape[2]}")
    products = transforms.weights.float() @ weight.detach().permute(2, 1, 0).reshape(weight.shape[2], -1)
    planes = products.view(-1, weight.shape[1], weight.shape[0])
    return FastWeight(planes, transforms.forward.float(), transforms.back.float())


def _convolve_fast(fast: FastWeight, rows: Tensor, dilation: int, bias: Tensor | None, y: Tensor) -> None:
    """Compute y [count, C_out] from rows [count + reach, C_in], both contiguous in C."""
    m, n = fast.back.shape[0], fast.forward.shape[1]
    inputs, outputs = fast.planes.shape[1:]
    span = m * dilation  # rows of output per group of tiles, one tile for each phase of the dilation
    groups = -(-y.shape[0] // span)
    needed = groups * span + (n - m) * dilation
    if needed > rows.shape[0]:
        rows = F.pad(rows, (0, 0, 0, needed - rows.shape[0]))
    row = rows.stride(0)
    tiles = rows.as_strided((n, groups, dilation, inputs), (dilation * row, span * row, row, 1), rows.storage_offset())
    x = torch.mm(fast.forward, tiles.reshape(n, -1)).view(-1, groups * dilation, inputs)
    products = torch.bmm(x, fast.planes)
    tiled = torch.mm(fast.back, products.view(len(products), -1)).view(m, groups, dilation, outputs).transpose(0, 1)
    result = tiled.reshape(groups * span, outputs)[: y.shape[0]]
    if bias is None:
        y.copy_(result)
    else:
        torch.add(result, bias, out=y)


@cache
def transforms_for(kernel: int) -> Transforms | None:
    """Return the transforms for kernels of 3, 7 and 11; None for others."""
    if kernel == 3:
        return _winograd_4_3()
    return _fourier(kernel, TILE_INPUTS[kernel]) if kernel in TILE_INPUTS else None


def _winograd_4_3() -> Transforms:
    forward = [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
    weights = [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ]
    back = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
    return Transforms(*(torch.tensor(matrix, dtype=torch.float64) for matrix in (forward, weights, back)))


def _fourier(kernel: int, n: int) -> Transforms:
    """Return circular correlation over n inputs; n - kernel + 1 outputs are free of wrap-around.

    A complex product (a + ib)(c + id) is p - r + i(p + q) with p = c (a + b), q = a (d - c), r = b
    (c + d).
    """
    times, taps = torch.arange(n, dtype=torch.float64), torch.arange(kernel, dtype=torch.float64)
    outs = torch.arange(n - kernel + 1, dtype=torch.float64)
    forward, weights, back = [], [], []
    for bin_ in range(n // 2 + 1):
        angle = 2 * math.pi * bin_ / n
        a, b = torch.cos(angle * times), -torch.sin(angle * times)
        c, d = torch.cos(angle * taps), torch.sin(angle * taps)
        cosine, sine = torch.cos(angle * outs) / n, torch.sin(angle * outs) / n
        if bin_ in (0, n // 2):
            forward += [a]
            weights += [c]
            back += [cosine]
        else:
            forward += [a + b, a, b]
            weights += [c, d - c, c + d]
            back += [2 * (cosine - sine), -2 * sine, -2 * cosine]
    return Transforms(torch.stack(forward), torch.stack(weights), torch.stack(back, dim=1))
