"""`distill compare MODEL --vocoders A,B`: one performance through several vocoders."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from distill_control.cli.compare.page import ComparedSound
from distill_control.cli.support.output import console_err, write_event
from distill_control.cli.support.paths import output_folder
from distill_engine.system.extras import need_training
from distill_engine.system.names import printable

if TYPE_CHECKING:
    from distill_engine.audio.arrays import Float32Array
    from distill_engine.audio.mel_config import MelConfig
    from distill_engine.rendering.comparing import Vocode, VocoderResult

PICTURE = "spectrograms.png"
COLUMNS = {
    "log_mel": "distance from the mel (nat)",
    "brightness_hz": "brightness (Hz)",
    "above_10k_db": "above 10 kHz (dB)",
    "peak_db": "peak (dB)",
    "rms_db": "RMS (dB)",
    "speed": "speed (x real time)",
}


def compared(
    args: argparse.Namespace, path: Path, names: list[str]
) -> tuple[list[ComparedSound], list[dict[str, Any]]]:
    """Play one performance of a model through each vocoder, into files beside the page.

    Return the sounds and their figures. Raises DistillError.
    """
    from rich.text import Text

    from distill_engine.audio.files import write_audio
    from distill_engine.audio.measuring.loudness import loudness_lufs
    from distill_engine.rendering.comparing import compare, performance_mel
    from distill_engine.rendering.loaded_model import load_model
    from distill_engine.rendering.score import Score
    from distill_engine.rendering.shared_networks import offline_settings
    from distill_engine.synthesis.instrument import prepare_instrument

    need_training("distill compare MODEL")
    model = load_model(path, torch_device=args.torch_device)
    vocoders = [(name, _vocode(name, model)) for name in names]
    instrument = prepare_instrument(path, "auto", settings=offline_settings(), torch_device=args.torch_device)
    mel = performance_mel(instrument, Score(args.duration, args.seed, args.source))
    results: list[VocoderResult] = []
    with nullcontext() if args.json else console_err().status("") as status:
        for index, (name, vocode) in enumerate(vocoders):
            if status is None:
                write_event("progress", stage="comparing", done=index, total=len(vocoders), unit="vocoders", text=name)
            else:
                status.update(Text(f"{printable(name)}: {args.duration:.0f} s of sound"))
            results += compare(mel, model.mel, [(name, vocode)])
    output_folder(args.output)
    for result in results:
        write_audio(args.output / f"{result.name}.wav", result.samples, model.mel.sample_rate, bit_depth=24)
    draw(results, mel, model.mel, args.output / PICTURE)
    rate = model.mel.sample_rate
    sounds = [
        ComparedSound(
            one.name, one.samples[None], rate, loudness_lufs(one.samples[None], rate),
            {title: one.figures()[key] for key, title in COLUMNS.items()}, f"{quote(one.name)}.wav",
        )
        for one in results
    ]  # fmt: skip
    return sounds, [result.figures() for result in results]


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
    """Draw the mel spectrogram [bands, frames] given to all vocoders, and each result's below.

    Raises AnalysisError if the picture cannot be written.
    """
    from distill_engine.analysis.plots import figure_of, save_figure

    rows = [("the mel spectrogram given to all vocoders", mel), *((result.name, result.mel) for result in results)]
    figure = figure_of(12, 2.4 * len(rows))
    for axes, (title, values) in zip(
        figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0], rows, strict=True
    ):
        extent = (0, values.shape[1] / config.frame_rate, 0, config.bands)
        axes.imshow(values, origin="lower", aspect="auto", extent=extent, vmin=-11.5, vmax=2.0, cmap="magma")
        axes.set_title(title, parse_math=False, loc="left", fontsize=10)
        axes.set_ylabel("mel band")
    axes.set_xlabel("seconds")
    save_figure(figure, path, dpi=100)
