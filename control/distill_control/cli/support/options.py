"""Options that several commands share."""

from __future__ import annotations

import argparse

from distill_engine.vocabulary.table import VOCODERS


def vocoder_name(text: str) -> str:
    """A vocoder of `VOCODERS`, or published weights on this machine. Raises ArgumentTypeError with what there is."""
    if text in VOCODERS:
        return text
    from distill_engine.errors import DistillError
    from distill_engine.inference.vocoder_choice import published

    try:
        published(text)
    except DistillError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
