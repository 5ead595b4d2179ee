"""Measure the codes that are fitted to a corpus: errors, use of the codes, time.

    python benchmarks/codes.py [--corpora sonicpi_cc0,struck,DIR] [--levels 2,3,4] [--codes 64,128,256]

Every fourth clip is held out: neither skeleton nor codebooks are made from it. Errors are the mean
L1 in nats of heard mel frames, from the mel to that of the codes; no network and no vocoder take
part.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.benchmark import Benchmark, Column, Run, Table
from harness.repository import CORPUS

if TYPE_CHECKING:
    import numpy as np

    from distill_engine.analysis.stretches.skeleton import Skeleton
    from distill_engine.codes.fitting import CorpusCodes

HELD_OUT_EVERY = 4
"""Clips of which one is held out."""
BENCHMARK = Benchmark(
    "codes",
    "Codes fitted to a corpus",
    [
        Table(
            "errors",
            "Errors in nats through all levels, trained and held out. "
            "Used and perplexity are those of heard columns, by level.",
            (
                Column("corpus", "corpus"),
                Column("seconds", "sound, s", ".0f"),
                Column("levels", "levels", "d"),
                Column("codes", "codes", "d"),
                Column("trained", "trained", ".3f"),
                Column("held_out", "held out", ".3f"),
                Column("by_level", "trained, through 1, 2 ... levels"),
                Column("used", "used"),
                Column("perplexity", "perplexity"),
                Column("fit_s", "fit, s", ".1f"),
            ),
            key=("corpus", "levels", "codes"),
        ),
        Table(
            "reach",
            "An edit of level 0 in one column: mean change in nats of the decoded mel, by columns after it.",
            (
                Column("corpus", "corpus"),
                Column("before", "before it", ".4f"),
                Column("itself", "itself", ".2f"),
                Column("next_columns", "the next four"),
            ),
            key=("corpus",),
        ),
    ],
)


def corpus_folder(name: str) -> Path:
    """Return the folder of a corpus: one of benchmarks/corpus, one that is rendered, or a folder."""
    from measures.rendered_corpora import NAMES, render_corpus

    if (CORPUS / name).is_dir():
        return CORPUS / name
    return render_corpus(name, Path(tempfile.gettempdir()) / "corpora") if name in NAMES else Path(name)


def split(folder: Path) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the mels [bands, T] of the clips to fit, and of those held out."""
    from distill_engine.analysis.stretches.path import clip_mel
    from distill_engine.audio.mel_config import DEFAULT_MEL
    from distill_engine.dataset.corpus import load_corpus

    mels = [clip_mel(clip.samples, DEFAULT_MEL) for clip in load_corpus(folder).clips]
    held_out = mels[HELD_OUT_EVERY - 1 :: HELD_OUT_EVERY]
    return [mel for index, mel in enumerate(mels) if (index + 1) % HELD_OUT_EVERY], held_out


def error(skeleton: Skeleton, corpus: CorpusCodes, mels: list[np.ndarray]) -> float:
    """Return the mean L1 in nats of the heard frames of mels [bands, T], through all levels."""
    import numpy as np

    from distill_engine.analysis.stretches.skeleton import FLOOR, heard_frames

    total, count = 0.0, 0
    for mel in mels:
        heard, latents = heard_frames(mel), skeleton.encode(mel)
        decoded = skeleton.decode(corpus.books.decode(corpus.books.encode(latents))[:, : mel.shape[1]])
        total += float(np.abs(np.maximum(decoded, FLOOR) - mel)[:, heard].sum())
        count += mel[:, heard].size
    return total / max(1, count)


def measure(run: Run, folder: Path, levels: list[int], sizes: list[int]) -> None:
    """Add the rows of one corpus."""

    from distill_engine.analysis.stretches.path import make_path, without_pitch
    from distill_engine.analysis.stretches.skeleton import fit_skeleton, frame_statistics
    from distill_engine.audio.mel_config import DEFAULT_MEL
    from distill_engine.codes.fitting import figures, fit_codes
    from distill_engine.models.model_config import skeleton_config
    from distill_engine.training.latent.skeleton_start import base_statistics

    fitted, held_out = split(folder)
    skeleton = fit_skeleton(frame_statistics(fitted, heard=True), base_statistics(), skeleton_config().latent_dim)
    path = make_path(skeleton, without_pitch(fitted))
    for count in levels:
        for size in sizes:
            began = time.monotonic()
            corpus = fit_codes(skeleton, path, levels=count, size=size)
            taken = time.monotonic() - began
            found = figures(skeleton, path, corpus)
            run.row(
                "errors",
                corpus=folder.name,
                seconds=path.frames / DEFAULT_MEL.frame_rate,
                levels=count,
                codes=size,
                trained=error(skeleton, corpus, fitted),
                held_out=error(skeleton, corpus, held_out),
                by_level=", ".join(f"{value:.2f}" for value in found["error"]),
                used=", ".join(f"{value:.0%}" for value in found["used"]),
                perplexity=", ".join(f"{value:.0f}" for value in found["perplexity"]),
                fit_s=taken,
            )


def reach(run: Run, model: Path) -> None:
    """Add the row of an edit's reach in a model, with its correction if it has one."""
    import numpy as np

    from distill_engine.codes.edits import set_codes
    from distill_engine.codes.sequence import decode_sequence
    from distill_engine.rendering.coding.coder import coder_of
    from distill_engine.rendering.loaded_model import load_model
    from distill_engine.synthesis.instrument import prepare_instrument

    codes = prepare_instrument(model).codes
    if codes is None:
        raise SystemExit(f"{model} has no codes")
    loaded = load_model(model)
    books, sequence = coder_of(loaded).stored.books, codes.first
    changes = []
    for column in range(4, sequence.columns - 6, 3):
        code = (int(sequence.codes[0, column]) + books.size // 2) % books.size
        edited = set_codes(sequence, books, 0, (column, column + 1), code)
        mels = [loaded.decode(decode_sequence(books, one).astype(np.float32)) for one in (sequence, edited)]
        apart = np.abs(mels[0] - mels[1]).mean(axis=0).reshape(-1, 4).mean(axis=1)
        changes.append((float(apart[:column].max()), *apart[column : column + 5].tolist()))
    means = np.mean(changes, axis=0)
    run.row(
        "reach",
        corpus=model.stem,
        before=means[0],
        itself=means[1],
        next_columns=", ".join(f"{value:.3f}" for value in means[2:]),
    )


def main() -> None:
    """Measure the corpora, and the reach of an edit in the models given."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--corpora", default="sonicpi_cc0,struck", help="names, or folders")
    parser.add_argument("--levels", default="3")
    parser.add_argument("--codes", default="128")
    parser.add_argument("--models", default="", help="models with codes, for the reach of an edit")
    options: Any = parser.parse_args()
    with BENCHMARK.run(options) as run:
        for name in filter(None, options.corpora.split(",")):
            folder = corpus_folder(name)
            numbers = ([int(n) for n in text.split(",")] for text in (options.levels, options.codes))
            measure(run, folder, *numbers)
        for model in filter(None, options.models.split(",")):
            reach(run, Path(model))


if __name__ == "__main__":
    main()
