"""States as named arrays: what a stream needs to go on where it was."""

from __future__ import annotations

import numpy as np

StateDict = dict[str, np.ndarray]
"""A streaming state: named arrays, ready to be stored."""


def part_of(state: StateDict, prefix: str) -> StateDict:
    """Return the entries of a state whose names begin with `prefix`, without it."""
    return {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}
