"""OSC address patterns: `*`, `?`, `[a-z]`, `[!a-z]` and `{one,other}`; none matches a slash.

The time of a match is at most proportional to the pattern's length times the address's length:
alternatives are expanded first, and only the last `*` is retried after a mismatch.
"""

from collections.abc import Sequence
from functools import lru_cache

from distill_engine.errors import ControlError
from distill_engine.system.names import printable

_SPECIAL = frozenset("*?[]{}")
_LENGTH_LIMIT = 256  # characters of a pattern
_ALTERNATIVE_LIMIT = 16  # patterns that one with braces expands to

Token = str | tuple[bool, frozenset[str]]
"""A character, "*", "?", or (inverted, characters) for a set in brackets."""


def is_pattern(address: str) -> bool:
    """Return whether an address is a pattern."""
    return not _SPECIAL.isdisjoint(address)


def match(pattern: str, addresses: Sequence[str]) -> list[str]:
    """Return those of `addresses` that `pattern` matches.

    Raises:
        ControlError: if the pattern is malformed or too complex.

    >>> match("/distill/{gain,width}", ["/distill/gain", "/distill/width", "/distill/map/x"])
    ['/distill/gain', '/distill/width']
    >>> match("/distill/*/[xy]", ["/distill/gain", "/distill/map/x", "/distill/map/amount"])
    ['/distill/map/x']
    """
    variants = _compile(pattern)
    return [address for address in addresses if any(_matches(variant, address.split("/")) for variant in variants)]


@lru_cache(maxsize=128)
def _compile(pattern: str) -> tuple[tuple[tuple[Token, ...], ...], ...]:
    if len(pattern) > _LENGTH_LIMIT:
        raise ControlError(f"an address pattern has at most {_LENGTH_LIMIT} characters")
    return tuple(tuple(_tokens(part) for part in variant.split("/")) for variant in _alternatives(pattern))


def _alternatives(pattern: str) -> list[str]:
    """Return the patterns without braces that a pattern means: `a{b,c}d` is `abd` and `acd`."""
    done, rest = [""], pattern
    while "{" in rest:
        before, _, after = rest.partition("{")
        inside, closed, rest = after.partition("}")
        if not closed or "{" in inside or "}" in before:
            raise ControlError(f"the address pattern {printable(pattern, 60)} has an unmatched brace")
        words = inside.split(",")
        if len(done) * len(words) > _ALTERNATIVE_LIMIT:
            raise ControlError(f"an address pattern has at most {_ALTERNATIVE_LIMIT} alternatives")
        done = [start + before + word for start in done for word in words]
    if "}" in rest:
        raise ControlError(f"the address pattern {printable(pattern, 60)} has an unmatched brace")
    return [start + rest for start in done]


def _tokens(part: str) -> tuple[Token, ...]:
    tokens: list[Token] = []
    offset = 0
    while offset < len(part):
        if part[offset] == "[":
            end = part.find("]", offset + 1)
            if end < 0:
                raise ControlError(f"the address pattern part {printable(part, 60)} has an unmatched bracket")
            tokens.append(_characters(part[offset + 1 : end]))
            offset = end
        elif part[offset] == "]":
            raise ControlError(f"the address pattern part {printable(part, 60)} has an unmatched bracket")
        elif not (part[offset] == "*" and tokens and tokens[-1] == "*"):
            tokens.append(part[offset])
        offset += 1
    return tuple(tokens)


def _characters(inside: str) -> Token:
    inverted = inside.startswith("!")
    inside = inside[inverted:]
    characters: set[str] = set()
    offset = 0
    while offset < len(inside):
        if inside[offset + 1 : offset + 2] == "-" and offset + 2 < len(inside):
            first, last = ord(inside[offset]), ord(inside[offset + 2])
            characters.update(chr(code) for code in range(first, min(last, first + 256) + 1))
            offset += 3
        else:
            characters.add(inside[offset])
            offset += 1
    return inverted, frozenset(characters)


def _matches(parts: tuple[tuple[Token, ...], ...], words: list[str]) -> bool:
    return len(parts) == len(words) and all(_part_matches(part, word) for part, word in zip(parts, words, strict=True))


def _part_matches(tokens: tuple[Token, ...], word: str) -> bool:
    """Match one part of an address; after a mismatch, let the last `*` match one character more."""
    token, offset, star, resume = 0, 0, -1, 0
    while offset < len(word):
        if token < len(tokens) and tokens[token] == "*":
            star, resume = token, offset
            token += 1
        elif token < len(tokens) and _one_matches(tokens[token], word[offset]):
            token += 1
            offset += 1
        elif star >= 0:
            resume += 1
            token, offset = star + 1, resume
        else:
            return False
    return all(rest == "*" for rest in tokens[token:])


def _one_matches(token: Token, character: str) -> bool:
    if isinstance(token, tuple):
        return (character in token[1]) != token[0]
    return token in ("?", character)
