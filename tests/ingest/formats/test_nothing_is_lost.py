"""Whatever a record holds: it becomes an event or Malformed, and each of its values is kept, once.

Records are made of the paths that a mapping reads and of others, with values of every type. Every
value holds a word that no other one has, which has to be found again.
"""

import json
import re
from collections import Counter
from copy import deepcopy
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_assets.ingest import formats
from event_assets.ingest.canonical import Canon
from event_assets.ingest.formats.mapping import MappingReader
from event_assets.ingest.formats.mapping_files import load_format
from event_assets.ingest.formats.reading import READ_FIELDS, Reading
from event_assets.ingest.malformed import Malformed
from tests.rounds import rounds

ROUNDS = rounds(few=150, many=3_000)
OWN = MappingReader(
    {
        "event_id": {"join": ["page", "user.id"]},
        "event_type": ["page", "pages.0.name"],
        "client_ts": {"path": ["ts", "time.at"], "unit": "ms"},
        "user_id": [{"path": "user.id", "after": "$device:"}, "user.id"],
        "session_hint": "session",
        "page_url": {"join": ["host", "uri"], "with": ""},
        "kind": {"path": "channel", "rename": {"web": "client"}},
        "properties": [{"path": "user", "only": ["x_*", "a"]}, "payload"],
        "context": {"path": "pages.1", "without": "x_*"},
    }
)
READERS = {
    "own": OWN,
    **{
        name: load_format(Path(formats.__file__).parent / f"{name}.yaml")
        for name in ("segment", "posthog", "amplitude", "mixpanel")
    },
}
TELLING = {
    "type": ["track", "page", "screen", "identify", "group", "alias"],
    "event": ["$pageview", "$screen", "$create_alias", "$merge", "$mp_web_page_view"],
    "channel": ["web", "server", "sources"],
    "$is_identified": [True, False],
    "$import": [True],
    "platform": ["Web", "iOS"],
}
NAMES = ("a", "b", "x_1", "name", "$c", "mp_d", "user.id", "properties", "context", "traits", "0")
JOINED = READ_FIELDS.index("event_id")
WORD = re.compile(r"w\d+z")


class Records:
    """Random records; `words` counts the words given out."""

    def __init__(self, rng: Random, reader: MappingReader) -> None:
        self._rng = rng
        self._paths = [path for _, path in reader.paths]
        self.words = 0

    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = {}
        for path in self._rng.sample(self._paths, self._rng.randint(1, len(self._paths))):
            self._put(record, path)
        for _ in range(self._rng.randint(0, 4)):
            self._put(record, tuple(self._rng.choices(NAMES, k=self._rng.randint(1, 3))))
        if self._rng.random() < 0.2:
            whole = ".".join(self._rng.choice(self._paths))
            record[whole] = self._word()
        return record

    def _put(self, record: dict[str, Any], path: tuple[str, ...]) -> None:
        *parents, name = path
        for parent in parents:
            record = record.setdefault(parent, {})
            if not isinstance(record, dict):
                return
        if name not in record:
            told = TELLING.get(name)
            odd = self._rng.random() < 0.1
            is_told = told and not odd and self._rng.random() < 0.7
            record[name] = self._rng.choice(told) if told and is_told else self._value(odd)

    def _value(self, odd: bool) -> Any:
        if not odd:
            return self._word()
        match self._rng.randrange(7):
            case 0:
                return [self._word(), {"a": self._word()}, None]
            case 1:
                return {"a": self._word(), "0": {"id": self._word()}}
            case 2:
                return self._rng.choice([None, "", [], {}])
            case 3:
                return self._rng.choice([True, False])
            case 4:
                return self._rng.choice([0, -1, 1.5, 10**40, -(10**18)])
            case 5:
                return '{"a": "' + self._word() + '"}'
            case _:
                return "$device:" + self._word()

    def _word(self) -> str:
        self.words += 1
        return f"w{self.words}z"


def words_in(*values: Any) -> Counter[str]:
    return Counter(WORD.findall(json.dumps(values)))


def words_of_addresses(reader: MappingReader, record: dict[str, Any]) -> set[str]:
    """Words in addresses, of which those that are none are not kept."""
    return {
        word
        for field, path in reader.paths
        if field == "ip"
        for word in words_in(record.get(".".join(path), _value_at(record, path)))
    }


def _value_at(record: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=ROUNDS, deadline=None)
@given(seed=st.integers(0, 2**64))
def test_every_value_of_a_record_is_kept_once(name: str, seed: int):
    reader = READERS[name]
    records = Records(Random(seed), reader)
    record = records.record()
    sent = deepcopy(record)
    try:
        (reading,) = reader.read(record)
    except Malformed:
        return
    assert isinstance(reading, Reading)
    fields = [*reading.values[:JOINED], *reading.values[JOINED + 1 :]]
    joined = words_in(reading.values[JOINED])
    in_fields = words_in(fields)
    kept = words_in(reading.properties, reading.context)
    missing = words_in(sent).keys() - (in_fields | joined | kept).keys()
    assert missing <= words_of_addresses(reader, sent)
    assert max([*kept.values(), *in_fields.values()], default=1) == 1
    assert kept.keys().isdisjoint(in_fields | joined)
    try:
        Canon(date(2026, 10, 1)).settle(reading)
    except Malformed:
        return
