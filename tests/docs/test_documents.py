"""README and documentation: what they tell people to type exists, and README keeps its shape."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from distill_control.cli.engine import parser as engine_parser
from distill_control.cli.main import build_parser
from distill_engine.errors import ControlError
from distill_engine.vocabulary import table as vocabulary

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for path in (ROOT / "docs").rglob("*.md")
    if not {"decisions", "lab", "tools"} & set(path.relative_to(ROOT).parts) and path.name != "glossary.md"
)
README = ROOT / "README.md"
FIGURE = re.compile(r"<!-- figure: ([a-z0-9_]+) -->([^<]+)<!-- /figure -->")
LINES = 120


def commands(text: str) -> Iterator[list[str]]:
    """Give the words of each `distill` command in the fenced blocks of a page."""
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words and words[0] in ("distill", "distill-engine"):
                yield words


def mentions(text: str) -> Iterator[list[str]]:
    """Give the words of each command between back-quotes; it may lack arguments."""
    for line in re.findall(r"`((?:distill|distill-engine) [^`]*)`", text):
        yield shlex.split(line)


def exit_code(words: list[str]) -> object:
    """Parse a command line: 0 where it is understood, else what the command would end with."""
    try:
        (engine_parser() if words[0] == "distill-engine" else build_parser()).parse_args(words[1:])
    except SystemExit as end:
        return end.code
    return 0


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_in_a_block_is_complete(page: Path) -> None:
    for words in commands(page.read_text()):
        assert exit_code(words) == 0, f"{page.name}: {shlex.join(words)}"


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_mentioned_exists(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in mentions(page.read_text()):
        exit_code(words)
        said = capsys.readouterr().err
        wrong = re.search(r"unrecognized arguments|invalid choice: '(?![A-Z]|\.\.\.)[^',]+'", said)
        assert not wrong, f"{page.name}: {shlex.join(words)}: {said}"


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_address_on_a_page_is_in_the_vocabulary(page: Path) -> None:
    replies = {address for address, _ in vocabulary.REPLIES}
    for address in set(re.findall(r"(?<!\w)/distill/[a-z_/.0-9]*[a-z0-9]", page.read_text())) - replies:
        try:
            vocabulary.row(address)
        except ControlError:
            family = f"{address}/"
            known = any(row.prefix == family for row in vocabulary.ROWS)
            assert known or address.endswith("brightnes"), f"{page.name}: {address}"


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) <= LINES


def test_the_readme_links_to_files_that_exist() -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", README.read_text())
    assert not [link for link in links if "://" not in link and not (ROOT / link).exists()]


def test_every_module_that_the_architecture_names_exists() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    roots = (ROOT, ROOT / "engine" / "distill_engine", ROOT / "control" / "distill_control")
    named = set(re.findall(r"`([a-z_/]+/[a-z_]+(?:\.py|/))`", text))
    assert len(named) > 30
    assert not [name for name in named if not any((root / name).exists() for root in roots)]


def test_the_orders_of_imports_are_those_that_are_checked() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    for contract in contracts:
        if contract.get("containers") in (["distill_engine"], ["distill_control"]):
            rows = [_without_absent(layer) for layer in contract["layers"]]
            assert "```\n" + "\n".join(rows) + "\n```" in text, contract["name"]


def _without_absent(layer: str) -> str:
    """Leave out the names in brackets: packages that may come later."""
    return " | ".join(name for name in layer.split(" | ") if not name.startswith("("))


def test_every_package_has_a_line_in_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    for source in ("engine/distill_engine", "control/distill_control"):
        packages = {path.parent.name for path in (ROOT / source).glob("*/__init__.py")} - {"assets"}
        assert not [name for name in packages if f"`{name}`" not in text]


def test_the_figures_in_the_readme_stand_between_markers() -> None:
    text = README.read_text()
    figures = FIGURE.findall(text)
    assert len(figures) == text.count("<!-- figure:") == text.count("<!-- /figure -->")
    assert len({name for name, _ in figures}) == len(figures)
    assert all(value.strip() for _, value in figures)
