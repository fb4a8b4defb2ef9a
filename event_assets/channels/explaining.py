"""Why a landing gets its channel: the models' answer, and where the rule and the list entry stand."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from event_assets.channels.judging import Landing, judge
from event_assets.errors import shown_path
from event_assets.host_names import host_spellings
from event_assets.plan.loader import load_plan
from event_assets.plan.model import Plan
from event_assets.plan.tables import channel_rows
from event_assets.settings import Settings
from event_assets.yaml_files import Location, read_yaml

_CONDITIONS = {
    "source_pattern": "source",
    "medium_pattern": "medium",
    "campaign_pattern": "campaign",
    "click_id_pattern": "click_id",
    "site_kind": "site_kind",
    "is_paid": "paid",
}


@dataclass(frozen=True)
class Explanation:
    """A landing's channel and what led to it.

    `facts` are what the models read from the landing and say of it (columns of int_touch_channels);
    places are `file:line`, None where no list was needed.
    """

    landing: Landing
    facts: dict[str, Any]
    conditions: dict[str, str]
    rule_place: str
    site_place: str | None

    def as_json(self) -> dict[str, Any]:
        """For machines; the names are those of the columns."""
        return {
            "url": self.landing.url,
            "referrer": self.landing.referrer,
            **self.facts,
            "conditions": self.conditions,
            "rule_place": self.rule_place,
            "site_place": self.site_place,
        }


def explain(landing: Landing, settings: Settings, project: Path) -> Explanation:
    """What the models make of a landing. Raises ConfigurationError for a plan with mistakes."""
    plan = load_plan(settings.plan_dir)
    (facts,) = judge([landing], channel_rows(plan, settings), project)
    places = _Places(plan, settings.plan_dir / "channels.yaml", project / "seeds")
    rule_place, conditions = places.rule(facts["channel_rule"], is_own=facts["is_own_rule"])
    site_place = None
    if facts["site_entry"] is not None:
        site_place = places.site(facts["site_entry"], is_click_id=facts["site_field"] == "click_id")
    return Explanation(landing, facts, conditions, rule_place, site_place)


@dataclass(frozen=True)
class _Places:
    """Where rules and sites stand: in the user's channels.yaml, or in the lists of the package."""

    plan: Plan
    own_file: Path
    seeds: Path

    def rule(self, name: str, *, is_own: bool) -> tuple[str, dict[str, str]]:
        """The place of a rule, and its conditions by the keys that channels.yaml has for them."""
        if is_own:
            names = [rule.name for rule in self.plan.channels.rules]
            index = names.index(name)
            rule = self.plan.channels.rules[index].model_dump(mode="json", exclude_none=True)
            conditions = {k: _text(v) for k, v in rule.items() if k not in ("name", "channel")}
            return self._own_place(("rules", index)), conditions
        place, row = next(self._rows("channel_rules", "rule", name))
        return place, {key: row[column] for column, key in _CONDITIONS.items() if row[column]}

    def site(self, entry: str, *, is_click_id: bool) -> str | None:
        """The place of a host, a name or a click id."""
        if is_click_id:
            lists = [("click_ids", "click_id_type")]
        else:
            for index, site in enumerate(self.plan.channels.sites):
                if entry in (*host_spellings(site.host), site.name):
                    return self._own_place(("sites", index))
            lists = [
                ("channel_sites", "host"),
                ("channel_sites", "site_name"),
                ("channel_site_aliases", "alias"),
            ]
        rows = (row for seed, column in lists for row in self._rows(seed, column, entry))
        return next((place for place, _ in rows), None)

    def _own_place(self, location: Location) -> str:
        return f"{shown_path(self.own_file)}:{read_yaml(self.own_file).line_of(location)}"

    def _rows(self, seed: str, column: str, value: str) -> Iterator[tuple[str, dict[str, str]]]:
        path = self.seeds / f"{seed}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            for row in reader:
                if row[column] == value:
                    yield f"{shown_path(path)}:{reader.line_num}", row


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
