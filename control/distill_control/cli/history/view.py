"""The views of `distill history`: plain data first, tables made from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from distill_control.cli.keeping.record import quality_line
from distill_engine.errors import LibraryError
from distill_engine.library.history.search import local_time, named
from distill_engine.system.names import printable, printable_line

if TYPE_CHECKING:
    from rich.console import Console

    from distill_engine.library.renders import RenderEntry, RenderStore

TITLES = ("", "name", "made", "s", "model", "vocoder", "seed", "ID", "")
SETTINGS_SHOWN = 40  # settings of an entry, at most


def row(entry: RenderEntry) -> dict[str, Any]:
    """Return the facts of an entry for a list."""
    made = local_time(entry)
    quality = (entry.made.get("figures") or {}).get("quality") or {}
    return {
        "id": entry.id,
        "title": entry.title,
        "starred": entry.starred,
        "made": made.isoformat(" ", "minutes")[:16] if made else "",
        "seconds": entry.seconds,
        "model": named(entry, "model"),
        "vocoder": named(entry, "vocoder"),
        "seed": entry.made.get("seed"),
        "kind": str(entry.made.get("kind", "")),
        "sound": bool(entry.sound) or (entry.made.get("output") or {}).get("keep") in ("path", "folder"),
        "quality": quality.get("verdict", ""),
        "fault": entry.fault,
    }


def show_list(console: Console, rows: Sequence[Mapping[str, Any]], found: int) -> None:
    """Print entries as a table, and how many there are in all."""
    from rich.table import Table
    from rich.text import Text

    from distill_control.terminal import LONG_ROWS, aligned

    if not rows:
        console.print("nothing found: `distill render MODEL -o FILE` makes a sound, `distill history list` shows all")
        return
    lines = [tuple(printable(text, 200) for text in _cells(one)) for one in rows]
    if len(rows) > LONG_ROWS:
        console.print(aligned([TITLES, *lines]), soft_wrap=True)
    else:
        table = Table(*TITLES, box=None, pad_edge=False)
        for line in lines:
            table.add_row(*map(Text, line))
        console.print(table)
    if found > len(rows):
        console.print(f"{len(rows)} of {found}: --limit 0 shows all, words and --on yesterday find some")


def _cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the cells of an entry's row, in the order of TITLES."""
    remark = one["fault"] or ("" if one["sound"] else "no sound") or ("" if one["quality"] != "look" else "look")
    seconds = f"{one['seconds']:.1f}" if one["seconds"] else ""
    seed = "" if one["seed"] is None else str(one["seed"])
    return (
        "*" if one["starred"] else "",
        one["title"],
        one["made"],
        seconds,
        one["model"],
        one["vocoder"],
        seed,
        one["id"].rpartition("-")[2],
        remark,
    )


def details(store: RenderStore, entry: RenderEntry) -> dict[str, Any]:
    """Return all that an entry says, where its sound lies, and why there is none."""
    try:
        lies, missing = str(store.sound(entry.id)), ""
    except LibraryError as error:
        lies, missing = "", str(error)
    return {**entry.to_dict(), "lies": lies, "missing": missing, "folder": str(store.folder(entry.id))}


def show_details(console: Console, data: Mapping[str, Any]) -> None:
    """Print the data of `details`."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    for title, text in _facts(data):
        if text:
            table.add_row(Text(title, style="bold"), Text(printable_line(text)))
    console.print(table)


def _single(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the settings that are chosen, those within others too."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _single(value)
        elif value not in (None, [], "", False):
            yield name, value


def _facts(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    made = data["made"]
    model, vocoder = made.get("model") or {}, made.get("vocoder") or {}
    quality = (made.get("figures") or {}).get("quality")
    settings = made.get("settings") or made.get("parameters") or {}
    chosen = [f"{name}={value}" for name, value in _single(settings)]
    return [
        ("Name", f"{data['title']}{' *' if data['starred'] else ''}"),
        ("ID", data["id"]),
        ("Made", data["created"]),
        ("Length", f"{data['seconds']:.1f} s" if data["seconds"] else ""),
        ("Sound", data["lies"] or data["missing"]),
        ("Written to", str((made.get("output") or {}).get("path", ""))),
        ("Model", f"{model.get('name', '')} ({str(model.get('digest', ''))[:16]})"),
        ("Vocoder", f"{vocoder.get('name', '')}: {vocoder.get('reason', '')}"),
        ("Seed", "" if made.get("seed") is None else str(made["seed"])),
        ("Settings", ", ".join(chosen[:SETTINGS_SHOWN])),
        ("Take", str(made.get("take") or "")[:80]),
        ("Quality", quality_line(quality).removeprefix("quality: ") if quality else ""),
        ("Command", " ".join(map(str, made.get("command", ())))),
        ("With", f"Distill {made.get('version', '')} on {made.get('machine', '')}"),
    ]
