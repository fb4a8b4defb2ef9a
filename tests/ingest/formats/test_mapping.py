"""The mapping language: what each of its words makes of a line."""

from copy import deepcopy
from typing import Any, NamedTuple

import pytest

from event_assets.ingest.clock import micros
from event_assets.ingest.formats.mapping import MappingReader
from event_assets.ingest.formats.reading import READ_FIELDS, Reading
from event_assets.ingest.malformed import Malformed

BASE = {"event_type": "page", "client_ts": "ts"}
LINE = {"page": "view", "ts": 1_790_856_000_000}


class Read(NamedTuple):
    """A reading with the names of its fields."""

    fields: dict[str, Any]
    properties: dict[str, Any]
    context: dict[str, Any] | None
    kind: str | None


def named(reading: Reading | Malformed) -> Read:
    assert isinstance(reading, Reading), reading
    sent = zip(READ_FIELDS, reading.values, strict=True)
    fields = {name: value for name, value in sent if value is not None and name not in BASE}
    return Read(fields, reading.properties, reading.context, reading.kind)


def read(mapping: dict[str, Any], line: dict[str, Any]) -> Read:
    (reading,) = MappingReader({**BASE, **mapping}).read(deepcopy({**LINE, **line}))
    return named(reading)


RULES: dict[str, tuple[Any, dict[str, Any], Any, dict[str, Any]]] = {
    "path": ("user.id", {"user": {"id": 5, "level": "x"}}, 5, {"user": {"level": "x"}}),
    "object that is empty after": ("user.id", {"user": {"id": 5}}, 5, {}),
    "path to nothing": ("user.id", {"user": "anna"}, None, {"user": "anna"}),
    "field with a dotted name": ("user.id", {"user.id": 5, "user.x": 1}, 5, {"user.x": 1}),
    "dotted name before a nested one": (
        *("user.id", {"user.id": 5, "user": {"id": 6}}),
        *(5, {"user.id": 6}),
    ),
    "name in quotes": (
        'user."e.id"',
        {"user": {"e.id": 5, "e": {"id": 6}}},
        5,
        {"user": {"e": {"id": 6}}},
    ),
    "name with a dollar": ("$user.$id", {"$user": {"$id": 5}}, 5, {}),
    "index": ("users.1.id", {"users": [{"id": 4}, {"id": 5}]}, 5, {"users": [{"id": 4}, None]}),
    "index of a value": ("users.0", {"users": [4, 5]}, 4, {"users": [None, 5]}),
    "index of the only value": ("users.0", {"users": [4]}, 4, {}),
    "index too large": ("users.2", {"users": [4, 5]}, None, {"users": [4, 5]}),
    "index is a name": ("users.0", {"users": {"0": 4}}, 4, {}),
    "first of": (["a", "b"], {"a": None, "b": 5}, 5, {}),
    "first of, empty text": (["a", "b"], {"a": "", "b": 5}, 5, {}),
    "first of leaves the others": (["a", "b"], {"a": 4, "b": 5}, 4, {"b": 5}),
    "first of none": (["a", "b"], {"c": 5}, None, {"c": 5}),
    "default": ({"path": "a", "default": "x"}, {}, "x", {}),
    "default not needed": ({"path": "a", "default": "x"}, {"a": 5}, 5, {}),
    "constant": ({"value": "x"}, {"a": 5}, "x", {"a": 5}),
    "join": ({"join": ["a", "b.c"]}, {"a": "x", "b": {"c": 5}}, "x:5", {}),
    "join of what holds colons": ({"join": ["a", "b"]}, {"a": "x:", "b": "y\\"}, "x\\::y\\\\", {}),
    "join with": (
        *({"join": [{"value": "https://"}, "a", "b"], "with": ""}, {"a": "x.org", "b": "/y"}),
        *("https://x.org/y", {}),
    ),
    "join without a part": ({"join": ["a", "b"]}, {"a": "x"}, None, {"a": "x"}),
    "empty": ({"path": "a", "empty": ["EMPTY", -1]}, {"a": -1, "b": "EMPTY"}, None, {"b": "EMPTY"}),
    "empty is not true": ({"path": "a", "empty": 1}, {"a": True}, True, {}),
    "rename": ({"path": "a", "rename": {"$x": "x"}}, {"a": "$x"}, "x", {}),
    "rename of a number": ({"path": "a", "rename": {"200": "ok"}}, {"a": 200}, "ok", {}),
    "rename of others": ({"path": "a", "rename": {"$x": "x"}}, {"a": "y"}, "y", {}),
    "after": ({"path": "a", "after": "$device:"}, {"a": "$device:5"}, "5", {}),
    "after nothing": ({"path": "a", "after": "$device:"}, {"a": "5"}, None, {"a": "5"}),
    "when": ({"path": "a", "when": {"b": "x"}}, {"a": 5, "b": "x"}, 5, {"b": "x"}),
    "when not": ({"path": "a", "when": {"b": "x"}}, {"a": 5, "b": "y"}, None, {"a": 5, "b": "y"}),
}


