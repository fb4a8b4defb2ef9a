"""Snowplow's bad rows: what its pipeline refused. They are no events; quarantine counts them.

| quarantine | theirs |
|---|---|
| raw | the row, verbatim |
| reason | the kind of failure, by the row's schema, and what its messages say of schemas, fields and rules |

The texts of errors quote what was sent, so they are not repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from event_assets.ingest.json_text import children
from event_assets.ingest.malformed import Malformed
from event_assets.json_values import is_object

_SCHEMA = re.compile(r"iglu:com\.snowplowanalytics\.snowplow\.badrows/([a-z_]{1,60})/.*")
_SAID = ("type", "schemaKey", "identifier", "field", "expectation", "error", "keyword", "path")
_CODE = re.compile(r"[A-Za-z_]{1,60}")  # an error that is a text may quote a value
_MOST_FINDINGS = 5
_LONGEST = 120
_MOST_LOOKED_AT = 1_000


class BadRowReader:
    """Rows of all kinds of failures."""

    name = "snowplow_bad_rows"
    order = 20
    marks = frozenset(("schema",))

    def knows(self, line: dict[str, Any]) -> bool:
        """Whether the schema is one of bad rows."""
        schema = line.get("schema")
        return isinstance(schema, str) and _SCHEMA.fullmatch(schema) is not None

    def read(self, line: dict[str, Any]) -> tuple[Malformed]:
        """The reason that the row gives."""
        schema = line.get("schema")
        known = _SCHEMA.fullmatch(schema) if isinstance(schema, str) else None
        if known is None:
            raise Malformed("is no bad row of Snowplow's", "schema")
        data: Any = line.get("data")
        failure: Any = data.get("failure") if is_object(data) else None
        said = list(dict.fromkeys(_findings(failure)))
        shown = "; ".join(said[:_MOST_FINDINGS])
        more = f"; and {len(said) - _MOST_FINDINGS} more" if len(said) > _MOST_FINDINGS else ""
        return (
            Malformed(f"is a Snowplow bad row: {known[1]}" + (f": {shown}{more}" if said else "")),
        )


READER = BadRowReader()


def _findings(failure: Any) -> Iterator[str]:
    """What each object in a failure says by its keys."""
    pending = [failure]
    for _ in range(_MOST_LOOKED_AT):
        if not pending:
            return
        each = pending.pop()
        if is_object(each):
            said = [f"{name} {each[name]}" for name in _SAID if _is_shown(name, each.get(name))]
            if said:
                yield ", ".join(said)
        pending += reversed([value for value in children(each) if value.__class__ in (dict, list)])


def _is_shown(name: str, value: Any) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST:
        return False
    return name != "error" or _CODE.fullmatch(value) is not None
