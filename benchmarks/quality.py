"""Measure how close copies are to held-out clips: through vocoders, and end to end through a model.

    python benchmarks/quality.py [--model MODEL] [--corpus DIR] [--earlier BASE] [--only vocos]

Rows: Griffin-Lim 60 of the true mel (the product has none), the base vocoders, the model's own
vocoders, those of an earlier base file; then clip -> latents -> mel -> vocoder. Columns: log-mel L1
(nat), multi-resolution STFT (auraloss), zimtohrli (its MOS scale, higher is better), log-spectral
distance in the transients (dB). Compare differences only: random phase alone scores 3.4 to 4.4 with zimtohrli.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.benchmark import Benchmark, Column, Run, Table
from harness.repository import CORPUS
from measures.columns import DISTANCES

if TYPE_CHECKING:
    from distill_engine.models.latent_model import LatentModel
    from measures.distances import Distances
    from measures.vocoders import Vocode

CLIP_SECONDS = 8
"""Longest stretch of a clip that is copied."""
BENCHMARK = Benchmark(
    "quality",
    "Quality: copies of held-out clips",
    [
        Table(
            "copies",
            "Held-out clips through their true mel (copy-synthesis) or through latents (end to end). Lower is better, "
            "but for zimtohrli.",
            (Column("corpus", "corpus"), Column("clips", "clips", "d"), Column("what", "what"), *DISTANCES),
            key=("corpus", "what"),
        )
    ],
)


def held_out(corpus_folder: Path, seed: int) -> list[np.ndarray]:
    """Return the held-out clips [T] of a corpus, whole hops, 8 s at most."""
    from distill_engine.dataset.corpus import load_corpus

    corpus = load_corpus(corpus_folder, seed=seed)
    clips = [corpus.clips[i].samples for i in corpus.validation]
    return [clip[: min(len(clip), CLIP_SECONDS * 44100) // 512 * 512] for clip in clips]


def means(clips: list[np.ndarray], run: Vocode, distances: Distances, model: LatentModel | None) -> dict[str, float]:
    """Return the mean distances over clips; with a model the mel goes through its latents first."""
    from measures.vocoders import copied

    rows = [distances(clip, copied(clip, run, model)) for clip in clips]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def mel_error(clips: list[np.ndarray], model: LatentModel) -> float:
    """Return the mean log-mel L1 (nat) of the latent model alone."""
    import torch

    from distill_engine.audio.mel import mel_spectrogram
    from distill_engine.training.reconstruction import mel_error as error_of

    return error_of(model, [torch.from_numpy(mel_spectrogram(clip))[None] for clip in clips])


def measure(run: Run, corpus: Path, seed: int, path: Path | None, vocoders: dict[str, Vocode]) -> None:
    """Copy the held-out clips through everything that turns a mel into sound."""
    from distill_engine.training.reconstruction import load_latent_model
    from measures.distances import Distances

    clips, distances = held_out(corpus, seed), Distances()
    model = load_latent_model(path) if path else None
    about: dict[str, Any] = {"corpus": corpus.name, "clips": len(clips)}
    for name, vocoder in vocoders.items():
        run.row("copies", **about, what=f"copy-synthesis, {name}", **means(clips, vocoder, distances, None))
        if model is not None:
            run.row("copies", **about, what=f"end to end, {name}", **means(clips, vocoder, distances, model))
    if model is not None:
        run.row("copies", **about, what="latent model alone (mel to mel)", log_mel=mel_error(clips, model))


def main() -> None:
    """Run the benchmark."""
    parser = BENCHMARK.parser(__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--corpus", type=Path, default=CORPUS / "sonicpi_cc0")
    parser.add_argument("--earlier", type=Path, metavar="BASE", help="a base.distillgan that was shipped before")
    parser.add_argument("--only", default="", metavar="NAME", help="only vocoders with this in their name")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of held-out clips")
    options = parser.parse_args()
    from measures.vocoders import all_vocoders

    warnings.simplefilter("ignore")
    with BENCHMARK.run(options) as run:
        vocoders = {
            name: one for name, one in all_vocoders(options.model, options.earlier).items() if options.only in name
        }
        measure(run, options.corpus, options.seed, options.model, vocoders)


if __name__ == "__main__":
    main()
