"""Options that several commands share."""

from __future__ import annotations

import argparse

VOCODERS = ("auto", "hifigan", "vocos", "bigvgan", "base")


def vocoder_name(text: str) -> str:
    """A vocoder of `VOCODERS`, or published weights on this machine. Raises ArgumentTypeError with what there is."""
    if text in VOCODERS:
        return text
    from distill_engine.errors import VocoderError, WeightsError
    from distill_engine.library.vocoders import find_weights, published_names

    try:
        find_weights(text)
    except WeightsError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except VocoderError:
        known = ", ".join((*VOCODERS, *published_names()))
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is unknown; choose {known}") from None
    return text
