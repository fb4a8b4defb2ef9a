"""Who opens an event file in an editor gets keys, values, descriptions and errors, offline."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from language_server import LanguageServer, language_server

from event_assets.starter import write_starter_plan

HEAD = """\
# yaml-language-server: $schema=../schema/event.schema.json
event: pay
description: Money came in.
purpose: Revenue.
owner: team:money
sent_by: [server]
"""  # lines 0 to 5, as editors count


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan folder as `event-assets init` writes it."""
    folder = tmp_path_factory.mktemp("work") / "tracking_plan"
    write_starter_plan(folder)
    return folder


@pytest.fixture(scope="module")
def server(plan: Path) -> Iterator[LanguageServer]:
    """One server for all."""
    with language_server(plan) as running:
        yield running


def test_the_starter_plan_has_no_mistakes(server: LanguageServer, plan: Path):
    for path in [*sorted(plan.glob("events/*.yaml")), *sorted(plan.glob("*.yaml"))]:
        assert server.open(path, path.read_text()) == [], path.name


def test_keys_are_offered_with_what_they_mean(server: LanguageServer, plan: Path):
    path = plan / "events" / "keys.yaml"
    server.open(path, HEAD + "\n")
    offered = server.complete(path, 6, 0)
    assert {"status", "role", "conversion", "properties", "review_by"} <= set(offered)
    assert "event" not in offered  # is there
    assert "older shapes" in offered["earlier"].lower()


def test_values_are_offered_where_there_are_few(server: LanguageServer, plan: Path):
    path = plan / "events" / "values.yaml"
    server.open(path, HEAD + "status: \n")
    assert set(server.complete(path, 6, 8)) == {"draft", "active", "deprecated"}


def test_a_property_offers_the_keywords_of_json_schema(server: LanguageServer, plan: Path):
    path = plan / "events" / "keywords.yaml"
    server.open(path, HEAD + "properties:\n  plan:\n    type: string\n    \n")
    offered = server.complete(path, 9, 4)
    assert {"required", "enum", "sensitivity", "format", "minLength", "description"} <= set(offered)
    assert "without it" in offered["required"]
    server.open(plan / "events" / "s.yaml", HEAD + "properties:\n  plan:\n    sensitivity: \n")
    found = set(server.complete(plan / "events" / "s.yaml", 8, 17))
    assert found == {"none", "pseudonymous", "personal"}


def test_a_key_says_what_it_means_under_the_mouse(server: LanguageServer, plan: Path):
    path = plan / "events" / "hover.yaml"
    server.open(path, HEAD + "properties:\n  plan: {type: string, sensitivity: none}\n")
    assert "Which question it answers" in server.hover(path, 3, 2)
    assert "tells who somebody is" in server.hover(path, 7, 26)


@pytest.mark.parametrize(
    ("more", "line", "message"),
    [
        ("stauts: draft\n", 6, "stauts"),
        ("status: activ\n", 6, "active"),
        ("properties:\n  plan:\n    typ: string\n", 8, "typ"),
        ("properties:\n  plan: {type: text}\n", 7, "string"),
        ("properties:\n  plan: {items: {properties: {a: {requird: true}}}}\n", 7, "requird"),
        ("conversion: {kye: plan}\n", 6, "kye"),
        ("policy: {required_missing: omit}\n", 6, "quarantine"),
    ],
)
def test_a_mistake_is_marked_on_its_line(
    server: LanguageServer, plan: Path, more: str, line: int, message: str
):
    path = plan / "events" / f"mistake_{abs(hash(more))}.yaml"
    found = server.open(path, HEAD + more)
    assert [each["range"]["start"]["line"] for each in found] == [line], found
    assert message in found[0]["message"]


def test_a_missing_purpose_is_told(server: LanguageServer, plan: Path):
    found = server.open(plan / "events" / "missing.yaml", HEAD.replace("purpose: Revenue.\n", ""))
    assert [each["message"] for each in found] == ['Missing property "purpose".']
