"""Identifiers from names that hold anything: capitals, spaces, quotes, letters of any script."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable

_WORD = re.compile(r"[^\W_]+")


def words(name: str) -> list[str]:
    """The runs of letters and digits that may stand in an identifier; none is empty.

    In the form NFKC: Python reads identifiers so, and two that look alike must not be two.
    """
    normal = unicodedata.normalize("NFKC", name)
    kept = "".join(each if f"a{each}".isidentifier() else " " for each in normal)
    return _WORD.findall(kept)


def camel_case(name: str) -> str:
    """`add_to_cart` → `addToCart`, `Save Settings` → `saveSettings`, `NextSong` → `nextSong`."""
    pascal = pascal_case(name)
    first = words(name)[:1]
    if first and first[0].isupper():
        return first[0].lower() + pascal[len(first[0]) :]
    return _with_first(pascal, str.lower)


def pascal_case(name: str) -> str:
    """`add_to_cart` → `AddToCart`; what is upper case already stays so."""
    return "".join(_with_first(word, str.upper) for word in words(name))


def _with_first(word: str, change: Callable[[str], str]) -> str:
    changed = change(word[:1])
    # some letters change into two, and those of many scripts into nothing else
    return changed + word[1:] if len(changed) == 1 else word


def unique(
    names: Iterable[str], identifier: Callable[[str], str], same: Callable[[str], str] = str
) -> dict[str, str]:
    """Each name's identifier, no two alike by `same`.

    Those that would be alike all get a hash of the name at the end. Were the first to keep the
    short form, a new event could take it over, and calls would go on as another event.
    """
    known = sorted(set(names))
    wished = {name: identifier(name) for name in known}
    times = Counter(same(each) for each in wished.values())
    return {
        name: each if times[same(each)] == 1 else f"{each}_{short_hash(name)}"
        for name, each in wished.items()
    }


def short_hash(name: str) -> str:
    """Six hexadecimal digits of the name's bytes."""
    return hashlib.sha256(name.encode()).hexdigest()[:6]
