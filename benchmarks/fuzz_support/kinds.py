"""What is fuzzed: for each kind examples, and a check that the reader refuses or takes them.

A reader may raise the errors of its kind alone. Anything else, also an error that a handler has
caught and reported, is a fault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

BATCH = 10_000  # examples of one run of Hypothesis, whose memory grows with them


@dataclass(frozen=True)
class Kind:
    """One kind: `check(example)` raises where its reader does more than refuse.

    `count(example)` is how many inputs an example holds.
    """

    name: str
    examples: st.SearchStrategy[Any]
    check: Callable[[Any], None]
    count: Callable[[Any], int] = lambda example: 1


def fuzz(kind: Kind, inputs: int, first_seed: int = 0) -> int:
    """Check at least `inputs` inputs of a kind; return how many there were."""
    done = 0

    def run(example: Any) -> None:
        nonlocal done
        done += kind.count(example)
        kind.check(example)

    number = first_seed
    while done < inputs:
        before = done
        decorated = seed(number)(
            settings(
                max_examples=min(BATCH, inputs - done),
                deadline=None,
                database=None,
                phases=(Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
            )(given(kind.examples)(run))
        )
        decorated()
        number += 1
        if done == before:
            raise ValueError(f"{kind.name}: no example was made")
    return done


def mutated(examples: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return examples as they are, with bytes changed, cut off or repeated."""
    changes = st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=6)

    def change(data: bytes, places: list[tuple[int, int]], length: int, repeated: bool) -> bytes:
        array = bytearray(data)
        for place, value in places:
            if array:
                array[place % len(array)] = value
        cut = bytes(array[: len(array) - length % 16] if length else array)
        return cut + cut[length:] if repeated else cut

    return examples | st.builds(change, examples, changes, st.integers(0, 64), st.booleans())


NAMES = st.sampled_from(["", "a", "x" * 70, "../..", "\x1b[2J", "café", "\u202e", "0", "{}", "/distill/gain"])
NUMBERS = (
    st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.sampled_from([0, 1, -1, 2**31, 2**53, 2**63, 2**64, 10**400, 1e-320])
)
SCALARS = st.none() | st.booleans() | NUMBERS | NAMES | st.text(max_size=8)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)


def table(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Return tables with these fields, of which any may be missing or of any other kind."""
    options = {name: strategy | ANYTHING for name, strategy in fields.items()}
    return st.fixed_dictionaries({}, optional=options)
