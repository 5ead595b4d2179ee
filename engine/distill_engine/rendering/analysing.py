"""A model file analysed: its corpus is encoded, its controls and its map are found and stored in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.analyse import Analysis, AnalysisConfig, analyse
from distill_engine.analysis.probes import Progress
from distill_engine.dataset.corpus import Corpus
from distill_engine.modelfile import update_model
from distill_engine.models.config import ModelConfig
from distill_engine.rendering.loading import load_model


def analyse_file(
    path: Path,
    corpus: Corpus,
    *,
    seed: int = 0,
    vocoder: str = "auto",
    progress: Progress | None = None,
    config: AnalysisConfig | None = None,
) -> Analysis:
    """Analyses a model on the sounds it was trained on and writes controls, corpus latents and map into its file.

    The same model, corpus, seed and vocoder give the same controls in the same order.

    Raises:
        ModelFileError, VocoderError: the model cannot be played.
        AnalysisError: it encodes or synthesises nonsense.
    """
    model = load_model(path, vocoder=vocoder)

    def synthesise(latents: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return model.vocode(model.decode_at_mel_rate(latents))

    found = analyse(
        model.encode,
        synthesise,
        [clip.samples for clip in corpus.clips],
        seed=seed,
        names=[clip.name for clip in corpus.clips],
        reduction=ModelConfig.from_dict(dict(model.manifest.model)).reduction,
        progress=progress,
        config=config,
    )
    arrays, table = found.to_part()
    table["vocoder"] = model.choice().name
    update_model(path, manifest=lambda old: replace(old, analysis=table), parts={"analysis": arrays})
    return found
