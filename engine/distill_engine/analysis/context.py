"""What all parts of one analysis share, and the rule by which a control is offered by name."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from distill_engine.analysis.control_response import Response
from distill_engine.analysis.corpus import CorpusView, place_in
from distill_engine.analysis.features.table import NAMES, SILENCE_LUFS, Feature
from distill_engine.analysis.model_prober import Prober
from distill_engine.analysis.region import Region

FloatArray = npt.NDArray[np.float64]

OFFERED_FROM_RHO = 0.7
AUDIBLE_MARGIN_DB = 10.0
LEAST_STEPS = 2.0
"""A control must change its feature by this many audible steps from -1 to 1."""


@dataclass(frozen=True)
class AnalysisConfig:
    """How much is listened to. The defaults make about fifteen minutes of sound at most, whatever the corpus.

    Attributes:
        probes: places in latent space at which the model is listened to before anything is tried.
        bases, positions: places and positions at which the controls of steady features are tried, and then measured.
        moving_bases, moving_positions, moving_hops: the same for temporal controls, and the length of each stretch.
        characters: character axes at most.
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
    """A feature that is not offered by name, and a sentence that says why."""

    feature: str
    rho: float
    reason: str


@dataclass(frozen=True)
class AnalysisContext:
    """One run: the corpus, the model's sound (`prober`), the learned region, and what is withheld so far."""

    view: CorpusView
    prober: Prober
    region: Region
    seed: int
    reduction: int
    config: AnalysisConfig
    withheld: list[Withheld] = field(default_factory=list)

    def random(self, stage: int) -> np.random.Generator:
        """A generator for one stage, so that the stages do not depend on each other."""
        return np.random.default_rng([self.seed, stage])

    def places(self, stage: int, count: int) -> FloatArray:
        """Latents [D, count] of the corpus, drawn for a stage, at which the model sounds when it is held there.

        Decays and gaps of short sounds are silent when held: nothing steady can be heard there. Where too few of four times as many
        sound, the loudest of the others make up the number.
        """
        drawn = place_in(self.view, self.random(stage), 4 * count)
        loudness = self.prober.held(drawn, "looking for places that sound")[:, NAMES.index("loudness")]
        sounds = loudness > SILENCE_LUFS + AUDIBLE_MARGIN_DB
        order = np.argsort(np.where(sounds, 0.0, -loudness + 1e3), kind="stable")
        return drawn[:, np.sort(order[:count])]

    def white(self, latents: FloatArray) -> FloatArray:
        """Whitened latents [D, N] of latents [D, N]."""
        return np.asarray(self.region.whitening @ (latents - self.region.centre[:, None]))

    def withhold(self, feature: Feature, response: Response) -> bool:
        """Whether a control is not to be offered by name; notes why."""
        index = NAMES.index(feature.name)
        rho, change = response.rho(index), response.change(index)
        heard = np.isfinite(response.heard[:, :, index])
        if 2 * np.count_nonzero(heard) < heard.size:
            reason = f"{feature.name} is undefined in most of this model's sounds"
        elif rho < OFFERED_FROM_RHO:
            reason = f"{feature.name} follows no path reliably (rho {rho:.2f}, {OFFERED_FROM_RHO} is needed)"
        elif change < LEAST_STEPS * feature.audible_step:
            reason = f"{feature.name} hardly changes: {change:.2f} {feature.unit} over the whole range"
        else:
            return False
        self.withheld.append(Withheld(feature.name, round(rho, 3), reason))
        return True