@pytest.mark.parametrize(("rule", "line", "value", "rest"), RULES.values(), ids=RULES.keys())
def test_a_field_has_what_its_rule_says_and_the_rest_stays(
    rule: Any, line: dict[str, Any], value: Any, rest: dict[str, Any]
):
    assert read({"user_id": rule}, line) == Read(
        {} if value is None else {"user_id": value}, rest, None, None
    )


CONDITIONS: dict[str, tuple[Any, Any, bool]] = {
    "value": ("x", "x", True),
    "another value": ("x", "y", False),
    "number": (1, 1.0, True),
    "true is no number": (1, True, False),
    "false": (False, False, True),
    "false is not missing": (False, None, False),
    "one of": (["x", "y"], "y", True),
    "none of": (["x", "y"], "z", False),
    "one of several kinds": (["x", 1, {"starts_with": "z"}], "zz", True),
    "exists": ({"exists": True}, 0, True),
    "null does not exist": ({"exists": True}, None, False),
    "does not exist": ({"exists": False}, None, True),
    "not": ({"not": "x"}, "y", True),
    "not one of": ({"not": ["x", {"starts_with": "y"}]}, "yy", False),
    "starts with": ({"starts_with": "$device:"}, "$device:1", True),
    "starts with one of": ({"starts_with": ["a", "b"]}, "bc", True),
    "a number starts with nothing": ({"starts_with": "1"}, 10, False),
    "same as": ({"same_as": "other"}, "same", True),
    "not the same": ({"same_as": "other"}, "x", False),
    "a list is no text": (["x"], ["x"], False),
    "an object is the same as none": ({"same_as": "other.x"}, {}, False),
}


