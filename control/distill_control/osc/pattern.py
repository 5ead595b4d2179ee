"""OSC address patterns: `*`, `?`, `[a-z]`, `[!a-z]`, `{one,other}`, none of them across a slash.

Matching takes time in proportion to pattern x address, whatever the pattern: alternatives are written out first, and a
star is retried at one place only.
"""

from collections.abc import Sequence
from functools import lru_cache

from distill_engine.errors import ControlError

_SPECIAL = frozenset("*?[]{}")
_LENGTH_LIMIT = 256
_ALTERNATIVE_LIMIT = 64

Token = str | tuple[bool, frozenset[str]]
"""A character, `*`-token "*", `?`-token "?", or a set of characters and whether it is meant inverted."""


def is_pattern(address: str) -> bool:
    """Whether an address has to be matched rather than looked up."""
    return not _SPECIAL.isdisjoint(address)


def match(pattern: str, addresses: Sequence[str]) -> list[str]:
    """Those of `addresses` that `pattern` matches.

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
    """`a{b,c}d` written out: `abd`, `acd`."""
    done, rest = [""], pattern
    while "{" in rest:
        before, _, after = rest.partition("{")
        inside, closed, rest = after.partition("}")
        if not closed or "{" in inside or "}" in before:
            raise ControlError(f"the address pattern {pattern[:60]} has a brace without its partner")
        words = inside.split(",")
        if len(done) * len(words) > _ALTERNATIVE_LIMIT:
            raise ControlError(f"an address pattern means at most {_ALTERNATIVE_LIMIT} alternatives")
        done = [start + before + word for start in done for word in words]
    if "}" in rest:
        raise ControlError(f"the address pattern {pattern[:60]} has a brace without its partner")
    return [start + rest for start in done]


def _tokens(part: str) -> tuple[Token, ...]:
    tokens: list[Token] = []
    place = 0
    while place < len(part):
        if part[place] == "[":
            end = part.find("]", place + 1)
            if end < 0:
                raise ControlError(f"the address pattern part {part[:60]} has a bracket without its partner")
            tokens.append(_characters(part[place + 1 : end]))
            place = end
        elif part[place] == "]":
            raise ControlError(f"the address pattern part {part[:60]} has a bracket without its partner")
        elif not (part[place] == "*" and tokens and tokens[-1] == "*"):
            tokens.append(part[place])
        place += 1
    return tuple(tokens)


def _characters(inside: str) -> Token:
    inverted = inside.startswith("!")
    inside = inside[inverted:]
    characters: set[str] = set()
    place = 0
    while place < len(inside):
        if inside[place + 1 : place + 2] == "-" and place + 2 < len(inside):
            first, last = ord(inside[place]), ord(inside[place + 2])
            characters.update(chr(code) for code in range(first, min(last, first + 256) + 1))
            place += 3
        else:
            characters.add(inside[place])
            place += 1
    return inverted, frozenset(characters)


def _matches(parts: tuple[tuple[Token, ...], ...], words: list[str]) -> bool:
    return len(parts) == len(words) and all(_part_matches(part, word) for part, word in zip(parts, words, strict=True))


def _part_matches(tokens: tuple[Token, ...], word: str) -> bool:
    """Two fingers; after a mismatch, the last star takes one character more."""
    token, place, star, resume = 0, 0, -1, 0
    while place < len(word):
        if token < len(tokens) and tokens[token] == "*":
            star, resume = token, place
            token += 1
        elif token < len(tokens) and _one_matches(tokens[token], word[place]):
            token += 1
            place += 1
        elif star >= 0:
            resume += 1
            token, place = star + 1, resume
        else:
            return False
    return all(rest == "*" for rest in tokens[token:])


def _one_matches(token: Token, character: str) -> bool:
    if isinstance(token, tuple):
        return (character in token[1]) != token[0]
    return token in ("?", character)
