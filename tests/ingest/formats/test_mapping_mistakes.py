"""A mistake in a mapping ends with its file, its line, what is wrong and what is allowed."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from event_assets.errors import ConfigurationError
from event_assets.ingest.formats.mapping_files import load_format
from event_assets.plan.editor.editor_schema import editor_schemas
from event_assets.settings import load_settings
from event_assets.yaml_files import read_yaml

SOURCE = """\
sources:
  - name: site
    kind: server
    path: raw/site/{date}.jsonl
    format: mapping
    mapping:
      event_type: page
      client_ts: ts
"""  # what follows begins at line 9
AT = "9: sources.0.mapping"
PATH = (
    "not a path; write the field's name, with dots between nested names (`user.id`) and names that "
    'hold dots themselves in quotes (`user."e.mail"`)'
)
RULE_KEYS = "path, value, join, with, unit, empty, rename, after, when, default"

# the text after SOURCE, the message, whether editors see it as well
MISTAKES: dict[str, tuple[str, str, bool]] = {
    "unknown field": ("userid: u", ".userid: unknown field; did you mean `user_id`?", True),
    "unknown key": (
        "user_id: {path: u, renam: {}}",
        ".user_id.renam: unknown key; did you mean `rename`?",
        True,
    ),
    "key that is like none": (
        "user_id: {path: u, split: x}",
        f".user_id.split: unknown key; allowed: {RULE_KEYS}",
        True,
    ),
    "no source": (
        "user_id: {unit: s}",
        ".user_id: expected one of `path`, `value` and `join`",
        False,
    ),
    "two sources": (
        "user_id: {path: u, value: v}",
        ".user_id: expected one of `path`, `value` and `join`",
        False,
    ),
    "empty list": ("user_id: []", ".user_id: an empty list; name a path", True),
    "no path": ("user_id: a..b", f".user_id: {PATH}", False),
    "number for a path": ("user_id: 5", f".user_id: {PATH}", True),
    "in a list": (
        "user_id: [a, {path: b, wen: 1}]",
        ".user_id.1.wen: unknown key; did you mean `when`?",
        True,
    ),
    "unit": (
        "sent_ts: {path: s, unit: sec}",
        ".sent_ts.unit: `sec` is no unit; allowed: s, ms, us, ns, iso",
        True,
    ),
    "unit of no time": (
        "user_id: {path: s, unit: s}",
        ".user_id.unit: `user_id` is no time; only client_ts, sent_ts, received_ts are",
        False,
    ),
    "constant with more": (
        "user_id: {value: s, default: t}",
        ".user_id.default: a constant has no `default`; only `when` goes with it",
        False,
    ),
    "join of one": (
        "event_id: {join: [a]}",
        ".event_id.join: expected a list of two paths or more",
        True,
    ),
    "with nothing to join": (
        "event_id: {path: a, with: x}",
        ".event_id.with: `with` goes with `join`, which is not here",
        False,
    ),
    "empty of a list": (
        "user_id: {path: a, empty: [[]]}",
        ".user_id.empty: expected texts and numbers that mean nothing",
        True,
    ),
    "rename to a list": (
        "user_id: {path: a, rename: {b: []}}",
        ".user_id.rename: expected texts, old: new",
        True,
    ),
    "kind": (
        "kind: {path: a, rename: {web: browser}}",
        ".kind.rename: `browser` is no kind; allowed: client, server, mobile",
        False,
    ),
    "no conditions": (
        "user_id: {path: a, when: b}",
        ".user_id.when: expected conditions, a path and its value each",
        True,
    ),
    "unknown test": (
        "user_id: {path: a, when: {b: {exist: true}}}",
        ".user_id.when.b: unknown test `exist`; did you mean `exists`?",
        True,
    ),
    "two tests": (
        "user_id: {path: a, when: {b: {exists: true, not: c}}}",
        ".user_id.when.b: expected one test; allowed: exists, not, starts_with, same_as",
        True,
    ),
    "condition of nothing": (
        "user_id: {path: a, when: {b: null}}",
        ".user_id.when.b: expected a value; write {exists: false} for none",
        True,
    ),
    "part with both": (
        "properties: {path: a, only: b, without: c}",
        ".properties: both `only` and `without`; keep one of them",
        False,
    ),
    "part with a typo": (
        "context: [a, {path: b, ony: c}]",
        ".context.1.ony: unknown key; did you mean `only`?",
        True,
    ),
    "part of numbers": (
        "context: {only: [1]}",
        ".context.only: expected names; `utm_*` is all that begin with `utm_`",
        True,
    ),
    "rest": ("rest: elsewhere", ".rest: not allowed here; allowed: properties, context", True),
    "flag": ("sent_per_attempt: maybe", ".sent_per_attempt: expected true or false", True),
    "line without each": (
        "user_id: ^.u",
        ": `^` is the line around what `each` takes, and there is no `each`",
        False,
    ),
}


@pytest.mark.parametrize(
    ("written", "message", "by_editors"), MISTAKES.values(), ids=MISTAKES.keys()
)
def test_a_mistake_names_its_place_and_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, message: str, by_editors: bool
):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "sources.yaml"
    file.write_text(f"{SOURCE}      {written}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(tmp_path, tmp_path, None)
    at = AT.replace("9", "6") if message.startswith(":") else AT
    assert str(caught.value) == f"sources.yaml:{at}{message}"
    schema = Draft7Validator(editor_schemas()["sources.schema.json"])
    assert schema.is_valid(read_yaml(file).data) is not by_editors


def test_the_line_is_that_of_the_rule_within_its_field(tmp_path: Path):
    file = tmp_path / "sources.yaml"
    rule = (
        "user_id:\n        - a\n        - path: b\n          when:\n            c: {exist: true}\n"
    )
    file.write_text(f"{SOURCE}      {rule}")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(tmp_path, tmp_path, None)
    assert caught.value.line == 13


FORMAT = "order: 5\nsniff: {a: {exists: true}}\nmapping: {event_type: a, client_ts: b}\n"
FORMATS: dict[str, tuple[str, str]] = {
    "no order": (FORMAT.replace("order: 5\n", ""), "1: `order` is missing"),
    "order": (FORMAT.replace("5", "first"), "1: order: expected a whole number"),
    "typo": (FORMAT.replace("sniff", "snif"), "2: snif: unknown key; did you mean `sniff`?"),
    "sniffs anything": (
        FORMAT.replace("{exists: true}", "{exists: false}"),
        "2: sniff: asks for no field that has to be there",
    ),
    "mapping": (
        FORMAT.replace("client_ts", "client_s"),
        "3: mapping.client_s: unknown field; did you mean `client_ts`?",
    ),
    "mapping that is none": (
        FORMAT.replace("{event_type: a, client_ts: b}", "x"),
        "3: mapping: expected fields and their rules",
    ),
    "list": ("- a\n", "1: expected order, sniff, mapping"),
}


@pytest.mark.parametrize(("text", "message"), FORMATS.values(), ids=FORMATS.keys())
def test_a_mistake_in_a_formats_file_names_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_format(tmp_path / "mine.yaml")
    assert str(caught.value) == f"mine.yaml:{message}"


def test_editors_find_no_mistake_in_the_formats_that_ship_with_the_project():
    schema: dict[str, Any] = editor_schemas()["sources.schema.json"]
    mapping = {**schema["definitions"]["Source"]["properties"]["mapping"]}
    validator = Draft7Validator({**mapping, "definitions": schema["definitions"]})
    folder = Path(load_format.__code__.co_filename).parent
    for path in folder.glob("*.yaml"):
        assert list(validator.iter_errors(read_yaml(path).data["mapping"])) == [], path
