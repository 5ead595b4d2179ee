"""The picture of growth: one panel for each curve."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness import results

RESULTS = Path(__file__).resolve().parents[1] / "results"
PANELS = (
    ("live", "notes", "notes", "a hop, ms", (("p50_ms", "p50"), ("p99_ms", "p99")), ""),
    ("growth", "slots", "slots", "a hop, ms", (("p50_ms", "p50"), ("p99_ms", "p99")), ""),
    ("growth", "clients", "clients", "% of a core", (("core_share", "control process"),), ""),
    ("growth", "renders", "sound_s", "MB", (("memory_mb", "most memory"),), "x"),
    ("growth", "corpora", "minutes", "s", (("playable_s", "plays after"),), "x"),
    ("growth", "corpora", "minutes", "MB", (("memory_mb", "training"), ("file_mb", "file")), "xy"),
)
"""Result file, table, field across, unit upwards, the curves, and which axes are logarithmic."""
TITLES = (
    "notes at once",
    "models in the blend",
    "subscribers",
    "seconds rendered",
    "minutes of sound",
    "minutes of sound",
)


def draw(document: Path, picture: Path) -> None:
    """Draw the results in `document` and those of live.py beside it."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    files = {"growth": document, "live": RESULTS / "live.json"}
    figure, axes = pyplot.subplots(2, 3, figsize=(9, 5), dpi=100, layout="constrained")
    for axis, panel, title in zip(axes.flat, PANELS, TITLES, strict=True):
        name, table, across, unit, curves, logarithmic = panel
        rows = sorted(_rows(files[name], table), key=lambda row: row[across])
        for field, label in curves:
            axis.plot([row[across] for row in rows], [row[field] for row in rows], "o-", label=label, markersize=4)
        axis.set(title=title, ylabel=unit, xscale="log" if "x" in logarithmic else "linear")
        axis.set_yscale("log" if "y" in logarithmic else "linear")
        for one, kind in ((axis.xaxis, "x"), (axis.yaxis, "y")):
            if kind in logarithmic:
                one.set_major_formatter("{x:g}")
                one.set_minor_formatter("")
        if "y" not in logarithmic:
            axis.set_ylim(0, 1.1 * axis.dataLim.y1)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    figure.savefig(picture)


def _rows(document: Path, table: str) -> Sequence[dict[str, Any]]:
    """Return the rows of a table; of several vocoders those of vocos."""
    rows = results.read(document)["rows"]
    return [row for row in rows if row["table"] == table and row.get("vocoder", "vocos") == "vocos"]
