"""How `distill model` shows models: plain data first, tables from it. Texts from a file are made harmless on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from distill_engine.modelfile import ModelFile
    from distill_engine.modelfile.verify import FileCheck

_NO_CONTROLS = "none yet: run `distill analyse MODEL CORPUS`"
_UNFINISHED = "a checkpoint: finish it with `distill train --resume`, or play it with --torch-device"

TableRow = Mapping[str, Any]


def size_text(size: float) -> str:
    """Bytes for people."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"


def time_text(seconds: Any) -> str:
    """A duration for people; "" for what is none."""
    if not _is_number(seconds) or seconds < 0:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def harmless(value: Any) -> Any:
    """`value` with everything in its texts that a terminal could obey shown as `?`."""
    if isinstance(value, str):
        return "".join(c if c.isprintable() else "?" for c in value)
    if isinstance(value, Mapping):
        return {harmless(key): harmless(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [harmless(item) for item in value]
    return value


def describe(file: ModelFile) -> dict[str, Any]:
    """All that is known of a model without reading its weights, as JSON."""
    manifest = file.manifest
    values = manifest.to_dict()
    return values | {
        "path": str(file.path),
        "bytes": file.size,
        "digest": file.digest,
        "resumable": sorted(part for part in file.parts if part.startswith("training/")),
        "plays_without_torch": "runtime/decoder.onnx" in file.graphs,
        "plays_through": _choice(file),
    }


def _choice(file: ModelFile) -> dict[str, str]:
    """The vocoder that `auto` takes, and why."""
    from distill_engine.errors import DistillError
    from distill_engine.inference.vocoder_choice import choose_vocoder

    try:
        choice = choose_vocoder(file.manifest)
    except DistillError as error:
        return {"vocoder": "none", "reason": str(error)}
    return {"vocoder": choice.name, "reason": choice.reason}


def show_info(console: Console, data: TableRow) -> None:
    """The description as tables."""
    data = harmless(data)
    facts = _grid()
    for title, text in _facts(data):
        if text:
            facts.add_row(_text(title, "bold"), _text(text))
    console.print(facts)
    if data["vocoders"]:
        console.print()
        console.print(_vocoders(data["vocoders"]))
    if data["analysis"]:
        console.print()
        _show_controls(console, data["analysis"])
    console.print()
    console.print(_parts(data["parts"]))
    for path in data.get("plots", ()):
        console.print(f"drawn: {path}", markup=False)


def _facts(data: TableRow) -> list[tuple[str, str]]:
    model, corpus, choice = data["model"], data["corpus"], data["plays_through"]
    shape = ", ".join(
        f"{model[key]} {what}"
        for key, what in (("latent_dim", "latent dimensions"), ("bands", "mel bands"), ("reduction", "frames each"))
        if key in model
    )
    files, seconds = corpus.get("files"), time_text(corpus.get("seconds"))
    controls = data["analysis"].get("controls") or []
    return [
        ("Model", data["name"]),
        ("File", f"{data['path']} ({size_text(data['bytes'])})"),
        ("Family", f"{data['family'] or 'none: vocoders only'}{': ' if shape else ''}{shape}"),
        ("Created", data["created"]),
        ("Digest", data["digest"][:16]),
        ("Corpus", f"{files} files, {seconds}" if files is not None else ""),
        ("Training", _training(data["training"].get("model"))),
        ("Resumable", ", ".join(data["resumable"]) or "no: the training state was dropped"),
        ("Plays through", f"{choice['vocoder']}: {choice['reason']}"),
        ("Controls", (str(len(controls)) if controls else _NO_CONTROLS) if data["family"] else ""),
        ("Remark", _UNFINISHED if data["family"] and not data["plays_without_torch"] else ""),
    ]


def _training(row: Any) -> str:
    """One line on the latent model's training."""
    if not isinstance(row, dict):
        return ""
    words = [f"{row.get('epochs', 0)} epochs, {row.get('steps', 0)} steps in {time_text(row.get('seconds')) or '?'}"]
    if _is_number(row.get("best_log_mel")):
        words.append(f"held-out log-mel {row['best_log_mel']:.3f} nat")
    if row.get("verdict"):
        words.append(str(row["verdict"]))
    return "; ".join(words)


def _vocoders(rows: TableRow) -> Table:
    table = _table("Vocoder", ">Epochs", ">Steps", ">Log-mel", ">Base", ">MR-STFT", ">Base", "Usable", "Why")
    for kind, row in rows.items():
        figures = row.get("validation") or {}
        keys = ("log_mel", "base_log_mel", "mr_stft", "base_mr_stft")
        numbers = [f"{figures[key]:.3f}" if _is_number(figures.get(key)) else "-" for key in keys]
        usable = _text("yes", "green") if row.get("usable") else _text("no", "yellow")
        counts = (str(row.get("epochs", 0)), str(row.get("steps", 0)))
        table.add_row(_text(kind), *counts, *numbers, usable, _text(str(row.get("reason", ""))))
    return table


def _show_controls(console: Console, analysis: TableRow) -> None:
    from distill_control.cli.analyse import show_controls

    try:
        show_controls(console, analysis)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        console.print(
            "The description of the controls is damaged: run `distill analyse MODEL CORPUS` again", markup=False
        )


def _parts(rows: TableRow) -> Table:
    table = _table("Part", ">Size")
    for name, row in rows.items():
        table.add_row(_text(name), size_text(row["bytes"]))
    return table


def show_findings(console: Console, findings: Sequence[FileCheck]) -> None:
    """One line per check."""
    table = _table("Check", "Result")
    for finding in findings:
        fault = finding.fault
        table.add_row(_text(finding.what), _text(harmless(fault), "red") if fault else _text("ok", "green"))
    console.print(table)


def list_row(name: str, path: Path, *, built_in: bool = False) -> dict[str, Any]:
    """What a list says of one model file; `fault` says why it cannot be read."""
    from distill_engine.errors import ModelFileError
    from distill_engine.modelfile import ModelFile

    row: dict[str, Any] = {"name": name, "path": str(path), "built_in": built_in}
    try:
        status = path.stat()
        row |= {"bytes": status.st_size, "changed": datetime.fromtimestamp(status.st_mtime).isoformat(" ", "minutes")}
        with ModelFile.open(path) as file:
            manifest = file.manifest
            controls = manifest.analysis.get("controls")
            row |= {
                "family": manifest.family,
                "vocoders": {kind: bool(entry.get("usable")) for kind, entry in manifest.vocoders.items()},
                "controls": len(controls) if isinstance(controls, list) else 0,
                "fault": None,
            }
    except (ModelFileError, OSError) as error:
        row["fault"] = str(error).removeprefix(f"{path}: ")
    return row


def show_list(console: Console, folder: Path, rows: Sequence[TableRow]) -> None:
    """The models as a table, or where to put some."""
    if not rows:
        console.print(f"No models in {folder}: put .distillgan files there, or train one", markup=False, soft_wrap=True)
        return
    table = _table("Name", "Family", ">Size", ">Controls", "Vocoders", "Changed", "")
    for row in rows:
        remark = _text(harmless(row["fault"]), "red") if row["fault"] else _text("built in" if row["built_in"] else "")
        vocoders = ", ".join(k if usable else f"({k})" for k, usable in row.get("vocoders", {}).items())
        size = size_text(row["bytes"]) if "bytes" in row else ""
        cells = (harmless(row.get("family", "")), size, str(row.get("controls", "")), harmless(vocoders))
        table.add_row(_text(harmless(row["name"])), *map(_text, cells), row.get("changed", ""), remark)
    console.print(table)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(text: str, style: str = "") -> Any:
    from rich.text import Text

    return Text(text, style=style)


def _grid() -> Table:
    from rich.table import Table

    return Table(box=None, pad_edge=False, show_header=False)


def _table(*titles: str) -> Table:
    """Columns by title; one that begins with ">" holds figures, set to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in titles:
        right = title.startswith(">")
        table.add_column(title.removeprefix(">"), justify="right" if right else "left", overflow="fold", no_wrap=right)
    return table
