"""The page of a comparison: the sounds inside it, equally loud, without a gap between them, blind.

It loads nothing, so it opens from any folder and can be passed on as one file.
"""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np
import soundfile

from distill_engine.audio.arrays import Float32Array
from distill_engine.library.pictures import Spectrogram
from distill_engine.system.names import printable
from distill_engine.system.signals import ending_held

LONGEST_SECONDS = 300.0  # of a sound in the page: it is held as text, 5 MB a minute
_PLACES = ("TITLE", "NOTE", "TABLE", "SOUNDS", "BLIND")


@dataclass(frozen=True)
class ComparedSound:
    """A sound of the page: samples [ch, T] at a rate in Hz, its loudness, and figures by title.

    `link` is a file beside the page, "" if there is none.
    """

    name: str
    samples: Float32Array
    sample_rate: int
    lufs: float
    figures: dict[str, Any] = field(default_factory=dict)
    link: str = ""


def page(title: str, sounds: Sequence[ComparedSound], note: str, *, blind: bool = False, picture: str = "") -> str:
    """Return the HTML page; `picture` is the name of an image beside it."""
    quietest = min((sound.lufs for sound in sounds), default=0.0)
    held = [
        {"name": printable(one.name), "gain_db": round(quietest - one.lufs, 2), "data": _flac(one)} for one in sounds
    ]
    table = _table(sounds) + (f"<p><img src='{html.escape(picture)}' alt='Mel spectrograms'></p>" if picture else "")
    texts = (
        html.escape(printable(title)), html.escape(note), table,
        json.dumps(held, ensure_ascii=False).replace("<", "\\u003c"), json.dumps(blind),
    )  # fmt: skip
    text = files("distill_control.cli.compare").joinpath("page.html").read_text("utf-8")
    parts, places = [], dict(zip(_PLACES, texts, strict=True))
    while place := min((name for name in _PLACES if name in text), key=text.index, default=""):
        before, _, text = text.partition(place)  # what is put in is not searched again
        parts += [before, places[place]]
    return "".join([*parts, text])


def _flac(sound: ComparedSound) -> str:
    """Return up to LONGEST_SECONDS of a sound as FLAC in base64."""
    samples = np.clip(sound.samples[:, : round(LONGEST_SECONDS * sound.sample_rate)], -1.0, 1.0)
    file = io.BytesIO()
    with ending_held():  # libsndfile calls `file` back
        soundfile.write(file, samples.T, sound.sample_rate, format="FLAC", subtype="PCM_16")
    return base64.b64encode(file.getvalue()).decode()


def _table(sounds: Sequence[ComparedSound]) -> str:
    titles = list(dict.fromkeys(title for sound in sounds for title in sound.figures))
    head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
    return f"<table><tr><th></th><th></th>{head}</tr>{''.join(_row(sound, titles) for sound in sounds)}</table>"


def _row(sound: ComparedSound, titles: Sequence[str]) -> str:
    drawn = Spectrogram(sound.samples.shape[1], sound.sample_rate)
    drawn.process(sound.samples)
    image = f"<img width='320' alt='spectrogram' src='data:image/png;base64,{base64.b64encode(drawn.png()).decode()}'>"
    name = html.escape(printable(sound.name))
    name = f"<a href='{html.escape(sound.link)}'>{name}</a>" if sound.link else name
    cells = "".join(f"<td>{html.escape(_shown(sound.figures.get(title)))}</td>" for title in titles)
    return f"<tr><th>{name}</th><td>{image}</td>{cells}</tr>"


def _shown(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
