"""Verdicts on the course of a training, drawn from the held-out figures of its validations."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

PATIENCE = 5  # validations
LEAST_GAIN = 0.99  # ratio of the best score to the best of PATIENCE validations ago
CORRECTION_PATIENCE = 10  # validations of a skeleton's correction
LEAST_STEP = 0.0005  # nats, gained within them, for which it goes on


class Verdict(StrEnum):
    """State of a training after a validation. The value is the sentence that the user reads."""

    IMPROVING = "still improving"
    CONVERGED = "converged: no gain on held-out sounds lately"
    OVERFITTING = "overfitting: the held-out sounds get worse; the best state so far is kept"
    COLLAPSING = (
        "the latent space is collapsing (under 2 dimensions in use): use more varied sounds or a longer training"
    )
    DISCRIMINATOR_WON = "the discriminator has won: the sound gets worse; the best state so far is kept"

    @property
    def is_warning(self) -> bool:
        """Whether the verdict calls for a warning at the end of a training."""
        return self in (Verdict.OVERFITTING, Verdict.COLLAPSING, Verdict.DISCRIMINATOR_WON)


def gains_no_more(scores: Sequence[float]) -> bool:
    """Return whether a correction may end: no gain in its last CORRECTION_PATIENCE validations.

    A gain is a held-out error, in nats, that is lower by more than LEAST_STEP than any before.
    """
    recent, before = scores[-CORRECTION_PATIENCE:], scores[:-CORRECTION_PATIENCE]
    return bool(before) and min(recent) > min(before) - LEAST_STEP


def has_converged(scores: Sequence[float]) -> bool:
    """Return whether the best score gained less than 1 % in the last PATIENCE validations.

    `scores` holds one value per validation, lower is better. False for PATIENCE scores or fewer.
    """
    return len(scores) > PATIENCE and min(scores) > LEAST_GAIN * min(scores[:-PATIENCE])
