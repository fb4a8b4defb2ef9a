"""A plan cannot have a sensitive property shown in published tables."""

from collections.abc import Callable
from pathlib import Path

import pytest

from event_assets.errors import ConfigurationError
from event_assets.plan.loader import load_plan
from event_assets.plan.sensitivity import sensitivities

Write = Callable[[dict[str, str]], Path]
HEAD = "description: D.\npurpose: P.\nowner: o@example.com\nsent_by: [client]\n"
PROPERTIES = """\
properties:
  id: {type: string, sensitivity: pseudonymous}
  amount: {type: number, sensitivity: personal}
  order:
    type: object
    properties:
      total: {type: number}
      mail: {type: string, sensitivity: personal}
      lines: {type: array, items: {type: object, properties: {sku: {sensitivity: pseudonymous}}}}
  price: {type: number}
"""


def buy(uses: str) -> dict[str, str]:
    return {"events/buy.yaml": f"event: buy\n{HEAD}{uses}\n{PROPERTIES}"}


@pytest.mark.parametrize(
    ("uses", "name"),
    [
        ("conversion: {value: amount}", "amount"),
        ("conversion: {currency: id}", "id"),
        ("conversion: {where: {id: x}}", "id"),
        ("conversion: {value: order}", "order"),
        ("conversion: {value: order.mail}", "order.mail"),
        ("conversion: {value: order.mail.length}", "order.mail.length"),
        ("conversion: {value: order.lines.sku}", "order.lines.sku"),
    ],
)
def test_no_published_column_is_made_of_a_sensitive_property(
    write_plan: Write, uses: str, name: str
):
    with pytest.raises(ConfigurationError) as caught:
        load_plan(write_plan(buy(uses)))
    told = str(caught.value)
    assert "buy.yaml:6" in told
    assert f"`{name}` of buy is sensitive" in told
    assert "sensitivity: none" in told


@pytest.mark.parametrize(
    "uses",
    [
        "conversion: {value: price, key: id, where: {price: 1}}",
        "conversion: {value: order.total, key: order.mail}",
    ],
)
def test_keys_are_taken_as_they_are_hashed_and_neighbours_of_what_is_sensitive(
    write_plan: Write, uses: str
):
    load_plan(write_plan(buy(uses)))


def test_no_funnel_tells_who_has_a_sensitive_value(write_plan: Write):
    steps = "funnels:\n  f:\n    steps:\n      - signup\n      - {event: buy, where: {id: x}}\n"
    with pytest.raises(ConfigurationError, match=r"funnels\.yaml:5.*`id` of buy is sensitive"):
        load_plan(write_plan({**buy(""), "funnels.yaml": steps}))


def test_no_experiment_tells_who_has_a_sensitive_value(write_plan: Write):
    written = (
        "experiments:\n  x:\n    channel: Email\n    conversion: buy\n    starts: 2026-01-01\n"
        "    ends: 2026-01-09\n    assigned_by: {event: buy, arm: id}\n"
    )
    files = {**buy("conversion: {}"), "experiments.yaml": written}
    with pytest.raises(ConfigurationError, match=r"experiments\.yaml:7.*`id` of buy is sensitive"):
        load_plan(write_plan(files))


def test_an_older_shape_speaks_for_its_events(write_plan: Write):
    earlier = "earlier:\n  - versions: [1]\n    properties: {price: {sensitivity: personal}}\n"
    files = buy("conversion: {value: price}\nversions: [2]")
    files["events/buy.yaml"] += earlier
    with pytest.raises(ConfigurationError, match="`price` of buy is sensitive"):
        load_plan(write_plan(files))


def test_sensitive_places_are_found_at_every_depth():
    written = {
        "sensitivity": "personal",
        "properties": {"a": {"items": {"properties": {"b": {"sensitivity": "pseudonymous"}}}}},
        "anyOf": [{"properties": {"c": {"sensitivity": "personal"}}}, {"sensitivity": "none"}],
    }
    assert sensitivities(written, {}).keys() == {(), ("a", "b"), ("c",)}
    assert sensitivities({"properties": {"a": {"sensitivity": "none"}}}, {}) == {}
