"""Make the header of a take from what a synth plays."""

from __future__ import annotations

from collections.abc import Mapping

from distill_engine.state import StateDict
from distill_engine.synthesis.instrument import Instrument
from distill_engine.takes.take import PlayedModel, TakeHeader


def played_model(slot: int, instrument: Instrument) -> PlayedModel:
    """Describe an instrument that plays in a blend slot."""
    digests = {
        "model": instrument.model_digest,
        "vocoder": instrument.vocoder_digest,
        "analysis": instrument.analysis_digest,
        "codes": instrument.codes_digest,
        "settings": instrument.settings_digest,
    }
    known = {part: digest for part, digest in digests.items() if digest}
    return PlayedModel(slot, instrument.name, instrument.vocoder.name, known)


def take_header(instruments: Mapping[int, Instrument], seed: int, block: int, state: StateDict) -> TakeHeader:
    """Describe what plays now: `instruments` by blend slot, slot 0 among them."""
    main = instruments[0]
    playing = tuple(played_model(slot, instruments[slot]) for slot in sorted(instruments))
    return TakeHeader(playing, seed, block, main.sample_rate, main.hop, state)
