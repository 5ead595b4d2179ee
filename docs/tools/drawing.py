"""Draw the widgets of a control surface as SVG text. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

Box = tuple[float, float, float, float]
"""Left edge, top edge, width, height in pixels."""

CHARACTER = 0.56
"""Mean width of a character as a share of its font size, for Arial and its kin."""


@dataclass(frozen=True)
class Colours:
    """The colours of one program's window."""

    window: str
    widget: str
    line: str
    text: str
    mark: str


@dataclass
class Drawing:
    """An SVG picture of `width` x `height` pixels in the making."""

    width: float
    height: float
    title: str
    colours: Colours
    parts: list[str] = field(default_factory=list)

    def rectangle(self, box: Box, fill: str | None = None, radius: float = 2) -> None:
        """Add a box in the colour `fill`, or in the widget colour."""
        x, y, width, height = box
        colours = self.colours
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" '
            f'fill="{fill or colours.widget}" stroke="{colours.line}"/>'
        )

    def circle(self, x: float, y: float, radius: float, fill: str | None = None) -> None:
        """Add a circle around `x`, `y`."""
        self.parts.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill or self.colours.widget}" '
            f'stroke="{self.colours.line}"/>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, width: float = 1) -> None:
        """Add a straight line."""
        self.parts.append(
            f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" stroke="{self.colours.mark}" stroke-width="{width:g}"/>'
        )

    def text(
        self, x: float, y: float, text: str, size: float = 11, *, anchor: str = "start", room: float | None = None
    ) -> None:
        """Add one line of text with its baseline at `y`; it is squeezed where it is wider than `room` pixels."""
        squeeze = ""
        if room is not None and len(text) * size * CHARACTER > room:
            squeeze = f' textLength="{room:g}" lengthAdjust="spacingAndGlyphs"'
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}" '
            f'fill="{self.colours.text}"{squeeze}>{escape(text)}</text>'
        )

    def words(self, x: float, y: float, text: str, size: float, room: float) -> None:
        """Add centred text on as many lines as it needs to stay within `room` pixels."""
        for number, row in enumerate(_rows(text, max(1, int(room / (size * CHARACTER))))):
            self.text(x, y + number * size * 1.2, row, size, anchor="middle", room=room)

    def fader(self, box: Box, share: float, *, upright: bool = False) -> None:
        """Add a slider whose mark stands at `share` (0 to 1) of its length."""
        x, y, width, height = box
        share = min(max(share, 0.0), 1.0)
        self.rectangle(box)
        if upright:
            place = y + 3 + (1 - share) * (height - 6)
            self.line(x + 2, place, x + width - 2, place, 4)
        else:
            place = x + 3 + share * (width - 6)
            self.line(place, y + 2, place, y + height - 2, 4)

    def button(self, box: Box, label: str, size: float = 11) -> None:
        """Add a button with its label in the middle."""
        x, y, width, height = box
        self.rectangle(box, radius=4)
        self.text(x + width / 2, y + height / 2 + size * 0.35, label, size, anchor="middle", room=width - 6)

    def svg(self) -> str:
        """Return the picture as an SVG document."""
        title = escape(self.title)
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:g} {self.height:g}" '
                f'width="{self.width:g}" height="{self.height:g}" font-family="Arial, Helvetica, sans-serif" role="img">',
                f"<title>{title}</title>",
                f'<rect width="{self.width:g}" height="{self.height:g}" fill="{self.colours.window}"/>',
                *self.parts,
                "</svg>\n",
            ]
        )


def _rows(text: str, most: int) -> Iterator[str]:
    """Split `text` at spaces into rows of at most `most` characters, where its words allow it."""
    row = ""
    for word in text.split():
        if row and len(row) + 1 + len(word) > most:
            yield row
            row = word
        else:
            row = f"{row} {word}".strip()
    yield row
