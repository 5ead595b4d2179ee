"""The views of `distill model`: plain data first, tables made from it.

Texts from a model file are made printable before they reach the terminal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from distill_control.cli.codes.view import codes_text, memorisation_text
from distill_control.cli.support.output import vocoder_and_reason
from distill_engine.system.counting import counted
from distill_engine.system.names import LINE_CHARACTERS, printable, printable_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from distill_engine.modelfile import ModelFile
    from distill_engine.modelfile.verify import FileCheck

_NO_CONTROLS = "none yet: run `distill analyse MODEL CORPUS`"
_UNFINISHED = "a checkpoint: finish it with `distill train --resume`, or play it with --torch-device"
HOLDS_SOUNDS = (
    "The file nearly holds its sounds, since it can play each of them: pass it on only where you may pass them on. "
    "`distill model slim --forget` takes them out."
)
_VOCODERS_LEGEND = (
    "Log-mel, MR-STFT: distance between sounds kept aside from training and their copies through the vocoder; "
    "smaller is better (log-mel in nat; 0.1 nat is 0.9 dB). Shipped: the same for the vocoder that comes with Distill."
)

TableRow = Mapping[str, Any]
"""One JSON object that becomes a row or a table."""


def holds_sounds(data: TableRow) -> bool:
    """Return whether a manifest, as JSON, says that its file can play the sounds themselves."""
    return data["model"].get("version") == 2 and bool(data["analysis"].get("clips"))


def size_text(size: float) -> str:
    """Return `size` in bytes as text with a fitting decimal unit."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"


def time_text(seconds: Any) -> str:
    """Return a duration as text with fitting units; "" for a value that is no duration."""
    if not _is_number(seconds) or seconds < 0:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def printable_texts(value: Any) -> Any:
    """Return JSON data with every text in it made printable, keys included."""
    if isinstance(value, str):
        return printable(value, LINE_CHARACTERS)
    if isinstance(value, Mapping):
        return {printable_texts(key): printable_texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable_texts(item) for item in value]
    return value


def describe(file: ModelFile) -> dict[str, Any]:
    """Return, as JSON, what a model file says about itself; no weights are read."""
    from distill_engine.inference.vocoder_choice import plays_through

    manifest = file.manifest
    values = manifest.to_dict()
    return values | {
        "path": str(file.path),
        "bytes": file.size,
        "digest": file.digest,
        "resumable": sorted(part for part in file.parts if part.startswith("training/")),
        "begun": file.begun(),
        "plays_without_torch": "runtime/decoder.onnx" in file.graphs,
        "plays_through": plays_through(file.manifest),
    }


def show_info(console: Console, data: TableRow) -> None:
    """Print the data of `describe` as tables, with a legend below measured figures."""
    data = printable_texts(data)
    facts = _grid()
    for title, text in _facts(data):
        if text:
            facts.add_row(_text(title, "bold"), _text(text))
    console.print(facts)
    if data["vocoders"]:
        console.print()
        console.print(_vocoders(data["vocoders"]))
        console.print(_VOCODERS_LEGEND, markup=False, style="dim")
    if data["analysis"]:
        console.print()
        _show_controls(console, data["analysis"])
    console.print()
    console.print(_parts(data["parts"]))
    for path in data.get("plots", ()):
        console.print(f"drawn: {path}", markup=False)


def _facts(data: TableRow) -> list[tuple[str, str]]:
    """Return titles and texts of the first table; a fact without text is left out."""
    corpus, choice = data["corpus"], data["plays_through"]
    files, seconds = corpus.get("files"), time_text(corpus.get("seconds"))
    controls = data["analysis"].get("controls") or []
    return [
        ("Model", data["name"]),
        ("File", f"{data['path']} ({size_text(data['bytes'])})"),
        ("Latent model", _latent_model(data)),
        ("Created", data["created"]),
        ("Digest", data["digest"][:16]),
        ("Corpus", f"{counted(files, 'file')}, {seconds}" if files is not None else ""),
        ("Training", _training(data["training"].get("model"))),
        ("Resumable", ", ".join(data["resumable"]) or "no: the training state was dropped"),
        ("Plays through", ": ".join(vocoder_and_reason(choice["vocoder"], choice["reason"]))),
        ("Controls", (str(len(controls)) if controls else _NO_CONTROLS) if data["family"] else ""),
        ("Codes", codes_text(data.get("codes"))),
        ("Prior", memorisation_text(data.get("codes"))),
        ("Licence", _stated(data, "license")),
        ("Credits", _stated(data, "credits")),
        ("Sounds", HOLDS_SOUNDS if holds_sounds(data) else ""),
        ("Remark", _UNFINISHED if data["family"] and not data["plays_without_torch"] else ""),
    ]


