"""A model of family `rvq` while it is trained: its codebooks learn, and its decoder if it has one.

Residual vector quantisation (arXiv 2107.03312, section III-C) of columns of latents. The books are
moving averages of what they encode (arXiv 1711.00937, appendix A.1). They begin as k-means found
them, and encoder and projection stay the principal components: a network before the books, or
projections that are trained, gained nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from distill_engine.analysis.stretches.skeleton import Skeleton
from distill_engine.codes.code_order import order_of, sound_of
from distill_engine.codes.codebooks import Codebooks
from distill_engine.codes.columns import COLUMN_HOPS, Projection, halved
from distill_engine.codes.residual_kmeans import spread_out
from distill_engine.models.bottleneck import BottleneckResult
from distill_engine.models.model_config import ModelConfig
from distill_engine.models.skeleton_model import SkeletonModel
from distill_engine.training.latent.settings import LatentSettings
from distill_engine.training.reconstruction import mel_error

UNCODED_SHARE = 0.25  # of the batches, whose latents the decoder hears as path and input play them
DECAY = 0.99  # per step, of the moving averages
TRAINED_BEAM, BEAM = 4, 8  # sums of entries that the search keeps, in training and afterwards
DEAD_STEPS = 200  # without use, after which an entry begins anew
MOST_SPREAD = 16_384  # columns (12 minutes) that the finished books are spread out over
RESEEDING_SHARE = 0.8  # of the training, in which that happens
_LEAST_COUNT = 1e-6  # columns, that divides a sum


class CodedModel(SkeletonModel):
    """A skeleton with codebooks that learn from what passes through them.

    `books` [levels, size, K] are `sums` [levels, size, K] over `counts` [levels, size]; `unused`
    [levels, size] counts the steps since an entry was last used. While `reseeding`, dead entries
    begin anew.
    """

    column_mean: Tensor
    column_basis: Tensor
    books: Tensor
    counts: Tensor
    sums: Tensor
    unused: Tensor

    def __init__(self, config: ModelConfig, settings: LatentSettings) -> None:
        super().__init__(config)
        shape, length = (settings.levels, settings.codes), COLUMN_HOPS * config.latent_dim
        dimension = min(settings.code_dim, length)
        self.reseeding = True
        self.register_buffer("column_mean", torch.zeros(length))
        self.register_buffer("column_basis", torch.eye(length)[:, :dimension].clone())
        self.register_buffer("books", torch.zeros(*shape, dimension))
        self.register_buffer("counts", torch.ones(shape))
        self.register_buffer("sums", torch.zeros(*shape, dimension))
        self.register_buffer("unused", torch.zeros(shape, dtype=torch.int64))

    def set_books(self, fitted: Codebooks) -> None:
        """Begin with codebooks of this model's shape."""
        self.column_mean.copy_(torch.from_numpy(fitted.projection.mean))
        self.column_basis.copy_(torch.from_numpy(fitted.projection.basis))
        for buffer in (self.books, self.sums):
            buffer.copy_(torch.from_numpy(fitted.books))

    def codebooks(self, skeleton: Skeleton) -> Codebooks:
        """Return the codebooks as they are now, in the order of what they sound like."""
        mean, basis, books = (t.detach().cpu().numpy() for t in (self.column_mean, self.column_basis, self.books))
        projection = Projection(mean, basis).halved()
        ordered = [book[order_of(sound_of(skeleton, projection.up(book)))] for book in books]
        return Codebooks(projection, halved(np.stack(ordered)), skeleton.spread, BEAM)

    def spread_books(self, mels: Sequence[Tensor]) -> None:
        """Let mels [1, bands, T] use every entry: unused ones go to the worst coded columns."""
        with torch.no_grad():
            wanted = torch.cat([self._components(self.encode(mel)) for mel in mels]).cpu().numpy()
        wanted = wanted[:: -(-len(wanted) // MOST_SPREAD)]
        self.books.copy_(torch.from_numpy(spread_out(self.books.cpu().numpy(), wanted, BEAM)))

    def bare(self) -> SkeletonModel:
        """Return the model as it plays: the codebooks are a part of the file of their own."""
        model, held = SkeletonModel(self.config), self.state_dict()
        model.load_state_dict({name: held[name] for name in model.state_dict()})
        return model.eval()

    def forward(self, mel: Tensor, generator: torch.Generator | None = None) -> BottleneckResult:
        """Return the latents [B, D, T] that the decoder learns from, of mel [B, bands, T].

        They are those of the codes, and the codebooks learn in training. With a correction they are
        so in three quarters of the calls. `commitment` is the mean square of what the codes leave
        out of a component, in nats.
        """
        if self.correction is not None and torch.rand((), generator=generator) < UNCODED_SHARE:
            return super().forward(mel, generator)
        with torch.no_grad():
            wanted = self._components(self.encode(mel))
            codes = self._codes(wanted, TRAINED_BEAM)
            latents = self._latents(codes, len(mel))[..., : mel.shape[-1]]
            figures = {"commitment": float((wanted - self._sum(codes)).square().mean()), **self.use()}
            if self.training:
                self._learn(wanted, codes)
        return BottleneckResult(latents, mel.new_zeros(()), self.config.latent_dim, figures)

    def coded(self, mel: Tensor) -> Tensor:
        """Return the latents [B, D, T] of the codes of mel [B, bands, T]."""
        return self._latents(self._codes(self._components(self.encode(mel)), BEAM), len(mel))[..., : mel.shape[-1]]

    def coded_error(self, mels: Sequence[Tensor]) -> float:
        """Return the mean L1 in nats between log-mels [1, bands, T] and those of their codes."""
        return mel_error(self, mels, self.coded)

    def use(self) -> dict[str, float]:
        """Return `dead`, the number of unused entries, and `perplexity` of each level."""
        shares = self.counts / self.counts.sum(dim=1, keepdim=True)
        entropy = torch.special.entr(shares).sum(dim=1)
        figures = {f"perplexity {level}": float(nats.exp()) for level, nats in enumerate(entropy)}
        return {"dead": float((self.unused >= DEAD_STEPS).sum()), **figures}

    def _components(self, latents: Tensor) -> Tensor:
        """Return the components [B * C, K] of the columns of latents [B, D, T]; the end is held."""
        spare = -latents.shape[-1] % COLUMN_HOPS
        nats = F.pad(latents * self.spread, (0, spare), mode="replicate") if spare else latents * self.spread
        columns = nats.transpose(1, 2).reshape(-1, len(self.column_mean))
        components: Tensor = (columns - self.column_mean) @ self.column_basis
        return components

    def _latents(self, codes: Tensor, batch: int) -> Tensor:
        """Return the latents [B, D, 4 * C] of codes [levels, B * C]."""
        columns = self._sum(codes) @ self.column_basis.T + self.column_mean
        nats = columns.reshape(batch, -1, self.config.latent_dim).transpose(1, 2)
        return nats / self.spread

    def _sum(self, codes: Tensor) -> Tensor:
        """Return the components [N, K] of codes [levels, N]."""
        return torch.stack([book[code] for book, code in zip(self.books, codes, strict=True)]).sum(dim=0)

    def _codes(self, wanted: Tensor, beam: int) -> Tensor:
        """Return codes [levels, N] for components [N, K]; see `codes.residual_kmeans.encoded`."""
        left, found = wanted[:, None], torch.zeros(len(wanted), 1, 0, dtype=torch.int64, device=wanted.device)
        for book in self.books:
            apart = left.square().sum(dim=2, keepdim=True) - 2 * left @ book.T + book.square().sum(dim=1)
            best = apart.flatten(1).topk(beam, largest=False).indices
            parent, entry = best // len(book), best % len(book)
            left = left.take_along_dim(parent[..., None], dim=1) - book[entry]
            found = torch.cat([found.take_along_dim(parent[..., None], dim=1), entry[..., None]], dim=2)
        return found[:, 0].T

    def _learn(self, wanted: Tensor, codes: Tensor) -> None:
        """Move each entry towards the mean of what it has to give, given the other levels."""
        missing = wanted - self._sum(codes)
        for level, code in enumerate(codes):
            target = missing + self.books[level][code]
            used = F.one_hot(code, len(self.books[level])).to(wanted.dtype)
            self.counts[level].lerp_(used.sum(dim=0), 1 - DECAY)
            self.sums[level].lerp_(used.T @ target, 1 - DECAY)
            self.unused[level] = torch.where(used.sum(dim=0) > 0, 0, self.unused[level] + 1)
            if self.reseeding and self.unused[level].max() >= DEAD_STEPS:
                self._reseed(level, target[missing.square().sum(dim=1).argmax()])
        self.books.copy_(self.sums / self.counts[..., None].clamp_min(_LEAST_COUNT))

    def _reseed(self, level: int, target: Tensor) -> None:
        """Let the entry that was unused for longest begin anew: one a step."""
        entry = int(self.unused[level].argmax())
        self.counts[level, entry], self.unused[level, entry] = 1.0, 0
        self.sums[level, entry] = target
