"""Names in a plan that read alike: the same thing spelled twice, or so it seems."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_LEAST_LETTERS = 5  # of shorter names, `cart` and `card`, half are a letter away from another
_MOST_LETTERS = 100
_DIGITS = re.compile(r"\d+")
_LAST_WORD = re.compile(r"(.+?)(?:[^\w]|_|(?<=[a-z])(?=[A-Z]))\w")


class Pair(NamedTuple):
    """A name that reads like one that is used more often; `reason` says in what they differ."""

    name: str
    similar_to: str
    reason: str


def similar_pairs(uses: Mapping[str, int]) -> Iterator[Pair]:
    """Pairs of names that differ in case, in separators or in one letter.

    `uses` counts how often each name is there. Names that differ in digits only, in a last word of
    one letter, or as minimum and maximum do, are meant to.
    """
    ranked = sorted(uses, key=lambda name: (-uses[name], name))
    by_letters: dict[str, str] = {}
    for name in ranked:
        first = by_letters.setdefault(_letters(name), name)
        if first != name:
            is_case = name.casefold() == first.casefold()
            yield Pair(name, first, "in case" if is_case else "in separators")
    # one stands for all that differ from it in digits
    firsts = {_DIGITS.sub("", each): name for each, name in reversed(by_letters.items())}
    short = [name for name in reversed(firsts.values()) if len(name) <= _MOST_LETTERS]
    yield from _one_letter_apart(short)


def _one_letter_apart(ranked: list[str]) -> Iterator[Pair]:
    """Pairs with one letter more, fewer, other or swapped, found by what is left without it."""
    without_one: dict[str, list[int]] = {}
    for rank, name in enumerate(ranked):
        letters = _letters(name)
        if len(letters) < _LEAST_LETTERS:
            continue
        shortened = {letters[:at] + letters[at + 1 :] for at in range(len(letters))} | {letters}
        near = {other for each in shortened for other in without_one.get(each, ())}
        for other in (ranked[each] for each in sorted(near)):
            if _is_one_letter_apart(letters, _letters(other)) and not _is_meant(name, other):
                yield Pair(name, other, "in one letter")
                break
        for each in shortened:
            without_one.setdefault(each, []).append(rank)


def _is_one_letter_apart(one: str, other: str) -> bool:
    begin = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if begin is None:
        return abs(len(one) - len(other)) <= 1
    a, b = one[begin:], other[begin:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _is_meant(one: str, other: str) -> bool:
    if one.casefold().replace("min", "max") == other.casefold().replace("min", "max"):
        return True
    stems = [match[1] for match in map(_LAST_WORD.fullmatch, (one, other)) if match]
    return len(stems) == 2 and stems[0] == stems[1]


def _letters(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(each for each in folded if each.isalnum()) or folded
