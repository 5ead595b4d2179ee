"""Pictures of a model's corpus and controls (PNG). Imports matplotlib only when it draws."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.analyse import UNDEFINED
from distill_engine.analysis.features.table import FEATURES
from distill_engine.analysis.map import LatentMap
from distill_engine.analysis.stretches.axis_shapes import axis_shapes, in_words
from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.audio.mel import band_edges
from distill_engine.errors import AnalysisError
from distill_engine.system.atomic_write import write_or_refuse
from distill_engine.system.names import printable


def write_plots(
    arrays: Mapping[str, npt.NDArray[Any]], table: Mapping[str, Any], folder: Path, skeleton: Skeleton | None = None
) -> list[Path]:
    """Draw features.png, controls.png and map.png from the stored analysis; return their paths.

    With a `skeleton` also latents.png, what its first latents do. `arrays` is the part "analysis"
    (see `Analysis.to_part`: corpus_features [W, features], map_points [2, N] and others), `table`
    the manifest's table. A picture without data is left out.

    Raises:
        AnalysisError: the model was never analysed, or a picture cannot be written.
    """
    if not table:
        raise AnalysisError("this model has no analysis to draw: run `distill analyse MODEL CORPUS`")
    folder.mkdir(parents=True, exist_ok=True)
    written = [] if skeleton is None else [draw_latents(skeleton, folder / "latents.png")]
    if arrays.get("corpus_features", np.zeros((0, 0))).size:
        written.append(draw_features(arrays["corpus_features"], folder / "features.png"))
    if table.get("controls"):
        written.append(draw_controls(table, folder / "controls.png"))
    if "map_points" in arrays:
        written.append(draw_map(LatentMap.from_part(arrays), list(table.get("clips", [])), folder / "map.png"))
    return written


def figure_of(width: float, height: float) -> Any:
    """Return a matplotlib figure of this size in inches, without a display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Any, path: Path, dpi: int) -> None:
    """Write a figure to a file of the kind that its suffix names, whole or not at all.

    Raises AnalysisError if it cannot be written.
    """
    drawn = io.BytesIO()
    figure.savefig(drawn, format=path.suffix.removeprefix(".").lower(), dpi=dpi)
    write_or_refuse(path, drawn.getvalue(), AnalysisError)


def draw_map(latent_map: LatentMap, clips: Sequence[str], path: Path) -> Path:
    """Draw the map: each region a dot, coloured and named by its clip. Return `path`."""
    figure = figure_of(9, 9)
    axes = figure.subplots()
    x, y = latent_map.points
    colours = (latent_map.clips * 0.618034) % 1.0
    axes.scatter(x, y, c=colours, cmap="hsv", s=18, alpha=0.8, linewidths=0)
    for clip in np.unique(latent_map.clips):
        own = np.flatnonzero(latent_map.clips == clip)
        middle = own[np.argmin((x[own] - np.median(x[own])) ** 2 + (y[own] - np.median(y[own])) ** 2)]
        name = Path(clips[clip]).stem if clip < len(clips) else str(clip)
        axes.annotate(_plain(name), (x[middle], y[middle]), fontsize=7, ha="center", va="bottom")
    axes.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), xlabel="x", ylabel="y", title="Map of the corpus (near: similar)")
    axes.set_aspect("equal")
    save_figure(figure, path, dpi=120)
    return path


def draw_latents(skeleton: Skeleton, path: Path) -> Path:
    """Draw what one unit of each of the first latents adds over frequency. Return `path`."""
    shapes, kilohertz = axis_shapes(skeleton), band_edges()[1:-1] / 1000
    figure = figure_of(12, 9)
    cells = figure.subplots(4, 4, sharex=True, sharey=True).ravel()
    for index, (axes, shape) in enumerate(zip(cells, shapes, strict=False)):
        axes.axhline(0.0, color="grey", linewidth=0.8)
        axes.fill_between(kilohertz, shape, color="#4477aa", alpha=0.6, linewidth=0)
        axes.set_title(f"latent {index}: {in_words(shape)}", fontsize=8)
        axes.set_xscale("log")
    for axes in cells[len(shapes) :]:
        axes.set_visible(False)
    figure.supxlabel("frequency in kHz")
    figure.supylabel("dB added by 1, a standard deviation of the corpus")
    save_figure(figure, path, dpi=120)
    return path


def draw_controls(table: Mapping[str, Any], path: Path) -> Path:
    """Draw rho of each named control and the matrix of what each control changes. Return `path`."""
    named = [control for control in table["controls"] if control["kind"] != "character"]
    figure = figure_of(11, 1.5 + 0.35 * max(len(table["controls"]), 4))
    left, right = figure.subplots(1, 2, width_ratios=(1, 2))
    left.barh([c["name"] for c in named], [c["rho"] for c in named], color="#4477aa")
    left.axvline(0.9, color="grey", linewidth=0.8)
    left.set(xlim=(0, 1), xlabel="rho (median over base points)", title="Monotonicity")
    left.invert_yaxis()
    names = [feature.name for feature in FEATURES]
    leaks = np.array([[c["leakage"].get(name, float(name == c["name"])) for name in names] for c in table["controls"]])
    image = right.imshow(leaks, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    right.set_xticks(range(len(names)), names, rotation=45, ha="right")
    right.set_yticks(range(len(leaks)), [c["name"] for c in table["controls"]])
    right.set_title("What each control moves (1: as much as its own feature)")
    figure.colorbar(image, ax=right)
    save_figure(figure, path, dpi=120)
    return path


def draw_features(features: npt.NDArray[Any], path: Path) -> Path:
    """Draw a histogram of each feature [N, features] over the corpus. Return `path`."""
    figure = figure_of(11, 7)
    for axes, feature, row in zip(figure.subplots(3, 4).ravel(), FEATURES, features.T, strict=False):
        values = row[row != UNDEFINED]
        if len(values):
            axes.hist(values, bins=30, color="#4477aa")
        axes.set(title=feature.name, xlabel=feature.unit)
    for axes in figure.axes[len(FEATURES) :]:
        axes.set_visible(False)
    save_figure(figure, path, dpi=120)
    return path


def _plain(name: str) -> str:
    """Return a file's name escaped, so that matplotlib does not read it as mathematics."""
    return printable(name).replace("$", r"\$")
