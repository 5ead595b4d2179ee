"""Fill the figures of documents, which stand between markers.

    It starts in <!-- figure: cold_start -->0.66 s<!-- /figure -->.

The name is a claim's. Text within a fenced code block is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_BEGIN = re.compile(r"<!--\s*figure:\s*(.*?)\s*-->")
_END = "<!-- /figure -->"
_FILLED = re.compile(r"<!--\s*figure:\s*([a-z0-9_]+)\s*-->((?:(?!<!--).)*)<!-- /figure -->")
_FENCE = re.compile(r"\s*(```|~~~)")


class MarkerError(ValueError):
    """Report a marker that cannot be filled, with its file and line."""


def filled(text: str, figures: Mapping[str, str], where: str) -> str:
    """Return the text with the present figure between each pair of markers.

    Raises MarkerError for an unknown name, or a marker without its other half on the same line.
    """
    lines, fence = [], ""
    for number, line in enumerate(text.split("\n"), 1):
        opened = _FENCE.match(line)
        if opened and fence in ("", opened[1]):
            fence = "" if fence else opened[1]
        lines.append(line if fence or opened else _filled_line(line, figures, f"{where}:{number}"))
    return "\n".join(lines)


def _filled_line(line: str, figures: Mapping[str, str], where: str) -> str:
    pairs = len(_FILLED.findall(line))
    if pairs != len(_BEGIN.findall(line)) or pairs != line.count(_END):
        raise MarkerError(f"{where}: a figure stands between '<!-- figure: NAME -->' and '{_END}' on one line")

    def replaced(found: re.Match[str]) -> str:
        if found[1] not in figures:
            raise MarkerError(
                f"{where}: no claim is named {found[1]!r}; benchmarks/claims.toml has {', '.join(figures)}"
            )
        return f"<!-- figure: {found[1]} -->{figures[found[1]]}{_END}"

    return _FILLED.sub(replaced, line)
