"""Lines of persons who were erased: known by keyed digests, so that no delivery brings them back.

`event-assets erase` writes a file below `lake/erasures/` once for each erasure; neither ids nor
lines can be had from it. It is of the past: other lines of the same person come in.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from typing import Any

from event_assets.errors import ConfigurationError
from event_assets.identity_key import identity_key
from event_assets.ingest.pseudonyms import Pseudonyms
from event_assets.settings import Settings
from event_assets.storage import read_each


class Everything(Container[int]):
    """Holds every item of a line."""

    def __contains__(self, item: object, /) -> bool:
        return True


UNFINISHED = ".unfinished.json"  # what is still to be done of an erasure, see `erasure`
EVERYTHING = Everything()
NOTHING: Container[int] = frozenset[int]()


class Erasures:
    """The items that were erased of each line, by the line's keyed digest in hex."""

    def __init__(self, lines: Mapping[str, Container[int]], key: str) -> None:
        self.lines = lines
        self._pseudonyms = Pseudonyms(key)

    def items(self, digest: bytes, *, is_keyed: bool) -> Container[int]:
        """The erased items of a line, by its SHA-256, or what became of it under the key."""
        keyed = digest if is_keyed else self._pseudonyms.of_line(digest)
        return self.lines.get(keyed.hex(), NOTHING)

    def of_row(self, raw_sha256: str) -> Container[int]:
        """The erased items of a line by the digest that its rows have, keyed or not."""
        keyed = self.lines.get(raw_sha256)
        return self.items(bytes.fromhex(raw_sha256), is_keyed=False) if keyed is None else keyed


def read_erasures(settings: Settings) -> Erasures | None:
    """All that was ever erased; None where nothing was.

    Raises ConfigurationError for a file that cannot be read: without it persons would come back.
    """
    lines: dict[str, Container[int]] = {}
    for path, content in read_each(settings.erasures_dir.glob("[!.]*.json")):
        try:
            written: Any = json.loads(content)["lines"]
            for digest, items in written.items():
                _add(lines, digest, items)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ConfigurationError(
                "is no list of erased lines",
                file=path,
                remedy="restore it from a backup; without it erased persons would come back",
            ) from None
    return Erasures(lines, identity_key(settings.data_dir)) if lines else None


def _add(lines: dict[str, Container[int]], digest: str, items: Iterable[int] | None) -> None:
    known = lines.get(digest)
    if items is None or known is EVERYTHING:
        lines[digest] = EVERYTHING
    else:
        lines[digest] = frozenset(items) | (known if isinstance(known, frozenset) else frozenset())
