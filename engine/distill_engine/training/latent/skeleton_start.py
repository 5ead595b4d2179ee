"""A model that plays before any network is trained: the skeleton, its graphs and its analysis."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.level import block_peaks, block_powers, gated_db, trim_for
from distill_engine.analysis.stretches.first_analysis import first_analysis
from distill_engine.analysis.stretches.path import make_path, without_pitch
from distill_engine.analysis.stretches.skeleton import FrameStatistics, Skeleton, fit_skeleton, frame_statistics
from distill_engine.analysis.stretches.without_path import without_path
from distill_engine.audio.mel_config import DEFAULT_MEL
from distill_engine.codes.codebooks import Codebooks
from distill_engine.codes.fitting import fit_codes
from distill_engine.inference.stored_codes import PART as CODES
from distill_engine.inference.stored_codes import read_codes, table_of
from distill_engine.library.assets import base_statistics_path
from distill_engine.modelfile import Manifest, ModelFile, Part, save_model, update_model
from distill_engine.models.model_config import ModelConfig
from distill_engine.system.names import normalised
from distill_engine.training.graphs.skeleton_graphs import skeleton_graphs
from distill_engine.training.latent.settings import LatentSettings

if TYPE_CHECKING:
    from distill_engine.dataset.corpus import Corpus


def base_statistics() -> FrameStatistics:
    """Return the statistics of the base corpus's frames. Raises LibraryError without the file."""
    with np.load(base_statistics_path(), allow_pickle=False) as stored:
        arrays = [np.asarray(stored[name], np.float64) for name in ("mean", "covariance", "loudest")]
        return FrameStatistics(int(stored["count"]), *arrays)


def skeleton_of(corpus: Corpus, config: ModelConfig, like: Skeleton | None = None) -> Skeleton:
    """Return the skeleton of a corpus's training clips, turned towards `like` if that is given."""
    mels = (corpus.clips[index].mel for index in corpus.training)
    return fit_skeleton(frame_statistics(mels, heard=True), base_statistics(), config.latent_dim, like)


def first_books(corpus: Corpus, skeleton: Skeleton, settings: LatentSettings) -> Codebooks:
    """Return codebooks that are fitted to a corpus's training clips, to be trained."""
    path = make_path(skeleton, without_pitch(corpus.clips[index].mel for index in corpus.training))
    return fit_codes(
        skeleton, path, levels=settings.levels, size=settings.codes, components=settings.code_dim, seed=settings.seed
    ).books


def _analysis_of(
    corpus: Corpus, skeleton: Skeleton, *, keep_path: bool
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    """Return arrays [...] and table of a skeleton's first analysis, at the level of the corpus."""
    arrays, table = first_analysis(
        skeleton, [clip.stored for clip in corpus.sounds], [clip.name for clip in corpus.sounds]
    )
    if not keep_path:
        arrays, table = without_path(arrays, table, skeleton)
    powers = np.concatenate([block_powers(clip.samples[None]) for clip in corpus.sounds])
    peaks = np.concatenate([block_peaks(clip.samples[None]) for clip in corpus.sounds])
    return arrays, {**table, "trim_db": trim_for(gated_db(powers), peaks)}


def write_path(corpus: Corpus, skeleton: Skeleton, output: Path, *, keep_path: bool) -> None:
    """Write the path of a changed list of sounds into a model file, whose networks stay.

    The codes of the sounds of before are taken out; codebooks that were trained stay.
    """
    arrays, table = _analysis_of(corpus, skeleton, keep_path=keep_path)
    summary = corpus.summary()
    with ModelFile.open(output) as file:
        trained = file.manifest.codes.get("trained") is True and CODES in file.parts
        books = read_codes(file).books if trained else None
    codes = {} if books is None else table_of(skeleton, books, trained=True)
    part = None if books is None else Part(books.to_arrays())
    update_model(
        output,
        manifest=lambda old: replace(old, corpus=summary, analysis=table, codes=codes),
        parts={"analysis": Part(arrays), CODES: part},
    )


def write_first_version(
    corpus: Corpus, skeleton: Skeleton, config: ModelConfig, output: Path, *, replaces: bool, keep_path: bool = True
) -> None:
    """Write a model of the skeleton alone into `output`, with path, controls and map.

    With `replaces` a file there is replaced, otherwise its model is. Parts of a vocoder stay.
    Without `keep_path` the file holds no path and no map.
    """
    arrays, table = _analysis_of(corpus, skeleton, keep_path=keep_path)
    parts = {"model": Part(dict(skeleton.to_arrays())), "analysis": Part(arrays)}
    graphs = skeleton_graphs(replace(config, corrected=False))

    def manifest(old: Manifest) -> Manifest:
        return replace(
            old,
            family=config.family,
            mel=DEFAULT_MEL.to_dict(),
            model=replace(config, corrected=False).to_dict(),
            corpus=corpus.summary(),
            analysis=table,
            codes={},
        )

    if output.exists() and not replaces:
        update_model(output, manifest=manifest, parts={**parts, CODES: None}, graphs=graphs)
    else:
        save_model(output, manifest(Manifest(name=normalised(output.stem))), parts, graphs)
