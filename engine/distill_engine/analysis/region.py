"""The learned region of latent space: where the corpus lies, and how controls are kept inside it.

Distance is Mahalanobis' from the centre of the corpus' audible sound. Inside the `knee` nothing
changes; beyond it distances are compressed so that none reaches `limit`. A base point that is
already outside stays where it is: only what the controls add is limited.

A skeleton's region is measured `along` the direction moved instead: with 96 dimensions every sound
is about 10 standard deviations from the centre, so that a distance says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distill_engine.audio.arrays import Float64Array
from distill_engine.errors import AnalysisError

_ISOTROPIC_SHARE = 0.1
_STRETCH = 1.25  # limit, relative to the 99th percentile of the corpus' distances
_NEAREST = 1.0 - 1e-9  # largest share of the way to the limit, so that rounding errors stay within it


@dataclass(frozen=True)
class Region:
    """Distribution of the corpus in latent space, sigma units.

    Attributes:
        centre: mean [D].
        whitening: symmetric inverse square root [D, D] of the covariance.
        colouring: its inverse [D, D].
        knee: Mahalanobis distance up to which nothing changes.
        limit: Mahalanobis distance that controls do not reach.
        along: whether both distances count along the direction moved, in standard deviations.
    """

    centre: Float64Array
    whitening: Float64Array
    colouring: Float64Array
    knee: float
    limit: float
    along: bool = False

    @property
    def dimensions(self) -> int:
        """Latent dimensions D."""
        return len(self.centre)

    def radius(self, latent: Float64Array) -> float:
        """Return the Mahalanobis distance of one latent [D] from the centre."""
        white = self.whitening @ (latent - self.centre)
        return float(np.sqrt(white @ white))

    def radii(self, latents: Float64Array) -> Float64Array:
        """Return the Mahalanobis distances [N] of latents [D, N]."""
        return np.asarray(np.linalg.norm(self.whitening @ (latents - self.centre[:, None]), axis=0))

    def limited(self, base: Float64Array, target: Float64Array) -> tuple[Float64Array, float]:
        """Return the target [D], pulled towards the centre if too far out, and the strain on it.

        `base` [D] is the latent without controls. The strain is 0 up to the knee (the warning zone
        begins above 0) and reaches 1 where the target itself would lie on the limit.
        """
        if self.along:
            return self._limited_along(base, target)
        distance = self.radius(target)
        knee = max(self.knee, self.radius(base))
        if distance <= knee:
            return target, 0.0
        span = max(self.limit - knee, 0.1 * self.limit)
        allowed = knee + span * min(float(np.tanh((distance - knee) / span)), _NEAREST)
        return self.centre + (target - self.centre) * (allowed / distance), min(1.0, (distance - knee) / span)

    def _limited_along(self, base: Float64Array, target: Float64Array) -> tuple[Float64Array, float]:
        """Do what `limited` does, along the line from `base` to `target` alone."""
        step = target - base
        length = float(np.linalg.norm(step))
        if length < 1e-9:
            return target, 0.0
        axis = step / length
        deviation = max(float(np.linalg.norm(self.colouring @ axis)), 1e-6)
        start = float(axis @ (base - self.centre)) / deviation
        wanted = start + length / deviation
        knee = max(self.knee, start)
        if wanted <= knee:
            return target, 0.0
        span = max(self.limit - knee, 0.1 * self.limit)
        allowed = knee + span * min(float(np.tanh((wanted - knee) / span)), _NEAREST)
        return base + axis * ((allowed - start) * deviation), min(1.0, (wanted - knee) / span)


ALONG_KNEE, ALONG_LIMIT = 2.33, 4.5  # standard deviations along a direction; 99 % of a Gaussian are below the first


def fit_region_along(latents: Float64Array) -> Region:
    """Fit the region of latents [D, N] of a skeleton, limited along the direction moved."""
    region = fit_region(latents)
    return Region(region.centre, region.whitening, region.colouring, ALONG_KNEE, ALONG_LIMIT, along=True)


def fit_region(latents: Float64Array) -> Region:
    """Fit the region of latents [D, N] in sigma units.

    The covariance is shrunk towards an isotropic one by a tenth, so that its inverse is finite for
    dimensions that the corpus does not use.

    Raises:
        AnalysisError: there are no latents, or some are NaN or infinite.
    """
    if latents.ndim != 2 or not latents.shape[1]:
        raise AnalysisError(f"the learned region needs latents [dimensions, time], got shape {latents.shape}")
    if not np.isfinite(latents).all():
        raise AnalysisError("the model encodes the corpus to NaN or infinite latents: train it again")
    centre = latents.mean(axis=1)
    centred = latents - centre[:, None]
    covariance = centred @ centred.T / latents.shape[1]
    mean_variance = max(float(np.trace(covariance)) / len(centre), 1e-3)
    covariance = (1 - _ISOTROPIC_SHARE) * covariance + _ISOTROPIC_SHARE * mean_variance * np.eye(len(centre))
    variances, axes = np.linalg.eigh(covariance)
    roots = np.sqrt(np.maximum(variances, 1e-6 * mean_variance))
    whitening, colouring = (axes / roots) @ axes.T, (axes * roots) @ axes.T
    radii = np.linalg.norm(whitening @ centred, axis=0)
    knee = max(float(np.quantile(radii, 0.95)), 1.0)
    limit = max(_STRETCH * float(np.quantile(radii, 0.99)), 1.4 * knee)
    return Region(centre, whitening, colouring, knee, limit)
