"""The header of a take, from what a synth plays."""

from __future__ import annotations

from collections.abc import Mapping

from distill_engine.state import StateDict
from distill_engine.synthesis.instrument import Instrument
from distill_engine.takes.take import TakeHeader


def take_header(
    main: Instrument, others: Mapping[int, Instrument], seed: int, block: int, state: StateDict
) -> TakeHeader:
    """Describe what plays now: `main`, and `others` by their blend slots."""
    names = (main.model_digest, main.name, seed, block, main.vocoder.name, main.vocoder_digest)
    rows = (
        (at, i.name, i.model_digest, i.vocoder.name, i.vocoder_digest, i.analysis_digest) for at, i in others.items()
    )
    return TakeHeader(*names, main.sample_rate, main.hop, state, tuple(rows), main.analysis_digest)
