"""A picture of codes: levels by columns, over the mel that they decode to."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from distill_engine.analysis.plots import figure_of, save_figure
from distill_engine.codes.columns import COLUMN_HOPS
from distill_engine.codes.sequence import decode_sequence
from distill_engine.modelfile.code_file import CodeFile
from distill_engine.rendering.coding.coder import Coder
from distill_engine.system.names import printable

SHOWN_NATS = 12.0  # below the loudest value, that the colours span
NUMBERED_COLUMNS = 48  # up to which each code is written into its cell


def draw_codes(coder: Coder, file: CodeFile, path: Path) -> Path:
    """Draw levels by columns above the decoded mel; colours follow the order of the codes.

    Raises AnalysisError if the picture cannot be written.
    """
    books, codes = coder.stored.books, file.sequence.codes
    latents = decode_sequence(books, file.sequence)[:, : file.frames]
    mel = coder.model.decode(np.concatenate([file.lead, latents], axis=1).astype(np.float32))[:, file.lead.shape[1] :]
    columns, seconds = codes.shape[1], COLUMN_HOPS / coder.model.mel.frame_rate
    figure = figure_of(min(24.0, max(8.0, 0.22 * columns)), 6.0)
    upper, lower = figure.subplots(2, 1, height_ratios=(books.levels, 5), sharex=True)
    upper.imshow(codes, aspect="auto", cmap="turbo", vmin=0, vmax=books.size - 1, extent=(0, columns, books.levels, 0))
    upper.set_yticks(np.arange(books.levels) + 0.5, [f"{level} {name}" for level, name in enumerate(books.names)])
    if columns <= NUMBERED_COLUMNS:
        for level, column in np.ndindex(codes.shape):
            upper.text(column + 0.5, level + 0.5, codes[level, column], ha="center", va="center", fontsize=6)
    top = float(mel.max(initial=0.0))
    lower.imshow(
        mel,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=top - SHOWN_NATS,
        vmax=top,
        extent=(0, file.frames / COLUMN_HOPS, 0, 128),
    )
    lower.set(xlabel=f"column ({seconds * 1000:.0f} ms each)", ylabel="mel band")
    upper.set_title(printable(file.name, 80).replace("$", r"\$"))
    save_figure(figure, path, dpi=110)
    return path
