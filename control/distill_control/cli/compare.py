"""`distill compare`: play one performance through several vocoders, and write a page on it."""

from __future__ import annotations

import argparse
import html
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from distill_control.cli.render import SOURCES
from distill_control.cli.support.options import seconds, seed_number
from distill_control.cli.support.output import console_err, emit, write_event
from distill_control.cli.support.paths import check_folder
from distill_engine.errors import ConfigError
from distill_engine.system.extras import need_training
from distill_engine.system.names import printable
from distill_engine.vocabulary.ranges import RENDER_SECONDS_LIMIT

if TYPE_CHECKING:
    from rich.console import Console

    from distill_engine.audio.arrays import Float32Array
    from distill_engine.audio.mel import MelConfig
    from distill_engine.rendering.comparing import Vocode, VocoderResult

COLUMNS = {
    "log_mel": "distance from the mel (nat)",
    "brightness_hz": "brightness (Hz)",
    "above_10k_db": "above 10 kHz (dB)",
    "peak_db": "peak (dB)",
    "rms_db": "RMS (dB)",
    "speed": "speed (x real time)",
}


def register(subparsers: Any, common: argparse.ArgumentParser) -> None:
    """Add the command `compare`."""
    parser = subparsers.add_parser(
        "compare", parents=[common], help="play the same performance through several vocoders, to compare them"
    )
    parser.add_argument("model", metavar="MODEL", help="a .distillgan file, or its name in the library")
    parser.add_argument(
        "--vocoders", required=True, metavar="A,B,...", help="hifigan, vocos, bigvgan, base, or names of added vocoders"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the page and the sounds"
    )
    parser.add_argument(
        "--duration", type=seconds("10", RENDER_SECONDS_LIMIT), default=10.0, metavar="S",
        help="length in seconds (default 10)",
    )  # fmt: skip
    parser.add_argument("--seed", type=seed_number, default=0, metavar="N", help="seed of the performance (default 0)")
    parser.add_argument("--source", choices=SOURCES, default="auto", help="what moves the sound (default auto)")
    parser.add_argument("--torch-device", choices=("auto", "cpu", "cuda", "mps"), help="compute in torch instead")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `distill compare`. Raises DistillError."""
    from rich.text import Text

    from distill_engine.audio.files import write_audio
    from distill_engine.library.lookup import find_model
    from distill_engine.rendering.comparing import compare, performance_mel
    from distill_engine.rendering.loaded_model import load_model
    from distill_engine.rendering.score import Score
    from distill_engine.rendering.shared_networks import offline_settings
    from distill_engine.synthesis.instrument import prepare_instrument

    need_training("distill compare")
    check_folder(args.output, "-o")
    names = list(dict.fromkeys(name.strip() for name in args.vocoders.split(",") if name.strip()))
    if not names:
        raise ConfigError("--vocoders is empty: name at least one, such as hifigan,bigvgan")
    path = find_model(args.model, allow_paths=True)
    model = load_model(path, torch_device=args.torch_device)
    vocoders = [(name, _vocode(name, model)) for name in names]
    instrument = prepare_instrument(path, "auto", settings=offline_settings(), torch_device=args.torch_device)
    mel = performance_mel(instrument, Score(args.duration, args.seed, args.source))
    results = []
    with nullcontext() if args.json else console_err().status("") as status:
        for index, (name, vocode) in enumerate(vocoders):
            if status is None:
                write_event("progress", stage="comparing", done=index, total=len(vocoders), unit="vocoders", text=name)
            else:
                status.update(Text(f"{printable(name)}: {args.duration:.0f} s of sound"))
            results += compare(mel, model.mel, [(name, vocode)])
    args.output.mkdir(parents=True, exist_ok=True)
    for result in results:
        write_audio(args.output / f"{result.name}.wav", result.samples, model.mel.sample_rate, bit_depth=24)
    draw(results, mel, model.mel, args.output / "spectrograms.png")
    (args.output / "index.html").write_text(page(path.stem, results), "utf-8")
    figures = [result.figures() for result in results]
    emit(args, {"page": str(args.output / "index.html"), "vocoders": figures}, lambda c: _show(c, figures, args.output))
    return 0


def _vocode(name: str, model: Any) -> Vocode:
    """Return the function mel [bands, frames] -> samples [T] of a vocoder.

    Raises VocoderError if there is none.
    """
    model.choice(name)  # fails here, before anything is computed, if the vocoder is unknown or absent

    def vocode(mel: Float32Array) -> Float32Array:
        samples: Float32Array = model.vocode(mel, name)
        return samples

    return vocode


def draw(results: list[VocoderResult], mel: Float32Array, config: MelConfig, path: Path) -> None:
    """Draw the mel spectrogram [bands, frames] given to all vocoders, and each result's below."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = [("the mel spectrogram given to all vocoders", mel), *((result.name, result.mel) for result in results)]
    figure = Figure(figsize=(12, 2.4 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (title, values) in zip(
        figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0], rows, strict=True
    ):
        extent = (0, values.shape[1] / config.frame_rate, 0, config.bands)
        axes.imshow(values, origin="lower", aspect="auto", extent=extent, vmin=-11.5, vmax=2.0, cmap="magma")
        axes.set_title(title, parse_math=False, loc="left", fontsize=10)
        axes.set_ylabel("mel band")
    axes.set_xlabel("seconds")
    figure.savefig(path, dpi=100)


def page(title: str, results: list[VocoderResult]) -> str:
    """Return the HTML page with players, figures and the picture.

    It loads nothing from the network.
    """
    title = html.escape(printable(title))
    head = "".join(f"<th>{html.escape(text)}</th>" for text in COLUMNS.values())
    rows = "".join(
        f"<tr><th>{html.escape(printable(r.name))}</th>"
        f"<td><audio controls loop src='{html.escape(quote(r.name))}.wav'></audio></td>"
        + "".join(f"<td>{r.figures()[column]}</td>" for column in COLUMNS)
        + "</tr>"
        for r in results
    )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        f"<title>{title}: vocoders compared</title>"
        "<style>body{font:15px system-ui;margin:2em;max-width:80em}td,th{padding:.4em .8em;text-align:left}"
        "img{max-width:100%}</style>"
        f"<h1>{title}</h1><p>The same performance through {len(results)} vocoders. All were given the same "
        "mel spectrogram; the first figure is the distance of each result's mel spectrogram from it.</p>"
        f"<table><tr><th></th><th>listen</th>{head}</tr>{rows}</table>"
        "<p><img src='spectrograms.png' alt='Mel spectrograms of all versions'></p></html>\n"
    )


def _show(console: Console, figures: list[dict[str, Any]], folder: Path) -> None:
    from rich.table import Table

    table = Table("vocoder", *COLUMNS.values(), box=None, pad_edge=False)
    for row in figures:
        table.add_row(row["name"], *(str(row[column]) for column in COLUMNS))
    console.print(table)
    console.print(f"open the page: {folder / 'index.html'}", soft_wrap=True, markup=False)