@pytest.mark.parametrize(("asked", "value", "holds"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_a_rule_holds_under_its_conditions(asked: Any, value: Any, holds: bool):
    rule = {"value": "yes", "when": {"deep.asked": asked}}
    line = {"deep": {"asked": value}, "other": "same"}
    assert read({"user_id": rule}, line).fields == ({"user_id": "yes"} if holds else {})


def test_all_conditions_have_to_hold():
    rule = {"value": "yes", "when": {"a": 1, "b": 2}}
    assert read({"user_id": rule}, {"a": 1, "b": 2}).fields == {"user_id": "yes"}
    assert read({"user_id": rule}, {"a": 1, "b": 3}).fields == {}


@pytest.mark.parametrize(
    ("unit", "sent", "expected"),
    [
        ("s", 5, 5_000_000),
        ("s", "1790856000.25", 1_790_856_000_250_000),
        ("ms", 5, 5_000),
        ("us", 5, 5),
        ("ns", 1_999, 1),
        ("ms", 1_790_856_000, 1_790_856_000_000),
        ("ms", "2026-10-01T12:00:00Z", 1_790_856_000_000_000),
        ("iso", "2026-10-01 12:00:00", 1_790_856_000_000_000),
    ],
)
def test_a_unit_counts_more_than_the_size_of_a_time(unit: str, sent: Any, expected: int):
    result = read({"sent_ts": {"path": "sent", "unit": unit}}, {"sent": sent})
    assert micros(result.fields["sent_ts"]) == expected
    assert result.properties == {}


@pytest.mark.parametrize(
    ("unit", "sent"),
    [("iso", 1_790_856_000), ("iso", "1790856000"), ("s", "soon"), ("ms", True), ("s", [1]),
     ("s", 10**30), ("s", "9" * 5_000)],
)  # fmt: skip
def test_what_is_no_time_in_its_unit_stays_where_it_is(unit: str, sent: Any):
    result = read({"sent_ts": {"path": "sent", "unit": unit}}, {"sent": sent})
    assert (result.fields, result.properties) == ({}, {"sent": sent})


def test_values_that_mean_nothing_anywhere_are_said_once():
    mapping = {"empty": ["EMPTY", -1], "user_id": "u", "session_hint": ["s", "t"], "ip": "i"}
    line = {"u": "EMPTY", "s": -1, "t": 7, "i": "1.2.3.4", "x": "EMPTY"}
    result = read(mapping, line)
    assert result.fields == {"session_hint": 7, "ip": "1.2.3.4"}
    assert result.properties == {"x": "EMPTY"}


def test_a_kind_is_told_by_a_fields_value_which_stays():
    mapping = {"kind": [{"path": "channel", "rename": {"web": "client"}}, {"value": "server"}]}
    assert read(mapping, {"channel": "web"}) == Read({}, {"channel": "web"}, None, "client")
    assert read(mapping, {"channel": "mobile"}).kind == "mobile"
    assert read(mapping, {"channel": "sources"}).kind == "server"
    assert read({"kind": "channel"}, {"channel": ["web"]}).kind is None


def test_several_objects_become_properties_and_context():
    mapping = {
        "properties": ["payload.props", {"only": ["name", "x_*"]}],
        "context": [{"path": "payload.more", "without": ["secret_*", "b"]}, "device"],
    }
    line = {
        "payload": {"props": {"a": 1}, "more": {"b": 2, "c": 3, "secret_d": 4}},
        "name": "n",
        "x_1": 5,
        "device": {"os": "o"},
        "y": 6,
    }
    result = read(mapping, line)
    rest = {"payload": {"more": {"b": 2, "secret_d": 4}}, "y": 6}
    assert result.properties == {"a": 1, "name": "n", "x_1": 5, **rest}
    assert result.context == {"c": 3, "os": "o"}
    result = read({**mapping, "rest": "context"}, line)
    assert result.properties == {"a": 1, "name": "n", "x_1": 5}
    assert result.context == {"c": 3, "os": "o", **rest}


def test_of_two_values_by_one_name_none_is_lost():
    mapping = {"properties": ["p", "q"]}
    line = {"p": {"a": 1, "same": "s"}, "q": {"a": 2, "a_2": 3, "same": "s"}, "a": True}
    result = read(mapping, line)
    assert result.properties == {"a": 1, "same": "s", "a_3": 2, "a_2": 3, "a_4": True}


@pytest.mark.parametrize("odd", ["text", 5, [1], True])
def test_properties_that_are_no_object_are_malformed(odd: Any):
    for mapping in ({"properties": "p"}, {"context": {"path": "p", "only": "x"}}):
        with pytest.raises(Malformed, match="is not an object"):
            read(mapping, {"p": odd})


def test_records_are_taken_from_a_list_with_what_the_line_says_around_them():
    reader = MappingReader(
        {
            "each": "data.events",
            "event_type": "name",
            "client_ts": "ts",
            "received_ts": "^.received",
            "user_id": ["user", "^.user"],
        }
    )
    items = [{"name": "a", "ts": 1, "user": "u"}, 5, {"name": "b", "ts": 2, "x": 3}]
    line = {"data": {"events": items, "v": 1}, "received": 9, "user": "around"}
    assert reader.knows(line)
    first, bad, last = reader.read(line)
    around = {"data": {"v": 1}}
    assert named(first)[:3] == (
        {"user_id": "u", "received_ts": 9},
        {},
        {**around, "user": "around"},
    )
    assert isinstance(bad, Malformed)
    assert named(last)[:3] == ({"user_id": "around", "received_ts": 9}, {"x": 3}, around)
    assert [each.values[0] for each in (first, last) if isinstance(each, Reading)] == ["a", "b"]


def test_a_line_without_the_list_of_records_is_malformed():
    reader = MappingReader({**BASE, "each": "data.events"})
    for line in ({}, {"data": {}}, {"data": {"events": {}}}, {"data": [1]}):
        assert not reader.knows(line)
        with pytest.raises(Malformed, match="is not a list"):
            reader.read(line)


def test_an_address_that_another_replaces_loses_its_end_too():
    result = read({"ip": ["a", "b.ip"]}, {"a": "203.0.113.77", "b": {"ip": "198.51.100.9"}})
    assert result.fields == {"ip": "203.0.113.77"}
    assert result.properties == {"b": {"ip": "198.51.100.0"}}


def test_one_path_may_serve_two_fields():
    result = read({"user_id": "id", "event_id": {"join": ["page", "id"]}}, {"id": 5})
    assert result == Read({"user_id": 5, "event_id": "view:5"}, {}, None, None)
