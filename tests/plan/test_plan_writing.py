"""Plan files that commands write read back as they were meant, and replace nothing."""

import math
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from event_assets.errors import ConfigurationError
from event_assets.plan.drafting.writing import (
    NotAFileName,
    event_text,
    file_name,
    write_event,
    write_plan,
)
from event_assets.plan.drafting.yaml_text import WIDTH, block, flow
from event_assets.plan.loader import load_plan
from event_assets.yaml_files import MAX_DEPTH, read_yaml

# a busy machine is no mistake
UNHURRIED = settings(deadline=None, suppress_health_check=list(HealthCheck))

ODD_TEXTS = [
    *("yes", "No", "on", "y", "null", "~", "", " ", "-", "- a", "a: b", "a #b", "#", "?", "? a"),
    *("2026-09-01", "12:30:45", "0x1f", "0o7", "012", "1_000", "1e3", ".5", "+1", ".inf", "NaN"),
    *("'", '"', "it's", "a\nb", "a\n", "\ta", "\r", "\x85", "\u2028", "\ufeff", "\0", "\x7f", "😀"),
    *("{a}", "[a]", "a,b", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "---", "...", "=", "<<"),
    *("é", "日本", "\u0301e", "a ", " a", "a  b", "\\", "\\n", "true", "FALSE", "\ud7ff", "\ufffe"),
]
texts = st.one_of(
    st.sampled_from(ODD_TEXTS),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=90, max_size=130),
    st.lists(st.text("abcé:#'-", min_size=1, max_size=9), min_size=20, max_size=40).map(" ".join),
    st.from_regex(r"[-+0-9.eExX_:]{1,8}", fullmatch=True),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
