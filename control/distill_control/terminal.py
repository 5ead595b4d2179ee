"""Rich consoles that show texts from outside as they are: no markup, no control characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from distill_engine.system.names import printable

LONG_ROWS = 50  # rows of a list, beyond which it is written as lines


class PlainConsole(Console):
    """Console on stdout or stderr. Only `Text` has styles: markup in a string stays what it is."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a string as `Text`, escaped before its width is measured."""
        return super().render_str(_escaped(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield the segments of `renderable`, escaped also where a `Text` was not."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(_escaped(segment.text), segment.style)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of equally many cells as lines in columns; no cell is folded or cut.

    Rich's own tables take more than half a second for a thousand rows.

    >>> print(aligned([("a", "1"), ("夜 bird", "2")]))
    a        1
    夜 bird  2
    """
    sizes = [[cell_len(cell) for cell in row] for row in rows]
    widths = [max(column) for column in zip(*sizes, strict=True)]
    lines = []
    for row, size in zip(rows, sizes, strict=True):
        cells = (cell + " " * (width - own) for cell, width, own in zip(row, widths, size, strict=True))
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _escaped(text: str) -> str:
    r"""Return a text of any length and number of lines with its control characters escaped.

    >>> _escaped("one\x1b[2J\ntwo")
    'one\\x1b[2J\ntwo'
    """
    if text.isprintable():
        return text
    return "\n".join(printable(line, len(line)) for line in text.split("\n"))
