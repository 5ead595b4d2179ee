"""The two changes whose way from an OSC message to the sound is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """An address, its silent and loud values, and the level (full scale 1) that counts as heard."""

    address: str
    silent: float
    loud: float
    threshold: float


CHANGES = {
    "gain": Change("/distill/gain", -90.0, 0.0, 1e-5),
    "a control of the model": Change("/distill/control/loudness", -1.0, 1.0, 1e-2),
}