values = st.recursive(
    scalars,
    lambda each: st.one_of(st.lists(each, max_size=4), st.dictionaries(texts, each, max_size=4)),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    """Equal in types as well: 1 is neither 1.0 nor true."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return one == other


@settings(UNHURRIED, max_examples=500)
@given(st.dictionaries(texts, values, min_size=1, max_size=5), st.booleans())
def test_whatever_is_written_reads_back_the_same(
    tmp_path: Path, data: dict[str, Any], aligned: bool
) -> None:
    path = tmp_path / "data.yaml"
    path.write_text("\n".join(block(data, aligned=aligned)) + "\n", encoding="utf-8", newline="")
    assert same(read_yaml(path).data, data)


@settings(UNHURRIED, max_examples=300)
@given(values)
def test_whatever_is_written_on_one_line_reads_back_the_same(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "data.yaml"
    path.write_text(f"a: {flow(value)}\n", encoding="utf-8", newline="")
    assert same(read_yaml(path).data, {"a": value})


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_odd_texts_are_safe_as_keys_and_as_values(tmp_path: Path, text: str) -> None:
    path = tmp_path / "data.yaml"
    data = {text: text, "list": [text, {text: [text]}], "long": [text, "x" * 200]}
    path.write_text("\n".join(block(data)) + "\n", encoding="utf-8", newline="")
    assert same(read_yaml(path).data, data)


def test_a_key_longer_than_yaml_takes_unmarked_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "data.yaml"
    data = {"k" * 5_000: {"q" * 2_000: [1, {"z" * 1_500: None}]}}
    path.write_text("\n".join(block(data)) + "\n")
    assert read_yaml(path).data == data


def test_data_as_deep_as_the_reader_goes_can_be_written(tmp_path: Path) -> None:
    data: Any = "x" * 120
    for level in range(MAX_DEPTH):
        data = {"a": data} if level % 2 else [data]
    path = tmp_path / "data.yaml"
    path.write_text("\n".join(block(data)) + "\n")
    assert read_yaml(path).data == data


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 10**400])
def test_numbers_that_yaml_cannot_hold_are_refused(number: float) -> None:
    with pytest.raises(ValueError, match="number"):
        flow({"maximum": number})


EVENT = {
    "properties": {
        "email_hash": {
            "description": "SHA-256 of the address.",
            "sensitivity": "pseudonymous",
            "type": "string",
        },
        "plan": {
            "description": "Plan chosen.",
            "enum": ["free", "pro"],
            "type": "string",
            "required": True,
        },
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "sku": {"type": "string"},
                    "price": {"type": "number", "minimum": 0},
                },
            },
            "description": "What was bought; one entry an article.",
        },
    },
    "since": "2026-09-01",
    "sent_by": ["server"],
    "owner": "growth@example.com",
    "purpose": "Last step of the `sign-up` funnel.",
    "description": "A visitor finished the sign-up form: there is an account.",
    "event": "signup_completed",
}
EVENT_AS_THE_HOUSE_WRITES_IT = """\
# yaml-language-server: $schema=../schema/event.schema.json
event: signup_completed
description: 'A visitor finished the sign-up form: there is an account.'
purpose: Last step of the `sign-up` funnel.
owner: growth@example.com
sent_by: [server]
since: 2026-09-01
properties:
  email_hash: {type: string, sensitivity: pseudonymous, description: SHA-256 of the address.}
  plan:       {type: string, required: true, enum: [free, pro], description: Plan chosen.}
  items:
    type: array
    description: What was bought; one entry an article.
    items: {type: object, properties: {sku: {type: string}, price: {type: number, minimum: 0}}}
"""


def test_an_event_is_written_in_the_order_and_style_of_the_house() -> None:
    assert event_text(EVENT) == EVENT_AS_THE_HOUSE_WRITES_IT


def test_lines_fit_the_page_where_they_can_be_broken() -> None:
    prose = "word " * 60
    text = event_text({**EVENT, "description": prose.strip(), "used_by": [prose.strip()] * 2})
    long_lines = [line for line in text.splitlines() if len(line) > WIDTH]
    assert all("word word" in line and line.startswith("  - ") for line in long_lines)
    assert "description: >-\n  word" in text


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("a/b", "`/`"),
        ("..", "dot"),
        (".hidden", "dot"),
        ("a\0b", "NUL"),
        ("a\nb", "cannot be seen"),
        ("", "empty"),
        ("   ", "empty"),
        ("é" * 126, "longer"),
        ("a" * 251, "longer"),
        ("\ud800", "cannot be seen"),
    ],
)
def test_a_name_that_no_file_can_have_is_refused_with_the_reason(event: str, reason: str) -> None:
    with pytest.raises(NotAFileName, match=reason):
        file_name(event)


@pytest.mark.parametrize(
    "event",
    ["Save Settings", "é" * 120, "日本語", "a.yaml", "con", "a\\b", "a:b", "-x", "'", "a" * 250],
)
def test_odd_names_that_a_file_can_have_load_as_events(tmp_path: Path, event: str) -> None:
    write_plan(tmp_path / "plan", "shop", [{**EVENT, "event": event}])
    assert list(load_plan(tmp_path / "plan").events) == [event]


def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    write_plan(tmp_path, "shop", [EVENT])
    before = (tmp_path / "events" / "signup_completed.yaml").read_text()
    for write in (write_event, lambda folder, event: write_plan(folder, "shop", [event])):
        with pytest.raises(ConfigurationError, match=r"signup_completed\.yaml: is there already; "):
            write(tmp_path, {**EVENT, "owner": "team:other"})
    assert (tmp_path / "events" / "signup_completed.yaml").read_text() == before
    assert [path.name for path in (tmp_path / "events").iterdir()] == ["signup_completed.yaml"]


def test_nothing_is_written_where_one_of_several_events_is_there(tmp_path: Path) -> None:
    write_plan(tmp_path, "shop", [EVENT])
    with pytest.raises(ConfigurationError, match="is there already"):
        write_plan(tmp_path, "shop", [{**EVENT, "event": "another"}, EVENT])
    assert [path.name for path in (tmp_path / "events").iterdir()] == ["signup_completed.yaml"]


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="holds no plan; name another folder"):
        write_plan(tmp_path, "shop", [EVENT])
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_plan_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be that of a file: it holds a `/`"):
        write_plan(tmp_path / "plan", "shop", [EVENT, {**EVENT, "event": "a/b"}])
    with pytest.raises(ConfigurationError, match=r"larger than 1,000,000 bytes"):
        write_plan(tmp_path / "plan", "shop", [{**EVENT, "purpose": "x" * 1_000_000}])
    assert list(tmp_path.iterdir()) == []


def test_of_two_that_write_one_event_at_once_one_is_told_so(tmp_path: Path) -> None:
    write_plan(tmp_path, "shop", [])
    outcomes: list[str] = []

    def write(owner: str) -> None:
        try:
            write_event(tmp_path, {**EVENT, "owner": owner})
            outcomes.append(owner)
        except ConfigurationError:
            outcomes.append("refused")

    threads = [threading.Thread(target=write, args=(f"team:{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [each for each in outcomes if each != "refused"]
    assert load_plan(tmp_path).events["signup_completed"].owner == winner
