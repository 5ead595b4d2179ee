"""A model file analysed: its corpus is encoded, its controls and its map are found and stored in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.analyse import Analysis, AnalysisConfig, analyse
from distill_engine.analysis.probes import Progress
from distill_engine.dataset.corpus import Corpus
from distill_engine.modelfile import update_model
from distill_engine.models.config import ModelConfig
from distill_engine.models.upsample import upsample_latents
from distill_engine.rendering.loading import load_model

FloatArray = npt.NDArray[np.float32]
TARGET_DB = -13.0
_TRIM_RANGE_DB = (-12.0, 24.0)
_GATE_DB = 30.0
_TRIM_LATENTS = 600  # 28 s of the corpus, from end to end


def trim_db(synthesise: Callable[[FloatArray], FloatArray], latents: FloatArray) -> float:
    """Gain in dB that brings a model's corpus, as it plays it, to -13 dB RMS: every model starts at a level for the stage.

    Silence does not count: stretches of 0.1 s more than 30 dB under the loudest are left out. `latents` [D, N].
    """
    step = max(1, latents.shape[1] // _TRIM_LATENTS)
    starts = np.arange(0, latents.shape[1] - 24, 24 * step)
    chosen = np.concatenate([latents[:, i : i + 24] for i in starts], axis=1) if len(starts) else latents
    samples = synthesise(upsample_latents(np.ascontiguousarray(chosen, np.float32)))
    blocks = samples[: len(samples) // 4410 * 4410].reshape(-1, 4410) if len(samples) >= 4410 else samples[None]
    power = np.square(blocks, dtype=np.float64).mean(axis=1)
    if power.max() < 1e-9:
        return 0.0
    loud = power[power > power.max() * 10 ** (-_GATE_DB / 10)]
    return float(np.clip(TARGET_DB - 10 * np.log10(loud.mean()), *_TRIM_RANGE_DB))


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
    table["trim_db"] = trim_db(synthesise, arrays["corpus_latents"])
    update_model(path, manifest=lambda old: replace(old, analysis=table), parts={"analysis": arrays})
    return found
