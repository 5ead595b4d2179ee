"""How a render is heard, and the recordings that it hears."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from distill_control.cli.sounds.finish_options import stems_layout
from distill_control.cli.support.options import layout_of

if TYPE_CHECKING:
    from distill_engine.audio.arrays import Float32Array
    from distill_engine.rendering.score import Beginning
    from distill_engine.synthesis.instrument import Instrument
    from distill_engine.synthesis.space.layout import Hearing


def hearing_of(args: argparse.Namespace) -> Hearing:
    """Return how the options want it to be heard."""
    from distill_engine.synthesis.space.layout import Hearing

    return Hearing(args.space, stems_layout(args) if args.parts == "stems" else layout_of(args))


def begun_of(args: argparse.Namespace, path: Path, instrument: Instrument) -> Beginning:
    """Read the sound that the prior goes on from. Raises AudioFileError, CodesError."""
    from distill_engine.errors import CodesError
    from distill_engine.rendering.coding.coder import coder_of
    from distill_engine.rendering.loaded_model import load_model

    if instrument.prior is None:
        raise CodesError(f"{path.name} has no codes of its corpus to go on with: `distill analyse MODEL CORPUS`")
    return coder_of(load_model(path, vocoder=args.vocoder or "auto")).beginning(args.begun)


def heard_in(path: Path, sample_rate: int) -> Float32Array:
    """Read a recording as the live input hears it: samples [T], mono. Raises AudioFileError."""
    from distill_engine.audio.files import read_audio

    samples: Float32Array = read_audio(path, sample_rate=sample_rate, mono=True).samples[0]
    return samples
