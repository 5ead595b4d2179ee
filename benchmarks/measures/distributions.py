"""How far the sound of one set of mel frames is from that of another: FD and MMD of windows.

A window is a second, a new one every eighth: sounds of equal lengths are met at all their phases. Its
statistics are mean and standard deviation over time of 16 groups of eight mel bands, 32 numbers, each
over its standard deviation in the corpus. FD is the Frechet distance of two normal distributions
(Heusel et al. 2017), MMD the root of the biased maximum mean discrepancy (Gretton et al. 2012) with a
Gaussian kernel of the corpus's median distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

GROUP_BANDS, WINDOW_FRAMES, STEP_FRAMES = 8, 86, 11


def windows_of(mel: np.ndarray) -> np.ndarray:
    """Return the statistics [n, 32] of the windows of a mel [128, T] in nats."""
    groups = mel.reshape(-1, GROUP_BANDS, mel.shape[1]).mean(axis=1)
    parts = np.lib.stride_tricks.sliding_window_view(groups, WINDOW_FRAMES, axis=1)[:, ::STEP_FRAMES]
    return np.concatenate([parts.mean(axis=2), parts.std(axis=2)]).T


@dataclass(frozen=True)
class Distances:
    """Distances of sets of windows, in units of a corpus.

    `centre` and `spread` [32] are those of its windows, `width` is the kernel's.
    """

    centre: np.ndarray
    spread: np.ndarray
    width: float

    @staticmethod
    def of(corpus: np.ndarray) -> Distances:
        """Return the distances for a corpus's windows [n, 32]."""
        centre, spread = corpus.mean(axis=0), np.maximum(corpus.std(axis=0), 1e-6)
        scaled = (corpus - centre) / spread
        apart = _squares(scaled, scaled)
        return Distances(centre, spread, float(np.median(apart[apart > 0])))

    def __call__(self, one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
        """Return FD and MMD of two sets of windows [n, 32] and [m, 32]."""
        a, b = ((windows - self.centre) / self.spread for windows in (one, other))
        first, second = np.cov(a.T), np.cov(b.T)
        roots = np.sqrt(np.maximum(np.linalg.eigvals(first @ second).real, 0.0)).sum()
        frechet = np.square(a.mean(axis=0) - b.mean(axis=0)).sum() + np.trace(first + second) - 2 * roots
        same, there, between = (np.exp(-_squares(*pair) / self.width).mean() for pair in ((a, a), (b, b), (a, b)))
        return float(frechet), float(np.sqrt(max(0.0, same + there - 2 * between)))


def _squares(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the squared distances [n, m] of points [n, D] and [m, D]."""
    return np.asarray(np.square(one[:, None] - other[None]).sum(axis=2))
