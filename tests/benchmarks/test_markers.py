"""Figures between markers are replaced, everything else stays."""

from __future__ import annotations

import pytest

from harness.markers import MarkerError, filled

FIGURES = {"cold_start": "0.66 s", "memory": "266 MB"}


@pytest.mark.parametrize("old", ["", "1.20 s", "**1 s**"])
def test_a_figure_is_filled_in(old: str) -> None:
    text = f"Starts in <!-- figure: cold_start -->{old}<!-- /figure -->, then plays.\n"
    assert filled(text, FIGURES, "a.md") == text.replace(f">{old}<", ">0.66 s<")


def test_several_figures_of_one_line_are_filled_in() -> None:
    text = "| <!-- figure: memory -->x<!-- /figure --> | <!--figure:cold_start-->y<!-- /figure --> |"
    found = filled(text, FIGURES, "a.md")
    assert "266 MB" in found
    assert "0.66 s" in found
    assert filled(found, FIGURES, "a.md") == found


@pytest.mark.parametrize("fence", ["```", "~~~"])
def test_code_blocks_and_other_comments_stay(fence: str) -> None:
    text = f"<!-- addresses: begin -->\n{fence}md\n<!-- figure: unknown -->\n{fence}\n<!-- note -->\r\nend"
    assert filled(text, FIGURES, "a.md") == text


@pytest.mark.parametrize(
    "line",
    [
        "<!-- figure: speed -->1<!-- /figure -->",
        "<!-- figure: memory -->1",
        "1<!-- /figure -->",
        "<!-- figure: memory --><!-- figure: cold_start -->1<!-- /figure -->",
        "<!-- figure: Cold Start -->1<!-- /figure -->",
    ],
)
def test_a_marker_that_cannot_be_filled_is_named_with_its_line(line: str) -> None:
    with pytest.raises(MarkerError, match=r"a\.md:2"):
        filled(f"one\n{line}\n", FIGURES, "a.md")
