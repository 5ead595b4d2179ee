"""Data that all parts of one analysis share, and the rule for offering a control by name."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from distill_engine.analysis.control_response import Response
from distill_engine.analysis.corpus import CorpusView, draw_latents
from distill_engine.analysis.features.table import NAMES, SILENCE_LUFS, Feature
from distill_engine.analysis.model_prober import Prober
from distill_engine.analysis.region import Region
from distill_engine.audio.arrays import Float64Array

OFFERED_FROM_RHO = 0.7  # Spearman's rho from which a control is offered by name
AUDIBLE_MARGIN_DB = 10.0
LEAST_STEPS = 2.0  # audible steps by which a control must change its feature from -1 to 1


@dataclass(frozen=True)
class AnalysisConfig:
    """How much sound an analysis synthesises: by default, at most about fifteen minutes.

    Attributes:
        probes: latents at which the model is measured before any control is tried.
        bases: base points at which controls of steady features are tried, and then measured.
        positions: of each control at a base point, from -1 to 1.
        moving_bases: stretches of the corpus on which temporal controls are measured.
        moving_positions: of each temporal control on a stretch.
        moving_hops: length of a stretch.
        characters: most character axes.
    """

    probes: int = 360
    bases: int = 8
    positions: int = 7
    moving_bases: int = 5
    moving_positions: int = 5
    moving_hops: int = 220
    characters: int = 6


@dataclass(frozen=True)
class Withheld:
    """A feature that is not offered by name: Spearman's rho, and a sentence with the reason."""

    feature: str
    rho: float
    reason: str


@dataclass(frozen=True)
class AnalysisContext:
    """Data of one analysis: corpus, prober, learned region, settings, and what is withheld so far.

    `reduction` is mel frames per latent; `seed` determines every random draw.
    """

    view: CorpusView
    prober: Prober
    region: Region
    seed: int
    reduction: int
    config: AnalysisConfig
    withheld: list[Withheld] = field(default_factory=list)

    def random(self, stage: int) -> np.random.Generator:
        """Return the random generator of one stage, independent of the other stages'."""
        return np.random.default_rng([self.seed, stage])

    def base_points(self, stage: int, count: int) -> Float64Array:
        """Draw latents [D, count] of the corpus at which the model is audible when held.

        Decays and gaps of short sounds are silent when held, so no steady feature can be measured
        there. Four times as many are drawn; if fewer than `count` of them are audible, the loudest
        of the others are added.
        """
        drawn = draw_latents(self.view, self.random(stage), 4 * count)
        loudness = self.prober.measure_held(drawn, "finding audible base points")[:, NAMES.index("loudness")]
        audible = loudness > SILENCE_LUFS + AUDIBLE_MARGIN_DB
        order = np.argsort(np.where(audible, 0.0, -loudness + 1e3), kind="stable")
        return drawn[:, np.sort(order[:count])]

    def whitened(self, latents: Float64Array) -> Float64Array:
        """Return latents [D, N] whitened [D, N]: zero mean, unit covariance over the corpus."""
        return np.asarray(self.region.whitening @ (latents - self.region.centre[:, None]))

    def withhold(self, feature: Feature, response: Response) -> bool:
        """Return whether a feature's control is withheld; record the reason."""
        index = NAMES.index(feature.name)
        rho, change = response.rho(index), response.change(index)
        defined = np.isfinite(response.values[:, :, index])
        if 2 * np.count_nonzero(defined) < defined.size:
            reason = f"{feature.name} is undefined in most of this model's sounds"
        elif rho < OFFERED_FROM_RHO:
            reason = f"{feature.name} follows no path reliably (rho {rho:.2f}, {OFFERED_FROM_RHO} is needed)"
        elif change < LEAST_STEPS * feature.audible_step:
            reason = f"{feature.name} hardly changes: {change:.2f} {feature.unit} over the whole range"
        else:
            return False
        self.withheld.append(Withheld(feature.name, round(rho, 3), reason))
        return True
