"""The states of the networks that a new voice begins with."""

from __future__ import annotations

import numpy as np

from distill_engine.errors import VocoderError, short_message
from distill_engine.inference.step_backend import StepBackend
from distill_engine.synthesis.instrument import Instrument

Primed = tuple[dict[str, np.ndarray], dict[str, np.ndarray]]  # states of decoder and vocoder

PRIME_HOPS, PRIME_BLOCK = 32, 8  # hops that prime a new voice, in all and at once


def prime(instrument: Instrument, decoder: StepBackend, vocoder: StepBackend) -> Primed:
    """Run the corpus's centre, or silence, through the networks: none starts from zeros."""
    first = instrument.centre if instrument.skeleton is None else instrument.rest
    centre = np.repeat(first[:, None].astype(np.float32), PRIME_BLOCK, axis=1)
    try:
        for _ in range(PRIME_HOPS // PRIME_BLOCK):
            vocoder.step(decoder.step(centre))
    except (VocoderError, RuntimeError) as error:
        raise VocoderError(f"{instrument.vocoder.name} failed: {short_message(error)}") from None
    return decoder.snapshot(), vocoder.snapshot()
