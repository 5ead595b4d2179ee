"""What is fuzzed: for each kind examples, and a check that the reader refuses or takes them.

A reader may raise the errors of its kind alone. Anything else, also an error that a handler has
caught and reported, is a fault.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

BATCH = 10_000  # examples of one run of Hypothesis, whose memory grows with them
_EXTREMES = (
    b"\xff" * 8,
    bytes(8),
    b"\x7f" + b"\xff" * 7,
    b"\x80" + bytes(7),
    b"\xff" * 7 + b"\x7f",
    bytes(7) + b"\x80",
)
_WORDS = (
    b"null",
    b"1e999",
    b"-1",
    b"9" * 400,
    b"[" * 60,
    b'{"a":',
    b'"\\ud800"',
    b"\\x1b[",
    b"\x1b[2J",
    b"\xe2\x80\xae",
    b"NaN",
    b"/..",
    b"%00",
)


@dataclass(frozen=True)
class Kind:
    """One kind: `check(example)` raises where its reader does more than refuse.

    `count(example)` is how many inputs an example holds.
    """

    name: str
    examples: st.SearchStrategy[Any]
    check: Callable[[Any], None]
    count: Callable[[Any], int] = lambda example: 1


def fuzz(kind: Kind, inputs: int, first_seed: int = 0, variations: int = 0) -> int:
    """Check at least `inputs` inputs of a kind; return how many there were.

    Each example of Hypothesis is followed by this many variations of its bytes, which cost a
    tenth of the time of an example.
    """
    done = 0

    def check(example: Any) -> None:
        nonlocal done
        done += kind.count(example)
        try:
            kind.check(example)
        except BaseException as error:
            error.add_note(f"the input was {example!r}")
            raise

    def run(example: Any) -> None:
        check(example)
        random = Random(zlib.crc32(repr(example).encode("utf-8", "replace")))
        for _ in range(variations):
            check(varied(example, random))

    number = first_seed
    while done < inputs:
        before = done
        decorated = seed(number)(
            settings(
                max_examples=min(BATCH, (inputs - done) // (1 + variations) + 1),
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


def varied(example: Any, random: Random) -> Any:
    """Return bytes, a text or a list of these, changed in one to three places."""
    if isinstance(example, list):
        items = list(example)
        for index in random.sample(range(len(items)), min(len(items), random.randint(1, 2))):
            items[index] = varied(items[index], random)
        return items + items[:1] * random.randint(0, 1)
    if isinstance(example, str):
        return varied(example.encode("utf-8", "replace"), random).decode("utf-8", "replace")
    data = bytearray(example)
    for _ in range(random.randint(1, 3)):
        place, length = random.randint(0, len(data)), random.choice((1, 1, 2, 4, 8))
        piece = random.choice(
            (
                random.randbytes(length),
                random.choice(_EXTREMES)[:length],
                bytes(data[place : place + random.randint(0, 40)]),
                random.choice(_WORDS),
                b"",
            )
        )
        data[place : place + random.choice((0, length))] = piece
    return bytes(data)


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
