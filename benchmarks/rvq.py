"""Compare family `rvq` with `vae`, whose codes are fitted afterwards.

    python benchmarks/rvq.py [--corpora struck,sonicpi_cc0,DIR] [--minutes 3]
    python benchmarks/rvq.py --levels 2,3,4 --codes 64,128,256  # family `rvq` alone, in each size

Every fourth clip is held out, in both families the same ones. Errors are the mean L1 in nats of
heard mel frames, from the mel to that of the model's decoder; no vocoder takes part.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codes import HELD_OUT_EVERY, corpus_folder
from harness.benchmark import Benchmark, Column, Run, Table

if TYPE_CHECKING:
    import numpy as np

    from distill_engine.analysis.stretches.skeleton import Skeleton
    from distill_engine.codes.codebooks import Codebooks
    from distill_engine.dataset.corpus import Corpus
    from distill_engine.models.latent_model import LatentModel
    from distill_engine.models.skeleton_model import SkeletonModel

BENCHMARK = Benchmark(
    "rvq",
    "Codes that are trained with the model",
    [
        Table(
            "families",
            "Errors in nats of trained and held-out clips through three levels of codes: those of `vae` fitted "
            "afterwards, those of `rvq` trained for at most so many minutes. Used and perplexity are those of the trained "
            "clips, perplexity of heard columns.",
            (
                Column("corpus", "corpus"),
                Column("family", "family"),
                Column("minutes", "minutes", ".0f"),
                Column("steps", "steps", "d"),
                Column("codes", "codes", "d"),
                Column("trained", "trained", ".3f"),
                Column("held_out", "held out", ".3f"),
                Column("trained_by_level", "trained, through 1, 2 ... levels"),
                Column("by_level", "held out, through 1, 2 ... levels"),
                Column("used", "used"),
                Column("perplexity", "perplexity"),
            ),
            key=("corpus", "family", "minutes"),
        ),
        Table(
            "sizes",
            "Family `rvq` with other numbers of levels and codes, each trained for the same time. Errors in nats of trained "
            "and held-out clips; used and perplexity are those of the trained clips, by level.",
            (
                Column("corpus", "corpus"),
                Column("levels", "levels", "d"),
                Column("codes", "codes", "d"),
                Column("minutes", "minutes", "g"),
                Column("steps", "steps", "d"),
                Column("trained", "trained", ".3f"),
                Column("held_out", "held out", ".3f"),
                Column("by_level", "held out, through 1, 2 ... levels"),
                Column("used", "used"),
                Column("perplexity", "perplexity"),
            ),
            key=("corpus", "levels", "codes", "minutes"),
        ),
    ],
)


def corpus_of(folder: Path) -> Corpus:
    """Return a corpus of which every fourth clip is held out."""
    from distill_engine.dataset.corpus import load_corpus

    corpus = load_corpus(folder)
    numbers = range(len(corpus.clips))
    held_out = tuple(index for index in numbers if (index + 1) % HELD_OUT_EVERY == 0)
    return replace(corpus, training=tuple(set(numbers) - set(held_out)), validation=held_out)


def train(corpus: Corpus, family: str, minutes: float, path: Path, **shape: int) -> int:
    """Train a model for so long; return its steps. `shape` is that of its codebooks."""
    from distill_engine.models.model_config import skeleton_config
    from distill_engine.training.latent.model_options import ModelOptions
    from distill_engine.training.latent.settings import CodeShape
    from distill_engine.training.latent.train_model import train_model

    options = ModelOptions(
        config=skeleton_config(family=family),
        codes=CodeShape(**shape),
        deadline=time.monotonic() + 60 * minutes,
        fresh=True,
        device="cpu",
    )
    return train_model(corpus, path, options, listen=lambda event: None).steps


def books_of(corpus: Corpus, path: Path) -> tuple[Skeleton, Codebooks]:
    """Return a model's skeleton and its codebooks, fitted to the trained clips if it has none."""
    from distill_engine.inference.stored_codes import read_codes, skeleton_of_file
    from distill_engine.modelfile import ModelFile
    from distill_engine.training.latent.settings import CodeShape, latent_preset
    from distill_engine.training.latent.skeleton_start import first_books

    with ModelFile.open(path) as file:
        skeleton = skeleton_of_file(file)
        if "codes" in file.parts:
            return skeleton, read_codes(file).books
    from distill_engine.models.model_config import skeleton_config

    settings, _, _ = latent_preset("auto", corpus.seconds, 0, skeleton_config(family="rvq"), CodeShape())
    return skeleton, first_books(corpus, skeleton, settings)