def _stated(data: TableRow, name: str) -> str:
    """Return what the file's maker stated on passing it on, "" if nothing."""
    value = data.get(name)
    return value if isinstance(value, str) else ""


def _latent_model(data: TableRow) -> str:
    """Return the family of the latent model and its sizes."""
    if not data["family"]:
        return "none: vocoders only"
    sizes = (("latent_dim", "latent dimension", ""), ("bands", "mel band", ""), ("reduction", "frame", " per latent"))
    shape = ", ".join(f"{counted(data['model'][key], noun)}{of}" for key, noun, of in sizes if key in data["model"])
    return f"{data['family']}{': ' if shape else ''}{shape}"


def _training(row: Any) -> str:
    """Return one line on the latent model's training."""
    if not isinstance(row, dict):
        return ""
    epochs, steps = counted(row.get("epochs", 0), "epoch"), counted(row.get("steps", 0), "step")
    words = [f"{epochs}, {steps} in {time_text(row.get('seconds')) or '?'}"] if row.get("steps") else []
    if _is_number(row.get("best_log_mel")):
        from distill_engine.audio.levels import nats_to_db

        nats = float(row["best_log_mel"])
        words.append(f"log-mel error on sounds kept aside {nats:.3f} nat ({nats_to_db(nats):.1f} dB)")
    if row.get("verdict"):
        words.append(str(row["verdict"]))
    return "; ".join(words)


def _vocoders(rows: TableRow) -> Table:
    """Return the table of a model's own vocoders."""
    table = plain_table("Vocoder", ">Epochs", ">Steps", ">Log-mel", ">Shipped", ">MR-STFT", ">Shipped", "Usable", "Why")
    for kind, row in rows.items():
        figures = row.get("validation") or {}
        keys = ("log_mel", "base_log_mel", "mr_stft", "base_mr_stft")
        numbers = [f"{figures[key]:.3f}" if _is_number(figures.get(key)) else "-" for key in keys]
        usable = _text("yes", "green") if row.get("usable") else _text("no", "yellow")
        counts = (str(row.get("epochs", 0)), str(row.get("steps", 0)))
        table.add_row(_text(kind), *counts, *numbers, usable, _text(str(row.get("reason", ""))))
    return table


def _show_controls(console: Console, analysis: TableRow) -> None:
    """Print the controls, or a line that says that their description is damaged."""
    from distill_control.cli.analyse import show_controls

    try:
        show_controls(console, analysis)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        console.print(
            "The description of the controls is damaged: run `distill analyse MODEL CORPUS` again", markup=False
        )


def _parts(rows: TableRow) -> Table:
    """Return the table of the file's parts with their sizes."""
    table = plain_table("Part", ">Size")
    for name, row in rows.items():
        table.add_row(_text(name), size_text(row["bytes"]))
    return table


def show_checks(console: Console, checks: Sequence[FileCheck]) -> None:
    """Print one line per check."""
    table = plain_table("Check", "Result")
    for check in checks:
        fault = check.fault
        table.add_row(_text(check.what), _text(printable_line(fault), "red") if fault else _text("ok", "green"))
    console.print(table)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(text: str, style: str = "") -> Any:
    from rich.text import Text

    return Text(text, style=style)


def _grid() -> Table:
    from rich.table import Table

    return Table(box=None, pad_edge=False, show_header=False)


def plain_table(*titles: str) -> Table:
    """Return an empty table. A title that begins with ">" makes a right-aligned column."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in titles:
        right = title.startswith(">")
        table.add_column(title.removeprefix(">"), justify="right" if right else "left", overflow="fold", no_wrap=right)
    return table
