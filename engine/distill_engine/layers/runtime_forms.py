"""Arithmetic that exported graphs contain in the form that ONNX Runtime computes fastest.

Torch itself has functions for most of it and uses them. Figures are microseconds of one thread of a
processor with AVX-512:

- A Fourier transform of 1,024 real samples takes 32 as the operator DFT and 12 as two products of
  small matrices with a multiplication by twiddle factors between (Gentleman & Sande, Fast Fourier
  Transforms for Fun and Profit, 1966); one of 2,048 takes 60 and 17.
- A product with a mel filterbank reads 512 KiB of zeros. Cut into three pieces along the bands,
  the matrix has a quarter of its size.
- A convolution over [B, C, T] with one filter per channel takes 14; over [B, C, 1, T] it takes 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

CUTS = (0.5, 0.75)  # shares of a banded matrix's shorter side: more pieces cost more calls than they save work


class FourierTables(NamedTuple):
    """Tables of a Fourier transform of n samples, laid out in rows of COLUMNS.

    See `vocoders.vocos.constant_tables`.

    Attributes:
        fold: [rows, 4 * n / COLUMNS]: transforms the columns of the samples.
        twiddles: [COLUMNS, 4 * n / COLUMNS]: twiddle factors.
        unfold: [COLUMNS + 2, 4 * COLUMNS]: transforms the result's rows.
        refold: the transpose of `unfold`.
    """

    fold: Tensor
    twiddles: Tensor
    unfold: Tensor
    refold: Tensor


def spectrum_of(samples: Tensor, tables: FourierTables) -> Tensor:
    """Return the spectrum [..., 2, width] of samples [..., m], followed by zeros up to n.

    The planes are real and imaginary parts of the bins 0 to width - 1, where width is
    (n / 2) * (1 + 2 / COLUMNS). m is a multiple of COLUMNS.
    """
    n, columns = _sizes(tables)
    if not torch.compiler.is_exporting():
        spectrum = torch.fft.rfft(samples, n)
        planes = torch.stack([spectrum.real, spectrum.imag], -2)
        return F.pad(planes, (0, n // columns * (columns // 2 + 1) - planes.shape[-1]))
    rows = samples.reshape(*samples.shape[:-1], -1, columns)
    products = (rows.transpose(-1, -2) @ _rows(tables.fold, 0, rows.shape[-2])) * tables.twiddles
    planes = tables.unfold @ products.reshape(*products.shape[:-2], 4 * columns, n // columns)
    return planes.reshape(*planes.shape[:-2], 2, -1)


def samples_of(spectrum: Tensor, tables: FourierTables, first: int = 0, count: int | None = None) -> Tensor:
    """Return the sum of the bins' partials, from sample `first` on: [..., count], by default all.

    `spectrum` [..., 2, width] is as in `spectrum_of`. A bin gives its real part times a cosine less
    its imaginary part times a sine. This is n / 2 times the inverse transform if the bins 0 and
    n / 2 are halved and those above are 0. `first` and `count` are multiples of COLUMNS.
    """
    n, columns = _sizes(tables)
    stop = n if count is None else first + count
    if not torch.compiler.is_exporting():
        whole: Tensor = torch.fft.ifft(torch.complex(spectrum[..., 0, :], spectrum[..., 1, :]), n).real * n
        return whole[..., first:stop]
    planes = spectrum.reshape(*spectrum.shape[:-2], columns + 2, n // columns)
    products = (tables.refold @ planes).reshape(*planes.shape[:-2], columns, -1) * tables.twiddles
    rows = _rows(tables.fold, first // columns, stop // columns) @ products.transpose(-1, -2)
    return rows.flatten(-2)


def _sizes(tables: FourierTables) -> tuple[int, int]:
    """Return n and COLUMNS."""
    columns = tables.twiddles.shape[0]
    return columns * tables.fold.shape[0], columns


def _rows(matrix: Tensor, start: int, stop: int) -> Tensor:
    """Return rows of a matrix; all of them without a copy, which a graph would store."""
    return matrix if stop - start == len(matrix) else matrix[start:stop]


class Piece(NamedTuple):
    """Part of a banded matrix: the rows that are not 0 in some of its columns."""

    rows: slice
    columns: slice


def pieces_of(matrix: npt.NDArray[np.floating | np.bool_]) -> list[Piece]:
    """Return the pieces of a banded matrix [inputs, outputs], cut at CUTS along its shorter side.

    >>> [piece.rows for piece in pieces_of(np.eye(8))]
    [slice(0, 4, None), slice(4, 6, None), slice(6, 8, None)]
    """
    filled = matrix != 0
    edges = np.round(min(filled.shape) * np.array(CUTS)).astype(int)
    if filled.shape[0] < filled.shape[1]:
        edges = np.searchsorted(filled.argmax(0), edges)
    found = []
    for start, stop in pairwise(np.unique([0, *edges, filled.shape[1]]).tolist()):
        rows = np.flatnonzero(filled[:, start:stop].any(1))
        found.append(Piece(slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) else slice(0, 1), slice(start, stop)))
    return found


def banded_product(x: Tensor, matrix: Tensor, pieces: Sequence[Piece]) -> Tensor:
    """Return the product [..., outputs] of x [..., inputs] and a matrix [..., inputs, outputs]."""
    return torch.cat([x[..., rows] @ matrix[..., rows, columns] for rows, columns in pieces], -1)


def convolved(x: Tensor, weight: Tensor, bias: Tensor | None, dilation: int, groups: int) -> Tensor:
    """Return the convolution [B, C_out, T] of x [B, C_in, T + reach], stride 1.

    `weight` is [C_out, C_in / groups, kernel].
    """
    if not torch.compiler.is_exporting():
        return F.conv1d(x, weight, bias, dilation=dilation, groups=groups)
    return F.conv2d(x.unsqueeze(2), weight.unsqueeze(2), bias, dilation=(1, dilation), groups=groups).squeeze(2)
