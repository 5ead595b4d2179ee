"""Source modulation: NaN and infinity do not enter the running means."""

import numpy as np

from distill_engine.analysis.motion import Motion, SourceModulation
from distill_engine.analysis.region import Region


def test_a_latent_that_is_no_number_leaves_no_trace():
    region = Region(np.zeros(4), np.eye(4), np.eye(4), 6.0, 10.0)
    path = np.cumsum(0.1 * np.random.default_rng(0).standard_normal((40, 4)), axis=0)
    motion, plain = Motion(region, seed=3), Motion(region, seed=3)
    modulation = SourceModulation(depth=2.0, flutter=1.0)
    for index, latent in enumerate(path):
        if index in (0, 20):
            assert np.isfinite(motion.step(np.array([0.0, np.nan, 0.0, np.inf]), modulation)).all()
        assert np.array_equal(motion.step(latent, modulation), plain.step(latent, modulation))