def errors(
    model: LatentModel | SkeletonModel, skeleton: Skeleton, books: Codebooks, mels: list[np.ndarray]
) -> list[float]:
    """Return the errors in nats of mels [bands, T]: without codes, and through 1, 2 ... levels."""
    import numpy as np
    import torch

    from distill_engine.analysis.stretches.skeleton import heard_frames

    totals, count = np.zeros(books.levels + 1), 0
    for mel in mels:
        latents, heard = skeleton.encode(mel), heard_frames(mel)
        codes = books.encode(latents)
        shares = [[1.0] * level + [0.0] * (books.levels - level) for level in range(1, books.levels + 1)]
        ways = [latents, *(books.decode(codes, share)[:, : mel.shape[1]] for share in shares)]
        with torch.no_grad():
            decoded = model.decode(torch.from_numpy(np.stack(ways)).float()).numpy()
        totals += np.abs(decoded - mel)[:, :, heard].sum(axis=(1, 2))
        count += mel[:, heard].size
    return (totals / max(1, count)).tolist()


def use(skeleton: Skeleton, books: Codebooks, mels: list[np.ndarray]) -> tuple[list[float], list[float]]:
    """Return the share of codes used by mels [bands, T], and their perplexity, of each level.

    The perplexity is that of heard columns.
    """
    import numpy as np

    from distill_engine.analysis.stretches.skeleton import heard_frames

    codes = [books.encode(skeleton.encode(mel)) for mel in mels]
    heard = np.concatenate([np.add.reduceat(heard_frames(mel), np.arange(0, mel.shape[1], 4)) > 0 for mel in mels])
    every = np.concatenate(codes, axis=1)
    counts = np.stack([np.bincount(level[heard], minlength=books.size) for level in every])
    shares = np.maximum(counts / heard.sum(), 1e-12)
    used = [len(np.unique(level)) / books.size for level in every]
    return used, np.exp(-(shares * np.log(shares)).sum(axis=1)).tolist()


def trained_figures(corpus: Corpus, family: str, minutes: float, path: Path, **shape: int) -> dict[str, Any]:
    """Train a model at `path` and return what its rows have in common."""
    from distill_engine.training.reconstruction import load_latent_model

    trained, held_out = ([corpus.clips[i].mel for i in part] for part in (corpus.training, corpus.validation))
    steps = train(corpus, family, minutes, path, **shape)
    skeleton, books = books_of(corpus, path)
    model = load_latent_model(path)
    if model is None:
        raise SystemExit(f"{path} holds no model")
    inside, outside = errors(model, skeleton, books, trained), errors(model, skeleton, books, held_out)
    used, perplexity = use(skeleton, books, trained)
    return {
        "minutes": minutes,
        "steps": steps,
        "codes": books.size,
        "levels": books.levels,
        "trained": inside[-1],
        "held_out": outside[-1],
        "trained_by_level": ", ".join(f"{value:.3f}" for value in inside[1:]),
        "by_level": ", ".join(f"{value:.3f}" for value in outside[1:]),
        "used": ", ".join(f"{value:.0%}" for value in used),
        "perplexity": ", ".join(f"{value:.0f}" for value in perplexity),
    }


def measure(run: Run, table: str, name: str, family: str, minutes: float, **shape: int) -> None:
    """Train a model on a corpus and add its row."""
    folder = corpus_folder(name)
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / f"{folder.name}-{family}.distillgan"
        figures = trained_figures(corpus_of(folder), family, minutes, path, **shape)
    columns = next(one.columns for one in BENCHMARK.tables if one.name == table)
    wanted = {column.field for column in columns}
    values = {"corpus": folder.name, "family": family, **figures}
    run.row(table, **{key: value for key, value in values.items() if key in wanted})


def main() -> None:
    """Measure the corpora."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--corpora", default="struck,sonicpi_cc0", help="names, or folders")
    parser.add_argument("--minutes", type=float, default=3.0, help="of each training")
    parser.add_argument("--levels", default="", help="numbers of levels, for the table of sizes")
    parser.add_argument("--codes", default="64,128,256", help="codes of a level in it")
    options: Any = parser.parse_args()
    sizes = [
        {"levels": int(levels), "size": int(codes)}
        for levels in filter(None, options.levels.split(","))
        for codes in options.codes.split(",")
    ]
    with BENCHMARK.run(options) as run:
        for name in filter(None, options.corpora.split(",")):
            for shape in sizes:
                measure(run, "sizes", name, "rvq", options.minutes, **shape)
            for family in () if sizes else ("vae", "rvq"):
                measure(run, "families", name, family, options.minutes)


if __name__ == "__main__":
    main()
