"""The list of models: which are shown, in which order, and their table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distill_engine.system.names import normalised

if TYPE_CHECKING:
    from rich.console import Console

Facts = Mapping[str, Any]
TITLES = ("Name", ">Size", "Sounds", ">Controls", "Vocoders", "Tags", "Changed", "")
DAY_CHARACTERS = 10  # of a time: its date

_KEYS: dict[str, Callable[[Facts], Any]] = {
    "changed": lambda facts: -facts["changed"],
    "size": lambda facts: -facts["bytes"],
    "created": lambda facts: facts.get("created", ""),
    "controls": lambda facts: -facts.get("controls", 0),
    "sounds": lambda facts: -_number((facts.get("corpus") or {}).get("seconds")),
}


def chosen(rows: Iterable[Facts], words: str, tags: Sequence[str], sort: str) -> list[Facts]:
    """Return the models that have all words and tags, in order; the largest or latest first."""
    wanted = _folded(words).split()
    found = [row for row in rows if set(tags) <= set(row["tags"]) and all(word in _text(row) for word in wanted)]
    return sorted(found, key=_KEYS[sort]) if sort in _KEYS else found


def _text(row: Facts) -> str:
    parts = [row["name"], row["note"], row["fault"], row.get("family", ""), *row["tags"], *row.get("vocoders", {})]
    return _folded(" ".join(map(str, parts)))


def _folded(text: str) -> str:
    return normalised(text).casefold()


def list_row(facts: Facts) -> dict[str, Any]:
    """Return the facts of one model for programs; `fault` is the reason if it is unreadable."""
    changed = datetime.fromtimestamp(facts["changed"]).isoformat(" ", "minutes")
    own = facts.get("vocoders", {})
    usable = {kind: entry["usable"] for kind, entry in own.items()}
    return {**facts, "changed": changed, "vocoders": usable, "own_vocoders": own, "fault": facts["fault"] or None}


def show_list(console: Console, folder: Path, rows: Sequence[Facts], sought: bool, found: int) -> None:
    """Print models as a table and how many there are in all, or where to put some."""
    from rich.text import Text

    from distill_control.cli.support.model_view import plain_table, printable_texts, size_text, time_text
    from distill_control.terminal import LONG_ROWS, aligned

    if not rows:
        line = f"No models in {folder}: put .distillgan files there, or train one"
        console.print("nothing found" if sought else line, markup=False, soft_wrap=True)
        return
    table, lines = plain_table(*TITLES), list[tuple[str, ...]]()
    table.columns[-2].min_width = DAY_CHARACTERS  # a day is not broken where the window is narrow
    for row in map(printable_texts, rows):
        remark = Text(row["fault"], style="red") if row["fault"] else Text("built in" if row["built_in"] else "")
        sounds = time_text((row.get("corpus") or {}).get("seconds"))
        vocoders = ", ".join(_vocoder(kind, entry) for kind, entry in row["own_vocoders"].items())
        cells = (row["name"], size_text(row["bytes"]), sounds, str(row.get("controls", "")), vocoders)
        whole = (*cells, ", ".join(row["tags"]), row["changed"][:DAY_CHARACTERS])
        lines.append((*whole, remark.plain))
        if len(rows) <= LONG_ROWS:
            table.add_row(*map(Text, whole), remark)
    if len(rows) > LONG_ROWS:
        console.print(aligned([[title.removeprefix(">") for title in TITLES], *lines]), soft_wrap=True)
    else:
        console.print(table)
    if found > len(rows):
        console.print(f"{len(rows)} of {found}: --limit 0 shows all, --search and --tag find some", markup=False)
    if any(not usable for row in rows for usable in row["vocoders"].values()):
        console.print("(in brackets: a vocoder that is not good enough yet)", markup=False, style="dim")


def _vocoder(kind: str, entry: Facts) -> str:
    """Return a vocoder, its epochs, its held-out distance and the shipped one's (nat)."""
    epochs = f" {entry['epochs']} ep" if entry.get("epochs") else ""
    figures = [entry.get(name) for name in ("log_mel", "base_log_mel")]
    distance = f" {figures[0]:.2f}" if isinstance(figures[0], int | float) else ""
    distance += f" (shipped {figures[1]:.2f})" if distance and isinstance(figures[1], int | float) else ""
    text = f"{kind}{epochs}{distance}"
    return text if entry.get("usable") else f"({text})"


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
