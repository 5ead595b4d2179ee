"""What made a sound: model, vocoder, seed, parameters and take, with their digests.

A recipe is a table of plain JSON. Its `key` stands in the sound file's tags and in the history, so
that a file tells what made it. Equal recipes make equal samples on machines of one kind.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

import numpy as np

from distill_engine.library.history.recipe_tags import KEY_CHARACTERS
from distill_engine.rendering.loaded_model import LoadedModel
from distill_engine.rendering.score import Score
from distill_engine.synthesis.instrument import Instrument
from distill_engine.synthesis.space.layout import Hearing
from distill_engine.takes.take import Take

Recipe = dict[str, Any]


def score_recipe(instrument: Instrument, score: Score) -> Recipe:
    """Return the recipe of a score."""
    return _finished(_played(instrument), "render", score.seed, settings_of(score))


def take_recipe(instrument: Instrument, take: Take, hearing: Hearing) -> Recipe:
    """Return the recipe of a take's render."""
    settings = {"seconds": take.seconds, "hearing": asdict(hearing)}
    return _finished(_played(instrument), "take", take.header.seed, settings, take.digest)


def resynth_recipe(model: LoadedModel, source: bytes, mel_only: bool) -> Recipe:
    """Return the recipe of a recording's resynthesis; `source` are its samples."""
    choice = model.choice()
    own = model.manifest.parts.get(f"vocoder/{choice.kind}") if choice.origin == "model" else None
    playing = {
        "model": {"name": model.manifest.name, "digest": model.manifest.digest},
        "vocoder": {"name": choice.name, "reason": choice.reason, "digest": own.sha256 if own else ""},
    }
    return _finished(playing, "resynth", None, {"input": _digest(source), "mel_only": mel_only})


def batch_recipe(playing: Recipe, seed: int | None, settings: Recipe) -> Recipe:
    """Return the recipe of a whole batch; `playing` are its model and its vocoder."""
    return _finished(playing, "batch", seed, settings)


def settings_of(score: Score) -> Recipe:
    """Return the settings of a score as plain JSON; sounds and other models by their digests."""
    begun = None if score.begun is None else _digest(score.begun.latents.tobytes())
    heard = None if score.heard is None else _digest(score.heard.tobytes())
    return {
        "seconds": score.seconds,
        "source": score.source,
        "gain": score.gain_db,
        "width": score.width,
        "controls": dict(score.controls),
        "latents": {str(index): value for index, value in score.latents.items()},
        "parameters": dict(score.parameters),
        "blend": [{"name": one.name, "digest": one.digest, "weight": weight} for one, weight in score.others],
        "input": heard,
        "continued": begun,
        "hearing": asdict(score.hearing),
    }


def _played(instrument: Instrument) -> Recipe:
    vocoder = instrument.vocoder
    return {
        "model": {"name": instrument.name, "digest": instrument.digest, "analysis": instrument.analysis_digest},
        "vocoder": {"name": vocoder.name, "reason": vocoder.reason, "digest": instrument.vocoder_digest},
    }


def _finished(playing: Recipe, kind: str, seed: int | None, settings: Recipe, take: str = "") -> Recipe:
    """Return a whole recipe with its key, which names of models and reasons do not change."""
    model = {**playing["model"], "name": ""}
    vocoder = {**playing["vocoder"], "reason": ""}
    made = {**playing, "kind": kind, "seed": seed, "settings": settings, "take": take}
    text = json.dumps({**made, "model": model, "vocoder": vocoder}, sort_keys=True, default=_plain)
    return {**made, "key": _digest(text.encode())[:KEY_CHARACTERS]}


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else str(value)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
